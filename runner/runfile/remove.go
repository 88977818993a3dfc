package runfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"cogpass/runner"
)

// ErrKept is why Remove leaves a run file where it is.
var ErrKept = errors.New("kept")

// Kept says why Remove would leave the open file of a run where it is, or nil:
// its run is not done, or the file may have been further than it says.
func (f *File) Kept() error {
	info, err := f.Info()
	if err != nil {
		return err
	}
	counts, err := f.Count()
	switch {
	case err != nil:
		return err
	case info.State != Done:
		return fmt.Errorf("%w: its run is %s", ErrKept, info.State)
	case counts.ByOutcome[runner.Pending] > 0 || counts.InDoubt > 0:
		return fmt.Errorf("%w: some of its tasks have no outcome", ErrKept)
	case len(f.warnings) > 0:
		return fmt.Errorf("%w: %s", ErrKept, f.warnings[0])
	}
	return nil
}

// Sealed reports whether the file holds sealed passwords that may be a user's.
func (f *File) Sealed() (some bool, err error) {
	err = f.look(func(l *looks) error {
		return l.session.conn.QueryRowContext(background, "SELECT EXISTS (SELECT 1 FROM candidate WHERE seal IS NOT NULL AND state > 0)").Scan(&some)
	})
	return some, err
}

// Remove removes the file of a run that is done, and what lies beside it, under
// its lock. The machine's mark of the run stays, so that an older copy that comes
// to light is still refused. Its error is ErrKept where the run is not done after
// all, and a *HeldError where another process has it.
func Remove(path string, opt OpenOptions) error {
	return wrap(path, "removing it", remove(path, opt))
}

func remove(path string, opt OpenOptions) (err error) {
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		return join(err, ErrNotRunFile)
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	lock, err := lockRunFile(real)
	if err != nil {
		return err
	}
	gone := false
	defer func() {
		if gone || lock.made {
			err = join(err, lock.Unlock())
		} else {
			err = join(err, lock.leave())
		}
	}()
	f, err := OpenReadOnly(path, opt)
	if err != nil {
		return err
	}
	if err := join(f.Kept(), f.Close()); err != nil {
		return err
	}
	// The file itself first: what is left of it without a -wal would look older than it is.
	if err := os.Remove(real); err != nil {
		return err
	}
	gone = true
	for _, ext := range []string{"-wal", "-shm", "-journal"} {
		if err := os.Remove(real + ext); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return syncFolder(filepath.Dir(real))
}
