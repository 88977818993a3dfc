//go:build unix

package runfile

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"cogpass/runner"
)

// TestReadOnlyMedium looks at run files as a user who can write neither them
// nor their folder.
func TestReadOnlyMedium(t *testing.T) {
	dir := openFolder(t)
	plan, err := os.ReadFile(halfDone(t, 3000))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		folder os.FileMode
		logged bool // its journal is a log, as when a reader was there when it was closed
	}{
		{"file", 0o777, false},
		{"folder", 0o555, false},
		{"folder with the file in WAL mode", 0o555, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			folder := filepath.Join(dir, test.name)
			if err := os.Mkdir(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(folder, "a.run")
			b := append([]byte(nil), plan...)
			if test.logged {
				b[18], b[19] = 2, 2 // the file format's read and write version for WAL
			}
			if err := errors.Join(os.WriteFile(path, b, 0o444), os.Chmod(path, 0o444), os.Chmod(folder, test.folder)); err != nil {
				t.Fatal(err)
			}
			if got := asNobody(t, dir, "look", path); got != "read 3000\n" {
				t.Errorf("looking at it says %q", got)
			}
			if got := asNobody(t, dir, "write", path); got != "refused\n" {
				t.Errorf("carrying it out says %q", got)
			}
		})
	}
}

// openFolder returns a folder into which everybody may go.
func openFolder(t *testing.T) string {
	dir, err := os.MkdirTemp("", "runfile")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// asNobody runs a child's job as a user without rights, which for any user
// but root is the one who tests.
func asNobody(t *testing.T, dir, job, path string) string {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(dir, "program")
	if _, err := os.Stat(copied); err != nil {
		b, err := os.ReadFile(program)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(copied, b, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(copied)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), childJob+"="+job, childPath+"="+path)
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, _ := cmd.CombinedOutput() // what it says tells the rest
	return string(out)
}

// TestReadersDoNotDisturbARun reads a file over and over, and changes what is
// asked of the run, while it is carried out.
func TestReadersDoNotDisturbARun(t *testing.T) {
	path := makeFile(t, 1200)
	f := openFile(t, path)
	stop, read := make(chan struct{}), make(chan error, 2)
	go func() {
		read <- func() error {
			for {
				select {
				case <-stop:
					return nil
				default:
				}
				if err := lookOnce(path); err != nil {
					return err
				}
			}
		}()
	}()
	go func() {
		read <- func() error {
			for {
				select {
				case <-stop:
					return nil
				default:
				}
				if err := ChangeControl(path, func(c *Control) { c.Rate++ }); err != nil {
					return err
				}
			}
		}()
	}()
	err := recordAll(f, func(int64) error {
		_, err := f.Control()
		return err
	})
	close(stop)
	if err := errors.Join(err, <-read, <-read); err != nil {
		t.Fatal(err)
	}
	c, err := f.Count()
	if err != nil || c.ByOutcome[runner.OK] != 1200 {
		t.Errorf("got %+v, %v", c, err)
	}
}

// lookOnce freezes a moment and checks that it agrees with itself.
func lookOnce(path string) error {
	f, err := OpenReadOnly(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Freeze(); err != nil {
		return err
	}
	counts, err := f.Count()
	if err != nil {
		return err
	}
	for range 2 {
		n := map[runner.Outcome]int64{}
		for r, err := range f.Results() {
			if err != nil {
				return err
			}
			n[r.Outcome]++
		}
		for outcome, want := range counts.ByOutcome {
			if n[outcome] != want {
				return errors.New("two readings of a frozen file differ")
			}
		}
	}
	if f.Begin(context.Background(), nil) == nil {
		return errors.New("a file that was opened to be read can be written")
	}
	return nil
}
