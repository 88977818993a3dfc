package bulk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"time"

	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner"
	"cogpass/runner/runfile"
)

// carryOut does what is pending and writes the reports. It closes the run file.
func (p *Plan) carryOut(ctx context.Context, t *target) (ended *Ended, err error) {
	defer func() {
		if closed := p.file.Close(); err == nil { // or it says the same again
			err = closed
		}
		if together := p.file.Companions(); len(together) > 1 {
			why := "another program was reading the run file"
			if p.file.Err() != nil {
				why = "the run file was not ended cleanly"
			}
			p.opt.warn("%s: these belong together, and are to be copied together: %s", why, report.Visible(strings.Join(together, ", ")))
		}
	}()
	before, err := p.file.Count()
	if err != nil {
		return nil, err
	}
	kept, inFlight, err := p.fit()
	if err != nil {
		return nil, err
	}
	defer kept.release()
	p.opt.event(Detail, RunBegins, "run file: "+report.Visible(p.path), "run_file", p.path, "run", p.Info.Name, "user_pool_id", p.Info.UserPoolID,
		"tasks", before.Tasks, "pending", before.ByOutcome[pending], "sandbox", p.opt.Sandbox)
	account := t.account
	if p.opt.Sandbox {
		account = sandboxAccount
	}
	if err := p.file.SetIdentity(t.pool.Name, account, t.actor, t.pool.TemporaryDays); err != nil {
		return nil, err
	}
	if err := p.forgetRate(); err != nil {
		return nil, err
	}
	if err := p.file.SetState(runfile.Running, ""); err != nil {
		return nil, err
	}
	if p.opt.Approve != "" {
		if err := p.file.Approve(t.actor, p.opt.Approve, p.opt.Now()); err != nil {
			return nil, err
		}
	}
	if err := p.openChronicle(t.client.Endpoint()); err != nil {
		return nil, err
	}
	if err := p.openOthers(t); err != nil {
		return nil, err
	}
	mails, err := p.openBudget(t)
	if err != nil {
		return nil, err
	}
	t.work.keep(p.file)
	stopped := p.sweep(ctx, t)
	for stopped == nil {
		stopped = p.runTasks(ctx, t, inFlight, before, mails)
		if err := p.file.Flush(); err != nil { // or who has been dealt with would be pending still
			return nil, p.unrecorded(err)
		}
		if stopped == nil {
			break
		}
		if stopped = p.wait(ctx, stopped, mails); stopped != nil {
			break
		}
		if before, err = p.file.Count(); err != nil {
			return nil, err
		}
	}
	kept.release()
	if err := p.file.Flush(); err != nil {
		return nil, p.unrecorded(err)
	}
	p.endChronicle()
	interrupted := ctx.Err() != nil && errors.Is(stopped, context.Cause(ctx))
	return p.settle(stopped, interrupted)
}

// forgetRate lets Options.Rate count for more than what was asked of the run
// before, and for less than what is asked of it from now on.
func (p *Plan) forgetRate() error {
	control, err := p.file.Control()
	if err != nil || p.opt.Rate == 0 || control.Rate == 0 {
		return err
	}
	return runfile.ChangeControl(p.path, func(asked *runfile.Control) { asked.Rate = 0 })
}

// concurrency is how many requests may be in flight, as was asked.
func (p *Plan) concurrency() int {
	if p.opt.Concurrency > 0 {
		return p.opt.Concurrency
	}
	return p.Info.Concurrency
}

// fit returns how many requests may be in flight at most, and files that are
// kept back for the reports.
func (p *Plan) fit() (reserve, int, error) {
	asked, each := p.concurrency(), 1
	if p.opt.Sandbox {
		each = 2 // both ends of a connection
	}
	var kept reserve
	var inFlight int
	if p.opt.together != nil {
		kept, inFlight = p.opt.together.fit(asked, each)
	} else {
		kept, inFlight = fitFiles(asked, each, 1)
	}
	if inFlight < 1 {
		kept.release()
		return nil, 0, fail(NoFiles, "the system lets this program open too few files to send even one request")
	}
	if inFlight < asked {
		p.opt.warn("the system lets this program open only so many files: %d requests in flight at most, not %d", inFlight, asked)
	}
	return kept, inFlight, nil
}

