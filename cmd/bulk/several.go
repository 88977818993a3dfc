package bulk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"cogpass/report"
	"cogpass/runner"
	"cogpass/runner/runfile"
)

// One is one of several runs: a job or a run file, and its options. Their Confirm and
// ExpectUsers are those of All.
type One struct {
	Path string
	Options
}

// All is what holds for several runs together.
type All struct {
	Planned     func([]Question)                        // is shown all that is to be done, before it is confirmed; nil: nobody looks
	Confirm     func(context.Context, []Question) error // asks once for all of those that are not Yes; its error ends them before anything is sent
	ExpectUsers *int64                                  // refuse any other number of users in all; nil: any will do
}

// Outcome is how one of several runs ended: what Run returns.
type Outcome struct {
	Name  string // the job's
	Ended *Ended
	Err   error
}

// RunAll carries several jobs out, or goes on with several runs, in the order given
// where they are of one pool, and else side by side; those of one account and
// Region share its lanes. An error is that of the first whose plan cannot be made or
// confirmed, which At names: then none is begun. A run that does not come to its end
// holds up those behind it for the same pool, which are left as a plan, with an error
// that is Behind.
func RunAll(ctx context.Context, runs []One, all All) ([]Outcome, error) {
	g := &together{ids: map[string]bool{}, locks: map[string]*runfile.Lock{}, shared: map[string]*runner.Shared{}}
	defer g.close()
	var ready []*checked
	defer func() {
		for _, r := range ready {
			r.close()
		}
	}()
	users := int64(0)
	for i := range runs {
		opt := runs[i].Options.withDefaults()
		opt.together, opt.ExpectUsers = g, nil
		if opt.Confirm = nil; all.Confirm != nil {
			opt.Confirm = func(context.Context, Question) error { return nil } // all are asked for at once
		}
		r, err := opt.check(ctx, runs[i].Path)
		if err == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if r != nil {
			ready = append(ready, r)
			g.ids[realPath(r.path)] = true
			users += r.Tally.Users()
		}
		if err != nil {
			return nil, runs[i].at(err)
		}
	}
	if all.ExpectUsers != nil && *all.ExpectUsers != users {
		return nil, fail(Refused, "%d users are expected in all, and there are %d", *all.ExpectUsers, users)
	}
	if err := errors.Join(apart(ready), mailsFit(ready)); err != nil {
		return nil, err
	}
	if err := confirmAll(ctx, ready, all); err != nil {
		return nil, err
	}
	for i, r := range ready {
		if r.target == nil {
			continue
		}
		if err := r.commit(); err != nil {
			return nil, runs[i].at(errors.Join(err, takeBack(ready[:i+1])))
		}
	}
	return g.carryOut(ctx, ready), nil
}

// takeBack removes the run files that were put in place by now: nothing was sent for them.
func takeBack(ready []*checked) error {
	var errs []error
	for _, r := range ready {
		if !r.placed { // it was there before, or is not there
			continue
		}
		r.close()
		for _, end := range []string{"", "-wal", "-shm", "-journal", ".lock"} {
			if err := os.Remove(r.path + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}

// At is the fault of one of several runs, for which none was begun.
type At struct {
	Path string
	Pool string // of a list of pools; empty where there is none
	Err  error
}

func (o *One) at(err error) error { return &At{o.Path, PoolOf(&o.Options), err} }

func (e *At) Error() string { return report.Visible(e.Path) + ": " + e.Err.Error() }
func (e *At) Unwrap() error { return e.Err }

// apart refuses runs that would write one report.
func apart(ready []*checked) error {
	var before []reportTarget
	for _, r := range ready {
		targets, err := r.reportTargets()
		if err != nil {
			return err
		}
		for _, t := range targets {
			for _, other := range before {
				if sameFile(t.path, other.path) && !isDevice(t.path) {
					return badReport(t.asked, errors.New("another of these runs writes it too"))
				}
			}
		}
		before = append(before, targets...)
	}
	return nil
}

// mailsFit refuses runs that together send more e-mails than a day of their account has
// room for, where none of their jobs says that they may be spread.
func mailsFit(ready []*checked) error {
	type day struct{ mails, room int64 }
	days := map[string]*day{}
	for _, r := range ready {
		if r.target == nil || !r.target.known || r.Info.Messages > 0 {
			continue
		}
		mails, room := r.Tally.Mails(&r.target.pool), int64(r.messagesADay(&r.target.pool))
		if mails == 0 || room == 0 {
			continue
		}
		key := r.target.account + " " + r.Info.Region
		if days[key] == nil {
			days[key] = &day{room: room}
		}
		if days[key].mails += mails; days[key].mails > room {
			return fail(TooManyMessages, "%s in all of these runs, with Cognito's own e-mail, %d messages a day for the account", plural(days[key].mails, "message"), room)
		}
	}
	return nil
}

func confirmAll(ctx context.Context, ready []*checked, all All) error {
	var plans, questions []Question
	for _, r := range ready {
		if r.target == nil {
			continue
		}
		plans = append(plans, r.question(r.target))
		if !r.opt.Yes && !r.opt.Sandbox {
			questions = append(questions, r.question(r.target))
		}
	}
	if all.Planned != nil {
		all.Planned(plans)
	}
	if len(questions) == 0 {
		return nil
	}
	return all.Confirm(ctx, questions)
}

// poolKey tells pools apart: runs of one wait for each other.
func (p *Plan) poolKey() string { return p.Info.UserPoolID }

// carryOut carries runs out, those of a pool in turn.
func (g *together) carryOut(ctx context.Context, ready []*checked) []Outcome {
	queues := map[string][]int{}
	for i, r := range ready {
		queues[r.poolKey()] = append(queues[r.poolKey()], i)
	}
	for _, queue := range queues {
		most := 0
		for _, i := range queue {
			most = max(most, ready[i].concurrency())
		}
		g.asked += most
	}
	g.runs = len(queues)
	outcomes := make([]Outcome, len(ready))
	var running sync.WaitGroup
	for _, queue := range queues {
		running.Go(func() {
			before := -1 // the one that has held up the rest
			for n, i := range queue {
				r := ready[i]
				if before >= 0 || ctx.Err() != nil && r.target != nil {
					outcomes[i].Err = r.behind(ctx, ready, before)
					continue
				}
				r.waited = n > 0
				if outcomes[i] = r.steadily(ctx); outcomes[i].Err != nil {
					before = i
				}
			}
		})
	}
	running.Wait()
	for i, r := range ready {
		outcomes[i].Name = r.Info.Name
	}
	return outcomes
}

// behind is why a run is not begun.
func (r *checked) behind(ctx context.Context, ready []*checked, before int) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return &Error{Behind, r.path, fmt.Errorf("not begun: %s, which comes before it for the same pool, has stopped", report.Visible(ready[before].Info.Name))}
}

// steadily carries a run out. A fault of the program is this run's error, and the others
// go on.
func (r *checked) steadily(ctx context.Context) (o Outcome) {
	defer func() {
		if value := recover(); value != nil {
			o.Err = Broken(value)
		}
	}()
	o.Ended, o.Err = r.carryOut(ctx)
	return o
}
