package bulk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path/filepath"

	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner/runfile"
)

// HistoryPath is where the ledger of a folder of run files lies: who was done
// when, over all runs.
func HistoryPath(stateDir string) string { return filepath.Join(stateDir, "ledger.db") }

// RebuildHistory makes the ledger of a folder anew: from the run files in it,
// from those that it knew before, and from others. Runs in the sandbox do not
// count. Where there are none, the error is runfile.ErrNoRuns.
func RebuildHistory(stateDir string, others ...string) (runfile.Rebuilt, error) {
	return rebuildHistory(stateDir, others, false)
}

func rebuildHistory(stateDir string, others []string, empty bool) (runfile.Rebuilt, error) {
	runs, err := filepath.Glob(filepath.Join(globbed(stateDir), "*.run"))
	if err != nil {
		return runfile.Rebuilt{}, err
	}
	return runfile.RebuildHistory(HistoryPath(stateDir), append(runs, others...), BegunInSandbox, empty)
}

// globbed is a path as a pattern that names nothing else.
func globbed(path string) string {
	var b []byte
	for i := range len(path) {
		switch path[i] {
		case '*', '?', '[', '\\':
			if path[i] != filepath.Separator {
				b = append(b, '[', path[i], ']')
				continue
			}
		}
		b = append(b, path[i])
	}
	return string(b)
}

// past is what a plan asks of the ledger.
type past struct {
	history *runfile.History // nil: nobody was done before
	pool    runfile.HistoryPool
	changes int64 // of the pool, when it was asked first
	tasks   *jobs.Tasks
	asked   bool // whether names that differ in case are different users'
	exact   bool // they are
}

// openPast opens the ledger for a job that asks for it. In the sandbox nobody
// was done before.
func (p *Plan) openPast(ctx context.Context, tasks *jobs.Tasks) error {
	if !tasks.Needs().LastDone {
		return nil
	}
	p.past = &past{tasks: tasks}
	if p.opt.Sandbox {
		return nil
	}
	if p.opt.StateDir == "" {
		return fail(NoStateDir, "there is no folder for the ledger that lastDoneBefore asks")
	}
	path := HistoryPath(p.opt.StateDir)
	if err := p.takeDead(path); err != nil {
		return err
	}
	history, err := runfile.OpenHistory(path)
	if errors.Is(err, fs.ErrNotExist) {
		if again, err := p.withoutHistory(); err != nil || !again {
			return err
		}
		history, err = runfile.OpenHistory(path)
	}
	if err != nil {
		return err
	}
	p.past.history = history
	if err := history.Check(); err != nil {
		return err
	}
	client, err := p.client(ctx)
	if err != nil {
		return err
	}
	p.past.pool = runfile.HistoryPoolAt(p.Info.UserPoolID, client.Endpoint())
	p.past.changes, err = history.Changes(p.past.pool)
	return err
}

// takeDead brings the ledger up to what runs have done that died. Where nothing
// is to be sent, it need not succeed.
func (p *Plan) takeDead(path string) error {
	err := runfile.TakeDead(path)
	switch {
	case err == nil, errors.Is(err, fs.ErrNotExist):
		return nil
	case p.draft == nil && !errors.Is(err, runfile.ErrDamaged):
		p.opt.warn("%s", report.Visible(err.Error()))
		return nil
	}
	return err
}

// withoutHistory decides what a job does whose ledger is not there: made reports
// that it is, from the run files.
func (p *Plan) withoutHistory() (made bool, err error) {
	dir := report.Visible(p.opt.StateDir)
	switch asks := p.opt.Confirm != nil && !p.opt.Yes; {
	case p.draft == nil: // nothing is made for a look
		p.opt.warn("there is no ledger in %s: everybody counts as never done", dir)
		return false, nil
	case !p.opt.FirstRun && !asks:
		return false, fail(NoHistory, "there is no ledger in %s, by which lastDoneBefore would know who was done before: everybody would be due", dir)
	case !p.opt.FirstRun:
		p.opt.warn("there is no ledger in %s: it is made now, and everybody counts as never done whom no run file there tells of", dir)
	}
	return true, p.makeHistory()
}

// makeHistory makes a ledger from the run files that there are.
func (p *Plan) makeHistory() error {
	rebuilt, err := rebuildHistory(p.opt.StateDir, nil, true)
	for path, fault := range rebuilt.Faults {
		if path != p.path {
			p.opt.warn("what was done by this run is not in the ledger, or not all of it: %s", report.Visible(fault.Error()))
		}
	}
	return err
}

// lastDone says of a task when its action was last done, where the job asks that.
// user is what the pool has, or nil where nobody looked.
func (p *Plan) lastDone(ctx context.Context, task *jobs.Task, user *jobs.User) error {
	a := p.past
	if a == nil || a.history == nil || task.Skip != "" {
		return nil
	}
	who := runfile.Person{Names: []string{task.Username}, Exact: a.exact || a.tasks.ExactNames()}
	if user != nil {
		who.Sub = user.Sub
		for _, name := range append([]string{user.Username}, user.Names...) {
			if name != task.Username && name != user.Sub {
				who.Names = append(who.Names, name)
			}
		}
	}
	last, _, err := a.history.Last(a.pool, who, task.Action)
	if err == nil && a.tasks.Naming == jobs.NamesUnknown && !a.asked && last.Username != task.Username && last.Sub != task.Username && !last.At.IsZero() {
		a.asked = true // the pool, whether that name is this user's
		t, err := p.connect(ctx)
		if err != nil {
			return err
		}
		if a.exact = t.pool.Facts.CaseSensitive; a.exact {
			return p.lastDone(ctx, task, user)
		}
	}
	task.LastDone = last.At
	return err
}

// due yields the tasks of a job that asks the ledger, and nothing of the pool.
func (p *Plan) due(tasks *jobs.Tasks) func(context.Context) iter.Seq2[jobs.Task, error] {
	return func(ctx context.Context) iter.Seq2[jobs.Task, error] {
		return func(yield func(jobs.Task, error) bool) {
			for task, err := range tasks.All() {
				if err == nil {
					err = p.lastDone(ctx, &task, nil)
				}
				if err != nil {
					yield(task, err)
					return
				}
				tasks.JudgeUnseen(&task)
				if !yield(task, nil) {
					return
				}
			}
			if err := tasks.End(); err != nil {
				yield(jobs.Task{}, err)
			}
		}
	}
}

// overtaken refuses a plan of which another run has done users, between when it
// was made and when the pool's lock was taken.
func (p *Plan) overtaken(ctx context.Context) error {
	if p.past == nil || p.past.history == nil {
		return nil
	}
	changes, err := p.past.history.Changes(p.past.pool)
	if err != nil || changes == p.past.changes {
		return err
	}
	users := int64(0)
	for task, err := range p.tasks(ctx) {
		if err != nil {
			return err
		}
		if task.Skip == "" {
			users++
		}
	}
	if users != p.Tally.Users() {
		return fail(Overtaken, "another run has done users of this plan since it was made: %d are due, not %d", users, p.Tally.Users())
	}
	return nil
}

func (a *past) close() error {
	if a == nil || a.history == nil {
		return nil
	}
	return a.history.Close()
}

// asksHistory reports whether a run's plan was made with the ledger.
func (p *Plan) asksHistory() bool { return !p.Info.LastDoneBefore.IsZero() || p.opt.FirstRun }

// unwritten says what a ledger lacks that a run could not be written to.
func unwritten(err error) string {
	return fmt.Sprintf("the ledger lacks what this run has done, until a run finds that it can be written again: %s", report.Visible(err.Error()))
}
