package jobs

import (
	"os"
	"runtime"
	"slices"
)

// readableWarnings warns of files that hold passwords of tasks and that others
// than their owner may read. Windows has no such mode.
func (t *Tasks) readableWarnings() (warnings []Fault) {
	var seen []string
	for _, s := range t.sources {
		path, shown := t.job.resolve(s.Path), s.Path
		if s.Kind == JobSource {
			path, shown = t.job.Path, t.job.Path
		}
		if s.Passwords == 0 || s.Path == "-" || slices.Contains(seen, path) || runtime.GOOS == "windows" {
			continue
		}
		seen = append(seen, path)
		if info, err := os.Stat(path); err == nil && info.Mode()&0o044 != 0 {
			warnings = append(warnings, Fault{Place: Place{File: shown}, Message: "it holds passwords, and others than its owner may read it", Hint: "chmod 600"})
		}
	}
	return warnings
}
