//go:build linux || darwin

package runfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func init() {
	// starve opens the file with no descriptors left.
	children["starve"] = func(path string) error {
		var few syscall.Rlimit
		if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
			return err
		}
		probe, err := os.Open(os.DevNull)
		if err != nil {
			return err
		}
		few.Cur = uint64(probe.Fd())
		probe.Close()
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
			return err
		}
		_, err = OpenReadOnly(path, options)
		fmt.Println(errors.Is(err, ErrOpenFiles), err)
		return nil
	}
	// unreadable opens a file that may not be read.
	children["unreadable"] = func(path string) error {
		_, err := OpenReadOnly(path, options)
		fmt.Println(errors.Is(err, ErrUnreadable), err)
		return nil
	}
}

// TestWhatKeepsAFileFromBeingOpened: SQLite has one word for all of these.
func TestWhatKeepsAFileFromBeingOpened(t *testing.T) {
	_, out := child(t, "starve", makeFile(t, 1))
	out.Scan()
	if !strings.HasPrefix(out.Text(), "true ") {
		t.Errorf("without descriptors: got %q, want ErrOpenFiles", out.Text())
	}
	dir := openFolder(t)
	b, err := os.ReadFile(makeFile(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "a.run")
	if err := os.WriteFile(path, b, 0o000); err != nil {
		t.Fatal(err)
	}
	if got := asNobody(t, dir, "unreadable", path); !strings.HasPrefix(got, "true ") {
		t.Errorf("without permission: got %q, want ErrUnreadable", got)
	}
}
