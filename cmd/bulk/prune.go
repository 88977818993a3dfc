package bulk

import (
	"errors"
	"os"
	"time"

	"cogpass/runner/runfile"
)

// Old is a run that has ended some time ago.
type Old struct {
	*Recorded
	Sealed bool // it holds sealed passwords
	Size   int64
}

// Prunable returns the runs of a folder that are done since before a time, the
// newest first: they can be removed without loss of anything but their reports.
// kept are the others of that age, whose Err says why they stay: not done, not
// reported, held, damaged or not whole.
func Prunable(dir string, before time.Time) (old []Old, kept []*Recorded, err error) {
	runs, err := List(dir)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range runs {
		if !r.endedAt().Before(before) {
			continue
		}
		one := Old{Recorded: r}
		if r.Err == nil {
			one.Sealed, r.Err = r.mayGo()
		}
		if r.Err != nil {
			kept = append(kept, r)
			continue
		}
		if stat, err := os.Stat(r.Path); err == nil {
			one.Size = stat.Size()
		}
		old = append(old, one)
	}
	return old, kept, nil
}

// endedAt is when a run stopped; of one that did not, when it began.
func (r *Recorded) endedAt() time.Time {
	if r.Info.FinishedAt.IsZero() {
		return r.When()
	}
	return r.Info.FinishedAt
}

// mayGo says why a run stays, or that it may be removed.
func (r *Recorded) mayGo() (sealed bool, err error) {
	if info, err := os.Lstat(r.Path); err != nil || !info.Mode().IsRegular() {
		return false, errors.Join(err, fail(Refused, "it is a link, to a file elsewhere"))
	}
	if r.Holder != nil {
		return false, r.Holder
	}
	file, err := runfile.OpenReadOnly(r.Path, runfile.OpenOptions{})
	if err != nil {
		return false, err
	}
	if err = file.Kept(); err == nil {
		sealed, err = file.Sealed()
	}
	return sealed, errors.Join(err, file.Close())
}

// Prune removes the file of a run. What it has done goes to the ledger of the
// folder first, where there is one. A run that may not go after all is
// runfile.ErrKept, or a *runfile.HeldError.
func Prune(stateDir, path string) error {
	if err := runfile.TakeRun(HistoryPath(stateDir), path, BegunInSandbox); err != nil {
		return err
	}
	return runfile.Remove(path, runfile.OpenOptions{})
}
