package runfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestLockIsHeldUntilItsProcessDies(t *testing.T) {
	path := makeFile(t, 10)
	locks := path + ".locks"
	if Holder(path) != nil {
		t.Error("somebody holds a file that nobody has open")
	}
	cmd, out := child(t, "hold", path)
	expect(t, out, "held")

	check := func(err error, what string) {
		t.Helper()
		var held *HeldError
		if !errors.As(err, &held) {
			t.Fatalf("%s: got %v, want a *HeldError", what, err)
		}
		if held.PID != cmd.Process.Pid || filepath.Base(held.RunFile) != "spring.run" || time.Since(held.Since) > time.Hour ||
			!strings.Contains(err.Error(), what) {
			t.Errorf("got %+v (%v), want process %d with the run file", held, err, cmd.Process.Pid)
		}
	}
	_, err := Open(path, options)
	check(err, "run file")
	_, err = LockPool(locks, "us-west-2_aaaaaaaaa", "", "other.run")
	check(err, "user pool")
	check(Holder(path), "run file")
	openReadOnly(t, path)
	other, err := LockPool(locks, "us-west-2_bbbbbbbbb", "", "other.run")
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Unlock(); err != nil {
		t.Error(err)
	}

	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if _, err := os.Stat(path + ".lock"); err != nil {
		t.Fatalf("a process that was killed leaves its lock file: %v", err)
	}
	if Holder(path) != nil {
		t.Error("a dead process holds the file")
	}
	openFile(t, path)
	l, err := LockPool(locks, "us-west-2_aaaaaaaaa", "", path)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Unlock(); err != nil {
		t.Error(err)
	}
}

// Who opens the lock's file just before its holder removes it has the lock of a file
// that is gone. Tried often, some would take that for the lock; and a file that goes
// while it is opened keeps nobody from the lock.
func TestLockOfARemovedFileIsNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.lock")
	var holders, taken atomic.Int64
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for taken.Load() < 2000 && !t.Failed() {
				l, err := lockFile(path, "run file", "a.run")
				var held *HeldError
				if errors.As(err, &held) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				taken.Add(1)
				if n := holders.Add(1); n != 1 {
					t.Errorf("%d hold the lock", n)
				}
				holders.Add(-1)
				if err := l.Unlock(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
}

func TestLockFollowsSymlinks(t *testing.T) {
	path := makeFile(t, 1)
	link := filepath.Join(t.TempDir(), "link.run")
	if err := os.Symlink(path, link); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
	openFile(t, link)
	var held *HeldError
	if _, err := Open(path, options); !errors.As(err, &held) || held.PID != os.Getpid() {
		t.Errorf("got %v, want that it is held", err)
	}
}

func TestPoolOfALoopbackEndpointIsAnother(t *testing.T) {
	place := filepath.Join(t.TempDir(), "place")
	lock := func(endpoint string) error {
		l, err := LockPool(place, "us-west-2_aaaaaaaaa", endpoint, "a.run")
		if err == nil {
			t.Cleanup(func() { l.Unlock() })
		}
		return err
	}
	tests := []struct {
		endpoint string
		held     bool
	}{
		{"", false},
		{"https://cognito-idp.us-west-2.amazonaws.com", true},
		{"https://vpce-1.example.com:8443", true},
		{"http://127.0.0.1:9000", false},
		{"http://localhost:9000/", true},
		{"http://[::1]:9000", true},
		{"http://127.0.0.1:9001", false},
		{"http://127.0.0.1", false},
		{"http://localhost:80", true},
	}
	for _, test := range tests {
		var held *HeldError
		if err := lock(test.endpoint); errors.As(err, &held) != test.held || (err != nil) != test.held {
			t.Errorf("%s: got %v, want held: %v", test.endpoint, err, test.held)
		}
	}
}

func TestUserPlaceDoesNotDependOnTheEnvironment(t *testing.T) {
	before, warning, err := UserPlace("")
	if err != nil {
		t.Skip("this user has no place: ", err)
	}
	for _, name := range []string{"HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "TMPDIR", "LOCALAPPDATA", "USER"} {
		t.Setenv(name, t.TempDir())
	}
	if after, _, err := UserPlace(t.TempDir()); err != nil || after != before || warning != "" {
		t.Errorf("got %s, %v with another environment, want %s", after, err, before)
	}
}
