//go:build unix

package runfile

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// TestReadOnlyMedium looks at run files as a user who can write neither them
// nor their folder.
func TestReadOnlyMedium(t *testing.T) {
	if testing.CoverMode() != "" {
		t.Skip("a process that may write nothing cannot write what it has covered")
	}
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
	cmd.Env = append(os.Environ(), childJob+"="+job, childPath+"="+path, childPlace+"="+options.Place)
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	out, _ := cmd.CombinedOutput() // what it says tells the rest
	return string(out)
}
