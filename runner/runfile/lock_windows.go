package runfile

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

func tryExclusive(f *os.File) error { return tryLock(f, windows.LOCKFILE_EXCLUSIVE_LOCK) }

func tryShared(f *os.File) error { return tryLock(f, 0) }

// tryLock locks one byte far behind the file's end: a lock on its content
// would keep others from reading who holds it.
func tryLock(f *os.File, how uint32) error {
	at := windows.Overlapped{OffsetHigh: 1 << 30}
	err := windows.LockFileEx(windows.Handle(f.Fd()), how|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return errHeld
	}
	return err
}

// unlock lets go of a lock, and leaves its file open.
func unlock(f *os.File) error {
	at := windows.Overlapped{OffsetHigh: 1 << 30}
	return windows.UnlockFileEx(windows.Handle(f.Fd()), 0, 1, 0, &at)
}

// release closes the file first: Windows does not remove one that is open,
// which is also why it may stay if another has opened it by now.
func release(f *os.File) error {
	err := f.Close()
	os.Remove(f.Name())
	return err
}
