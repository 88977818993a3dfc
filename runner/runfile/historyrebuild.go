package runfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// TakeDead takes over into the ledger at path what runs have done whose
// processes died before they could say so themselves. A run whose file is not
// there any more, or cannot be read, stays as it is.
func TakeDead(path string) error {
	paths, err := runsOf(path, "WHERE NOT ended")
	if err != nil || len(paths) == 0 {
		return err
	}
	return writeHistory(path, func(h *History) error {
		for _, run := range paths {
			if _, err := h.takeFile(run, nil); err != nil && !ofRunFile(err) {
				return err
			}
		}
		return nil
	})
}

// runsOf returns the paths of the runs that a ledger names.
func runsOf(path, where string) (paths []string, err error) {
	h, err := OpenHistory(path)
	if err != nil {
		return nil, err
	}
	rows, err := h.s.conn.QueryContext(background, "SELECT path FROM run "+where+" ORDER BY id")
	if err != nil {
		return nil, join(h.wrap("reading it", err), h.Close())
	}
	for rows.Next() {
		var one string
		if err = rows.Scan(&one); err != nil {
			break
		}
		paths = append(paths, one)
	}
	return paths, join(h.wrap("reading it", join(err, rows.Err(), rows.Close())), h.Close())
}

// ofRunFile reports whether an error is about a run file, and not about the
// ledger.
func ofRunFile(err error) bool {
	var known *Error
	return errors.As(err, &known) && known.what == ""
}

// takeFile takes over a run file, and reports whether it does count.
func (h *History) takeFile(path string, not func(*Info) bool) (took bool, err error) {
	f, err := OpenReadOnly(path, OpenOptions{})
	if err != nil {
		return false, err
	}
	info, err := f.Info()
	if err == nil && (not == nil || !not(&info)) {
		took = true
		err = h.take(HistoryPool{info.UserPoolID, f.loopback()}, f, Holder(path) == nil)
	}
	return took, join(err, f.Close())
}

// ErrNoRuns is the error of a ledger that was to be made from run files, of which
// none could be read. What was there before stays.
var ErrNoRuns = errors.New("there is no run file to make the ledger from")

// Rebuilt is what RebuildHistory has done.
type Rebuilt struct {
	Runs   int              // whose outcomes are in it now, but for those that are Gone
	Gone   int              // runs whose files are not there any more, of which it has what the one before had
	Kept   int64            // what that is, in rows
	Faults map[string]error // run files that could not be read, or not all of them, by path
}

// RebuildHistory makes the ledger at path anew from run files: those given and
// those that the ledger named before, where it can still be read. Of runs whose
// files are gone it keeps what it had. not says which runs do not count. The ledger takes the place of the one before in one
// step, whatever that was. From no run at all it is made only where none is what
// is meant, which empty says: by an empty one everybody is due.
func RebuildHistory(path string, runFiles []string, not func(*Info) bool, empty bool) (Rebuilt, error) {
	r := Rebuilt{Faults: map[string]error{}}
	paths, err := allRuns(path, runFiles)
	if err != nil {
		return r, err
	}
	unlock, err := lockHistory(path)
	if err != nil {
		return r, err
	}
	defer unlock()
	temp, err := newHistory(path, func(h *History) error {
		gone, err := h.keepGone(path)
		if err == nil {
			err = r.fill(h, paths, not)
		}
		if err == nil {
			r.Gone, r.Kept, err = h.ofGone(gone)
		}
		return err
	})
	if err == nil && r.Runs == 0 && r.Kept == 0 && !empty {
		return r, join(ErrNoRuns, removeTemp(temp))
	}
	if err == nil {
		err = syncFile(temp)
	}
	if err == nil {
		err = replace(temp, path)
	}
	if err != nil {
		return r, join((&History{path: path}).wrap("making it anew", err), removeTemp(temp))
	}
	// What a run has appended meanwhile to the ledger before, it finds missing
	// at its end; what one that has ended meanwhile did, is found now.
	h, err := OpenHistory(path)
	if err != nil {
		return r, err
	}
	return r, join(r.fill(h, paths, not), h.Close())
}

// replace puts the file temp at path. A journal beside the file before is none
// of the new one's.
func replace(temp, path string) error {
	if err := os.Remove(path + "-journal"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func (r *Rebuilt) fill(h *History, paths []string, not func(*Info) bool) error {
	r.Runs = 0
	for _, path := range paths {
		took, err := h.takeFile(path, not)
		switch {
		case ofRunFile(err):
			r.Faults[path] = err
		case err != nil:
			return err
		}
		if took {
			r.Runs++
		}
	}
	return nil
}

// allRuns returns the run files to rebuild from, each once, in the order in
// which they were made: of two that have done the same, the later counts.
func allRuns(path string, runFiles []string) ([]string, error) {
	before, err := runsOf(path, "")
	var unusable *Error // then what it knew is lost
	if err != nil && !errors.As(err, &unusable) {
		return nil, err
	}
	made := map[string]time.Time{}
	var paths []string
	for i, run := range append(slices.Clone(runFiles), before...) {
		real, err := filepath.EvalSymlinks(run)
		if errors.Is(err, fs.ErrNotExist) && i >= len(runFiles) { // what the ledger has of it is kept
			continue
		}
		if err != nil {
			real = run
		}
		if _, seen := made[real]; seen {
			continue
		}
		made[real] = madeAt(real)
		paths = append(paths, real)
	}
	slices.SortStableFunc(paths, func(a, b string) int { return made[a].Compare(made[b]) })
	return paths, nil
}

func madeAt(path string) time.Time {
	f, err := OpenReadOnly(path, OpenOptions{})
	if err != nil {
		return time.Time{}
	}
	defer f.Close()
	info, err := f.Info()
	if err != nil {
		return time.Time{}
	}
	return info.CreatedAt
}

// TakeRun takes over into the ledger at path what a run has done, unless it does
// not count, so that its file can go. Where there is no ledger, it does nothing. It
// is ErrKept where not all of the file can be read.
func TakeRun(path, runFile string, not func(*Info) bool) error {
	err := writeHistory(path, func(h *History) error {
		_, err := h.takeFile(runFile, not)
		if ofRunFile(err) {
			err = fmt.Errorf("%w: %w", ErrKept, err)
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
