package report

import (
	"os"
	"path/filepath"
	"strings"
)

// createTemp makes the file, beside path, that is to take its place: with mode
// 0600 and a lock by which others know that somebody writes it. What was left
// by a process that was killed while it wrote this report is removed.
func createTemp(path string) (*os.File, error) {
	folder, prefix := filepath.Dir(path), "."+filepath.Base(path)+"."
	removeDead(folder, prefix)
	for {
		f, err := os.CreateTemp(folder, prefix+"*"+tempSuffix)
		if err != nil {
			return nil, err
		}
		if lock(f) == heldElsewhere || !isStill(f) { // another process took it for a dead one's
			f.Close()
			continue
		}
		return f, nil
	}
}

const tempSuffix = ".tmp"

// locking is what came of asking for the lock of a file.
type locking uint8

const (
	unknownLock   locking = iota // its file system has none, perhaps
	locked                       // ours, until the file is closed
	heldElsewhere                // by another process
)

func removeDead(folder, prefix string) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	for _, e := range entries {
		rest, ours := strings.CutPrefix(e.Name(), prefix)
		random, temp := strings.CutSuffix(rest, tempSuffix)
		if !ours || !temp || strings.Trim(random, "0123456789") != "" || !e.Type().IsRegular() {
			continue
		}
		if f, err := os.OpenFile(filepath.Join(folder, e.Name()), os.O_RDWR, 0); err == nil {
			if lock(f) == locked {
				removeLocked(f)
			}
			f.Close()
		}
	}
}

// isStill reports whether the file is where it was made.
func isStill(f *os.File) bool {
	ours, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(f.Name())
	return err == nil && os.SameFile(ours, there)
}
