package runner_test

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/runfile"
)

// TestSimulationWithRunFiles plays some worlds with run files in place of a
// journal in memory.
func TestSimulationWithRunFiles(t *testing.T) {
	each(t, max(8, *manySeeds/50), func(t *testing.T, seed uint64) bool {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		var w *world
		synctest.Test(t, func(t *testing.T) {
			w = newWorld(seed, nil)
			files := &files{dir: dir}
			if err := files.plan(w.people); err != nil {
				t.Fatal(err)
			}
			w.shelf = files
			w.play()
		})
		w.report(t)
		return !t.Failed()
	})
}

// files is a run file. Each kill leaves one of the next generation: the bytes
// that were written by then. Each generation has a machine of its own, for all
// begin at the same plan.
type files struct {
	dir        string
	generation int
	killed     bool
}

func (f *files) path(generation int) string {
	return filepath.Join(f.dir, fmt.Sprintf("%d.run", generation))
}

func (f *files) options() runfile.OpenOptions {
	return runfile.OpenOptions{Place: filepath.Join(f.dir, fmt.Sprintf("%d.place", f.generation))}
}

func (f *files) plan(people []*person) error {
	draft, err := runfile.Create(f.path(0), runfile.Plan{Name: "world", UserPoolID: "us-west-2_aaaaaaaaa", CreatedAt: time.Now(), Attempts: 3})
	if err != nil {
		return err
	}
	for _, p := range people {
		a := p.asked
		task := jobs.Task{Seq: p.seq, Username: p.name, Action: p.action, Skip: a.Skip, Fail: a.Fail,
			Create: a.Create, Enable: a.Enable, Recheck: a.Recheck, SignOut: a.SignOut, Check: a.Check, Before: a.Before}
		if a.Generated {
			task.Password.Kind = jobs.GeneratedPassword
		}
		if err := draft.Add(task); err != nil {
			return err
		}
	}
	return draft.Commit(nil)
}

func (f *files) results() (all []runner.Result, err error) {
	file, err := runfile.OpenReadOnly(f.path(f.generation), f.options())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	for res, err := range file.Results() {
		if err != nil {
			return nil, err
		}
		all = append(all, res)
	}
	return all, nil
}

func (f *files) open(life) (notebook, error) {
	f.killed = false
	file, err := runfile.Open(f.path(f.generation), f.options())
	if err == nil {
		file.SealWith(func(attempts []runner.Intent) (sealed []byte, err error) {
			for n := range attempts {
				sealed = fmt.Appendln(sealed, attempts[n].Password.Reveal())
			}
			return sealed, nil
		})
	}
	return &fileLife{file, f}, err
}

// made asks the last of its files.
func (f *files) made(seq int64) (made []runner.Made) {
	file, err := runfile.OpenReadOnly(f.path(f.generation), f.options())
	if err != nil {
		return nil
	}
	defer file.Close()
	for c, err := range file.Candidates() {
		if err != nil || c.Seq != seq {
			continue
		}
		m := runner.Made{Version: c.Version, State: runner.Tried}
		if c.Outcome == runner.OK {
			m.State = runner.Set
		}
		if !slices.Contains(strings.Split(string(c.Sealed.Bytes), "\n"), madePassword(c.Version)) {
			m.Version = "not what was sealed"
		}
		made = append(made, m)
	}
	return made
}

func (f *files) restore() {} // what a run file does about that, its own tests show

func (f *files) kill() error {
	f.killed = true
	for _, ext := range []string{".lock", "", "-wal"} { // the lock first, whose count is not to be ahead
		b, err := os.ReadFile(f.path(f.generation) + ext)
		if errors.Is(err, fs.ErrNotExist) && ext == "-wal" {
			continue // nothing was written yet
		}
		if err != nil {
			return err
		}
		if err := os.WriteFile(f.path(f.generation+1)+ext, b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// fileLife is a run file in the hands of one life.
type fileLife struct {
	*runfile.File
	files *files
}

func (f *fileLife) Close() error {
	err := f.File.Close()
	if f.files.killed {
		f.files.generation++
	}
	return err
}

func (f *fileLife) pending(retryFailed, retryUnknown bool) iter.Seq2[runner.Task, error] {
	return func(yield func(runner.Task, error) bool) {
		for row, err := range f.Pending(retryFailed, retryUnknown) {
			t := runner.Task{
				Seq: row.Seq, Username: row.Username, Action: row.Action,
				Attempts: row.Attempts, Throttled: row.Throttled, StartedAt: row.StartedAt, Doubt: row.Doubt, Done: row.Done,
				Skip: row.Skip, Fail: row.Fail, Create: row.Create, Enable: row.Enable, Recheck: row.Recheck, SignOut: row.SignOut, Before: row.Before,
				Check: row.Check, Made: row.Made, Generated: row.Password.Kind == jobs.GeneratedPassword,
			}
			if !yield(t, err) {
				return
			}
		}
	}
}
