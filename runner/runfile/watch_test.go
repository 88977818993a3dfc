package runfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cogpass/runner"
)

// TestFileIsGone takes a run's files away while it is carried out: nothing
// more is sent, and a run that has nothing to record is told too.
func TestFileIsGone(t *testing.T) {
	tests := []struct {
		name string
		what string
		take func(path string) error
	}{
		{"removed", "the run file", os.Remove},
		{"renamed", "the run file", func(path string) error { return os.Rename(path, path+".old") }},
		{"replaced", "the run file", func(path string) error {
			return errors.Join(os.Rename(path, path+".old"), os.WriteFile(path, []byte("mine"), 0o600))
		}},
		{"lock removed", "its lock file", func(path string) error { return os.Remove(path + ".lock") }},
		{"-wal removed", "its -wal file", func(path string) error { return os.Remove(path + "-wal") }},
		{"folder renamed", "the run file", func(path string) error { return os.Rename(filepath.Dir(path), filepath.Dir(path)+".old") }},
		{"folder removed", "the run file", func(path string) error { return os.RemoveAll(filepath.Dir(path)) }},
	}
	for _, test := range tests {
		for _, idle := range []bool{false, true} {
			name := test.name
			if idle {
				name += " while nothing is recorded"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				folder := filepath.Join(t.TempDir(), "runs")
				if err := os.Rename(filepath.Dir(makeFile(t, 10)), folder); err != nil {
					t.Fatal(err)
				}
				path := filepath.Join(folder, "spring.run")
				f := openFile(t, path)
				if err := f.Begin(t.Context(), []runner.Intent{intentOf(1)}); err != nil {
					t.Fatal(err)
				}
				if err := test.take(path); err != nil {
					t.Skip("it cannot be taken away here: ", err)
				}
				if !idle && f.Begin(t.Context(), []runner.Intent{intentOf(2)}) == nil {
					t.Error("the run goes on")
				}
				<-f.Failed()
				err := f.Err()
				var known *Error
				if !errors.Is(err, ErrGone) || !errors.As(err, &known) || known.Hint == "" || !strings.Contains(err.Error(), test.what) {
					t.Errorf("got %v, want that %s is gone, with a hint", err, test.what)
				}
				if f.Close() == nil {
					t.Error("closing it hides that it is gone")
				}
			})
		}
	}
}

// TestRenamedFileIsPutBack: what was recorded until it was noticed is there.
func TestRenamedFileIsPutBack(t *testing.T) {
	path := makeFile(t, 400)
	f := openFile(t, path)
	record(t, f, 5)
	away := filepath.Join(t.TempDir(), "away.run")
	if err := os.Rename(path, away); err != nil {
		t.Fatal(err)
	}
	<-f.Failed()
	f.Close()
	mustBeRefused(t, copyFiles(t, away, ""), options, "its -wal is missing")
	if err := os.Rename(away, path); err != nil {
		t.Fatal(err)
	}
	mustHold(t, path, options.Place, 5)
}