// runTasks carries out the pending tasks and returns what stopped the run.
func (p *Plan) runTasks(ctx context.Context, t *target, inFlight int, before runfile.Counts, mails *budget) error {
	screen, progress := p.opt.Screen, p.opt.begun(before, p.Rate())
	screen.Show(progress)
	defer func() {
		progress.Over = true
		screen.Show(progress)
	}()
	shared := p.openLanes(t)
	defer shared.close()
	var watching sync.WaitGroup
	defer watching.Wait()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watching.Go(func() {
		select {
		case <-p.file.Failed():
			cancel(p.file.Err())
		case <-ctx.Done():
		}
	})
	steer := &steering{plan: p, asked: float64(p.Rate()), now: float64(p.Rate()), rates: make(chan float64, 1)}
	steer.look(ctx) // what holds from the first request on
	watching.Go(func() { steer.watch(ctx) })
	samples := newSampler(steer.now)
	watching.Go(func() { samples.record(ctx, p.file.Sample) })
	watching.Go(func() { p.chronicle.keep(ctx) })
	watching.Go(func() { shared.watch(ctx) })
	speed := newPace(progress.Began, p.Requests())

	opt := runner.Options{
		Rate: steer.asked, Lanes: p.Info.Rates, Concurrency: inFlight, Attempts: p.Info.Attempts,
		MaxDelay: p.Info.MaxDelay, Timeout: p.Info.Timeout, Outage: p.Info.Outage,
		Journal: p.file, Clock: t.clock, Rates: steer.rates, Recheck: p.recheck(t.pool.Facts),
		Observe: func(s runner.Stats) {
			progress.Sending = s
			speed.tell(&progress, time.Now())
			samples.observe(s)
			screen.Show(progress)
		},
		Notice: p.noticed, Quota: shared.quota,
	}
	t.work.equip(&opt, p)
	if mails != nil {
		opt.Budget, opt.Unspent = mails.take, mails.unspent
	}
	var failures failures
	first := canary{left: p.canaryLeft(&before)}
	err := runner.Run(ctx, steady{t.client.Directory(t.pool).WithCheck(t.check), cancel}, first.cut(p.pending(t.work)), opt, func(r runner.Result) error {
		progress.add(&r)
		p.opt.taskEnded(&r)
		screen.Show(progress)
		if mails != nil {
			mails.ended(r.Seq)
		}
		if err := p.file.Record(r); err != nil {
			return err
		}
		p.chronicle.add(&r)
		if reached := failures.add(&r, p.Info.MaxFailures); reached != nil {
			cancel(reached) // what is in flight is finished
		}
		return nil
	})
	if err == nil && first.reached {
		return &Reached{Limit: "canary", Err: fmt.Errorf("the canary of %d has ended", p.Info.Canary)}
	}
	return err
}

// noticed says what keeps the run from going on as asked, or does no more.
func (p *Plan) noticed(n runner.Notice) {
	text := report.Visible(n.String())
	switch n.Kind {
	case runner.OutageBegins:
		p.opt.event(Warning, OutageBegins, text, "error", n.Err.Error(), "stops_after_s", n.Left.Round(time.Second).Seconds())
	case runner.OutageEnds:
		p.opt.event(Notice, OutageEnds, text)
	default:
		p.opt.event(Warning, FewerInFlight, text, "error", n.Err.Error(), "in_flight", n.InFlight)
	}
}

// pending are the tasks that are to be done, with their passwords.
func (p *Plan) pending(w *workshop) iter.Seq2[runner.Task, error] {
	return func(yield func(runner.Task, error) bool) {
		for row, err := range p.file.Pending(p.opt.RetryFailed, p.opt.RetryUnknown) {
			var task runner.Task
			if err == nil {
				task, err = p.task(row, w)
			}
			if err == nil {
				err = p.others.tell(&task)
			}
			if !yield(task, err) || err != nil {
				return
			}
		}
	}
}

func (p *Plan) task(row runfile.Row, w *workshop) (runner.Task, error) {
	task := taskOf(row.Task)
	task.Attempts, task.Throttled, task.StartedAt, task.Doubt = row.Attempts, row.Throttled, row.StartedAt, row.Doubt
	task.Done, task.Made = row.Done, row.Made
	if row.Skip != "" || row.Fail != "" || !row.Action.Sets() {
		return task, nil
	}
	if row.Password.Kind == jobs.GeneratedPassword {
		return task, w.fill(&task, row.Password)
	}
	var err error
	task.Password, err = p.passwords.Get(row.Task)
	return task, err
}

// taskOf is a task as it is carried out, without its password.
func taskOf(t jobs.Task) runner.Task {
	task := runner.Task{
		Seq: t.Seq, Username: t.Username, Action: t.Action, ClientMetadata: t.ClientMetadata,
		Source: jobs.Place{File: t.Place.File, Line: t.Place.Line}.String(), Skip: t.Skip, Fail: t.Fail,
		Create: t.Create, Enable: t.Enable, Recheck: t.Recheck, SignOut: t.SignOut, Check: t.Check, Before: t.Before,
	}
	return task
}
