package bulk

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner"
	"cogpass/runner/runfile"
)

// others is what the ledger tells a run that is carried on, or was frozen before: what
// other runs have done meanwhile. Its nil value knows of nothing.
type others struct {
	history *runfile.History
	pool    runfile.HistoryPool
	runFile string // this run's
	exact   bool   // names that differ in case are different users'
	due     time.Time
	now     func() time.Time
	clock   *runner.Clock
}

// openOthers opens the ledger, once this run has its pool to itself and is in it. A plan
// that was made just now has asked it already, unless it has waited for another since.
func (p *Plan) openOthers(t *target) error {
	if p.chronicle == nil || p.past != nil && !p.waited {
		return nil
	}
	err := runfile.TakeDead(p.chronicle.path)
	var history *runfile.History
	if err == nil {
		history, err = runfile.OpenHistory(p.chronicle.path)
	}
	if err != nil && !p.asksHistory() {
		p.opt.warn("it is not known what other runs have done since this one was left: %s", report.Visible(err.Error()))
		return nil
	}
	if err != nil {
		return err
	}
	p.others = &others{history: history, pool: p.chronicle.pool, runFile: p.chronicle.runFile, exact: !t.known || t.pool.Facts.CaseSensitive,
		due: p.Info.LastDoneBefore, now: p.opt.Now, clock: t.clock}
	return nil
}

func (o *others) close() error {
	if o == nil {
		return nil
	}
	return o.history.Close()
}

// tell has a task know what another run has done for its user: a due one is
// not done twice, and what another has set is neither overwritten nor taken for
// this run's.
func (o *others) tell(t *runner.Task) error {
	if o == nil || t.Skip != "" || t.Fail != "" {
		return nil
	}
	acted := slices.ContainsFunc(t.Done, func(r runner.StepResult) bool { return r.Step == runner.Act })
	if !o.due.IsZero() && !acted {
		last, why, err := o.since(t, t.Action)
		if err != nil {
			return err
		}
		if why != "" && !last.At.Before(o.due) {
			t.Skip, t.Doubt = why, nil
			return nil
		}
	}
	if !t.Action.Sets() || !acted && t.Doubt == nil {
		return nil
	}
	for _, a := range []jobs.Action{jobs.SetPermanent, jobs.SetTemporary, jobs.Reset} {
		last, why, err := o.since(t, a)
		if err != nil {
			return err
		}
		if why != "" {
			t.Overtaken(last.At, o.clock, why)
		}
	}
	return nil
}

// since returns what another run has done last for a task's user, and in words that
// it has; "" where none has.
func (o *others) since(t *runner.Task, a jobs.Action) (runfile.Deed, string, error) {
	who := runfile.Person{Names: []string{t.Username}, Exact: o.exact}
	if b := t.Before; b != nil {
		who.Sub = b.Sub
		for _, name := range append([]string{b.Username}, b.Names...) {
			if name != "" && name != t.Username && name != b.Sub {
				who.Names = append(who.Names, name)
			}
		}
	}
	last, found, err := o.history.Last(o.pool, who, a)
	if err != nil || !found || o.isOurs(last.RunFile) || last.At.After(o.now().Add(24*time.Hour)) { // by a clock that was wrong
		return last, "", err
	}
	name := strings.TrimSuffix(filepath.Base(last.RunFile), filepath.Ext(last.RunFile))
	return last, fmt.Sprintf("last done %s, by another run since: %s", last.At.UTC().Format(time.DateOnly), jobs.Visible(name)), nil
}

func (o *others) isOurs(path string) bool {
	if path == o.runFile {
		return true
	}
	a, errA := filepath.EvalSymlinks(path)
	b, errB := filepath.EvalSymlinks(o.runFile)
	return errors.Join(errA, errB) == nil && a == b
}
