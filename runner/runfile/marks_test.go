package runfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cogpass/runner"
)

// TestMarkIsNeverAhead stops a run at each commit: what is noted outside the
// file is what the file holds.
func TestMarkIsNeverAhead(t *testing.T) {
	path := makeFile(t, 400)
	f := openFile(t, path)
	info, err := f.Info()
	if err != nil {
		t.Fatal(err)
	}
	for seq := int64(1); seq <= 10; seq++ {
		if err := f.Begin(t.Context(), []runner.Intent{intentOf(seq)}); err != nil {
			t.Fatal(err)
		}
		got := query(t, path, "SELECT commits FROM run")
		if want := fmt.Sprintln(machineMark(&options, info.RunID).commits); got != want {
			t.Errorf("the file holds %s commits, and the mark says %s", got, want)
		}
	}
}

func TestOldMarksAreForgotten(t *testing.T) {
	place := t.TempDir()
	for name, age := range map[string]time.Duration{"run-old": keptMarks + time.Hour, "run-new": time.Hour, "pool-old.lock": 2 * keptMarks} {
		at := filepath.Join(place, name)
		if err := errors.Join(os.WriteFile(at, nil, 0o600), os.Chtimes(at, time.Time{}, time.Now().Add(-age))); err != nil {
			t.Fatal(err)
		}
	}
	f, err := Open(makeFile(t, 1), OpenOptions{Place: place})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for name, want := range map[string]bool{"run-old": false, "run-new": true, "pool-old.lock": true} {
		if _, err := os.Stat(filepath.Join(place, name)); (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", name, err == nil, want)
		}
	}
}

func TestPlaceThatCannotBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(makeFile(t, 1), OpenOptions{Place: file})
	if err != nil {
		t.Fatal(err)
	}
	if w := f.Warnings(); len(w) != 1 || !strings.Contains(w[0], "cannot be noted outside its file") {
		t.Errorf("got %q, want a warning", w)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}
