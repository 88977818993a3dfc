package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime/debug"
	"sync"
	"time"

	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner"
	"cogpass/runner/runfile"
)

// carrying is a run that is about to be carried out.
type carrying struct {
	path      string
	file      *runfile.File
	target    *target
	passwords *jobs.Passwords

	retryFailed, retryUnknown bool
}

// controlEvery is how often the run file is asked whether somebody has changed
// the rate.
const controlEvery = 250 * time.Millisecond

// gcPercent is the garbage collector's. A run keeps a few megabytes, and each
// request leaves 30 kB: at Go's own 100 all that is kept would be looked at
// again every 150 requests. The sandbox's users are kept in the same heap.
const gcPercent = 400

// carryOut does what is pending and writes the reports. It closes the run file.
func (o *runOptions) carryOut(ctx context.Context, c *carrying) (err error) {
	defer func() {
		if closed := c.file.Close(); err == nil { // or it says the same again
			err = closed
		}
	}()
	info, err := c.file.Info()
	if err != nil {
		return err
	}
	before, err := c.file.Count()
	if err != nil {
		return err
	}
	o.progressf("run file: %s", c.path)
	t := c.target
	if err := c.file.SetIdentity(t.pool.Name, o.account(t), t.actor); err != nil {
		return err
	}
	if err := o.forgetRate(c); err != nil {
		return err
	}
	if err := c.file.SetState(runfile.Running, ""); err != nil {
		return err
	}
	if o.sys.env("GOGC") == "" && !o.Sandbox {
		debug.SetGCPercent(gcPercent)
	}
	show := o.newProgress(before, o.rate(&info))
	stopped := o.runTasks(ctx, c, &info, show)
	show.end()
	if err := c.file.Flush(); err != nil {
		return unrecorded(err)
	}
	return o.conclude(c, stopped)
}

// sandboxAccount marks a run whose pool was the sandbox's, so that it does not
// go on against AWS.
const sandboxAccount = "sandbox"

func (o *runOptions) account(t *target) string {
	if o.Sandbox {
		return sandboxAccount
	}
	return t.pool.Account
}

// forgetRate lets --rate count for more than what was asked of the run before,
// and for less than what is asked of it from now on.
func (o *runOptions) forgetRate(c *carrying) error {
	control, err := c.file.Control()
	if err != nil || !o.Rate.set || control.Rate == 0 {
		return err
	}
	return runfile.ChangeControl(c.path, func(asked *runfile.Control) { asked.Rate = 0 })
}

// runTasks carries out the pending tasks and returns what stopped the run.
func (o *runOptions) runTasks(ctx context.Context, c *carrying, info *runfile.Info, show progress) error {
	var watching sync.WaitGroup
	defer watching.Wait()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watching.Go(func() {
		select {
		case <-c.file.Failed():
			cancel(c.file.Err())
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), errInterrupted) {
				show.message("interrupted: waiting for requests in flight, 30 s at most; interrupt again to end at once")
			}
		}
	})
	asked := o.rate(info)
	steer := &steering{file: c.file, show: show, asked: asked, now: asked, rates: make(chan float64, 1)}
	steer.look(ctx) // what holds from the first request on
	watching.Go(func() { steer.watch(ctx) })

	concurrency := info.Concurrency
	if o.Concurrency > 0 {
		concurrency = o.Concurrency
	}
	return runner.Run(ctx, c.target.client.Directory(c.target.pool), c.tasks(), runner.Options{
		Rate: asked, Concurrency: concurrency, Attempts: info.Attempts,
		MaxDelay: info.MaxDelay, Timeout: info.Timeout,
		Journal: c.file, Clock: c.target.clock, Rates: steer.rates, Observe: show.observe,
	}, func(r runner.Result) error {
		show.add(r)
		return c.file.Record(r)
	})
}

// tasks are those that are to be done, with their passwords.
func (c *carrying) tasks() iter.Seq2[runner.Task, error] {
	return func(yield func(runner.Task, error) bool) {
		for row, err := range c.file.Pending(c.retryFailed, c.retryUnknown) {
			var task runner.Task
			if err == nil {
				task, err = c.task(row)
			}
			if !yield(task, err) || err != nil {
				return
			}
		}
	}
}

