//go:build unix

package report

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

func lock(f *os.File) locking {
	switch err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); {
	case err == nil:
		return locked
	case errors.Is(err, unix.EWOULDBLOCK):
		return heldElsewhere
	}
	return unknownLock
}

func removeLocked(f *os.File) { _ = os.Remove(f.Name()) }

// moveTo gives the file its name while it is locked.
func moveTo(f *os.File, path string) error {
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return f.Close()
}
