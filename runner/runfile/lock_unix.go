//go:build unix

package runfile

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

func tryExclusive(f *os.File) error { return tryLock(f, unix.LOCK_EX) }

func tryShared(f *os.File) error { return tryLock(f, unix.LOCK_SH) }

func tryLock(f *os.File, how int) error {
	err := unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errHeld
	}
	return err
}

// unlock lets go of a lock, and leaves its file open.
func unlock(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_UN) }

// release removes the file before the lock is gone, so that it cannot be
// another's by then.
func release(f *os.File) error {
	return join(os.Remove(f.Name()), f.Close())
}