func (c *carrying) task(row runfile.Row) (runner.Task, error) {
	task := taskOf(row.Task)
	task.Attempts, task.Throttled, task.StartedAt, task.Doubt = row.Attempts, row.Throttled, row.StartedAt, row.Doubt
	if row.Excluded || !row.Action.Sets() {
		return task, nil
	}
	var err error
	task.Password, err = c.passwords.Get(row.Task)
	return task, err
}

// taskOf is a task as it is carried out, without its password.
func taskOf(t jobs.Task) runner.Task {
	task := runner.Task{
		Seq: t.Seq, Username: t.Username, Action: t.Action, ClientMetadata: t.ClientMetadata,
		Source: jobs.Place{File: t.Place.File, Line: t.Place.Line}.String(),
	}
	if t.Excluded {
		task.Skip = "excluded by the job"
	}
	return task
}

// steering hands on to a run what its run file asks for.
type steering struct {
	file       *runfile.File
	show       progress
	asked, now float64      // 0 is paused
	rates      chan float64 // to the run
}

// watch looks again and again, until ctx is done.
func (s *steering) watch(ctx context.Context) {
	tick := time.NewTicker(controlEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.look(ctx)
		case <-ctx.Done():
			return
		}
	}
}

func (s *steering) look(ctx context.Context) {
	control, err := s.file.Control()
	if err != nil {
		return // what cannot be read changes nothing
	}
	want := s.asked
	if control.Rate > 0 {
		want = control.Rate
	}
	if control.Paused {
		want = 0
	}
	if want == s.now {
		return
	}
	s.now = want
	s.show.message("%s", rateChange(want))
	select {
	case s.rates <- want:
	case <-ctx.Done():
	}
}

func rateChange(rate float64) string {
	if rate == 0 {
		return "paused; `cogpass resume RUN_FILE` goes on"
	}
	return fmt.Sprintf("the rate is now %s at most", jobs.Rate(rate))
}

// unrecorded is the end of a run whose run file cannot be written any more.
func unrecorded(err error) error {
	code, hint := meaning(err)
	return &exitError{max(code, exitFatal), hint, fmt.Errorf("stopped, because what happens cannot be recorded: %w", err)}
}

// conclude records how the run ended, writes its reports and says what to do
// next.
func (o *runOptions) conclude(c *carrying, stopped error) error {
	count, err := c.file.Count()
	if err != nil {
		return err
	}
	state, reason := runfile.Done, ""
	switch {
	case errors.Is(stopped, errInterrupted):
		state = runfile.Interrupted
	case stopped != nil:
		state, reason = runfile.Stopped, report.Visible(stopped.Error())
	}
	if err := c.file.SetState(state, reason); err != nil {
		return unrecorded(err)
	}
	info, err := c.file.Info()
	if err != nil {
		return err
	}
	written := o.writeReports(c, &info)
	o.progressf("%s", counted(count))
	o.progressf("run file: %s", c.path)
	if pending := count.ByOutcome[runner.Pending]; pending > 0 && !o.Quiet {
		o.sys.say("%s left; to go on: %s", plural(pending, "task"), goOn(&info, c.path))
	}
	if stopped != nil {
		if written != nil {
			o.sys.say("warning: %s", report.Visible(written.Error()))
		}
		return stopped
	}
	if written != nil {
		return written
	}
	if count.ByOutcome[runner.Failed]+count.ByOutcome[runner.Unknown] > 0 {
		return errSilent(exitSomeFailed)
	}
	return nil
}

// counted says how far a run is, in one line.
func counted(c runfile.Counts) string {
	line := ""
	for _, o := range []runner.Outcome{runner.OK, runner.Failed, runner.Skipped, runner.Unknown, runner.Pending} {
		if n := c.ByOutcome[o]; n > 0 || o == runner.OK {
			if line != "" {
				line += ", "
			}
			line += report.Number(n) + " " + o.String()
		}
	}
	return line + " of " + plural(c.Tasks, "task")
}
