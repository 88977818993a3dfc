package bulk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner"
	"cogpass/runner/cognito"
	"cogpass/runner/runfile"
)

// A Carrier carries out parts of a plan that Prepare has made, for an engine
// that spreads it over machines: which part, at what pace, and what becomes of
// it is the engine's. Its methods may be called from many goroutines.
type Carrier struct {
	plan *Plan
	to   *target

	opening sync.Mutex // reading and making a workshop fill caches
}

// Part is what of a plan is to be done, and how.
type Part struct {
	First, Last int64   // Seqs
	Rate        float64 // requests a second of UserAccountRecovery; +Inf is as fast as answers come
	Share       float64 // of the plan's rates of the other categories that is this part's, above 0 and 1 at most
	Concurrency int     // requests in flight at most
	Journal     runner.Journal

	// Recall fills in what was done of a task before, and reports false for one
	// that has ended. Password returns one that the job gives.
	Recall   func(*runner.Task) bool
	Password func(runner.Task) (jobs.Secret, error)

	// May is asked just before each request that may change something; where its
	// error is not nil, the request is not sent and the part stops with that.
	May func() error

	Observe func(runner.Stats)          // as runner.Options has it
	Sample  func(runfile.Sample) error  // is given what each second was like
	Emit    func(r runner.Result) error // as runner.Run has it
}

// OpenCarrier opens the plan in a run file, which is only read, and connects to
// its pool. Of opt it takes Profile, EndpointURL, Version and Screen.
func OpenCarrier(ctx context.Context, runFile string, opt Options) (*Carrier, error) {
	opt = Options{Profile: opt.Profile, EndpointURL: opt.EndpointURL, Version: opt.Version, Screen: opt.Screen}.withDefaults()
	p, err := opt.openFile(ctx, runFile, toLook)
	if err != nil {
		return nil, err
	}
	t, err := p.reachPlanned(ctx)
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return &Carrier{plan: p, to: t}, nil
}

// reachPlanned connects to the pool of a plan that was checked elsewhere.
func (p *Plan) reachPlanned(ctx context.Context) (*target, error) {
	if c := p.Info.Check; c != nil && c.ClientSecret.Kind != jobs.NoPassword {
		return nil, fail(Refused, "the client secret of the job's check is where the plan was made, and not here")
	}
	if p.Info.Handoff.Command != nil {
		return nil, fail(Refused, "the plan hands passwords to a program, which is not here")
	}
	t, err := p.connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.identify(ctx, t); err != nil {
		return nil, err
	}
	if err := p.rightAccount(t); err != nil {
		return nil, err
	}
	if p.Info.Account != "" && t.account != "" && p.Info.Account != t.account {
		return nil, fail(Refused, "the plan was made for the account %s, and the pool is in %s", report.Visible(p.Info.Account), report.Visible(t.account))
	}
	if c := p.Info.Check; c != nil {
		t.check = cognito.Check{ClientID: c.ClientID, Admin: c.Admin}
	}
	return t, nil
}

// Info describes the plan.
func (c *Carrier) Info() runfile.Info { return c.plan.Info }

// Endpoint returns the URL that requests go to, or "" where that is AWS's own.
func (c *Carrier) Endpoint() string { return c.to.client.Endpoint() }

// Close closes the plan.
func (c *Carrier) Close() error { return c.plan.Close() }

// Carry carries a part out. It returns as runner.Run does.
func (c *Carrier) Carry(ctx context.Context, part Part) error {
	work, err := c.workshop()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var watching sync.WaitGroup
	defer watching.Wait()
	sampling, sampled := context.WithCancel(ctx)
	defer sampled()
	samples := newSampler(part.Rate)
	if part.Sample != nil {
		watching.Go(func() { samples.record(sampling, part.Sample) })
	}
	info := &c.plan.Info
	opt := runner.Options{
		Rate: part.Rate, Lanes: c.lanes(part.Share), Concurrency: part.Concurrency, Attempts: info.Attempts,
		MaxDelay: info.MaxDelay, Timeout: info.Timeout, Outage: info.Outage,
		Journal: part.Journal, Clock: c.to.clock, Recheck: c.plan.recheck(c.to.pool.Facts),
		Observe: func(s runner.Stats) {
			samples.observe(s)
			if part.Observe != nil {
				part.Observe(s)
			}
		},
		Notice: c.plan.noticed,
	}
	work.equip(&opt, c.plan)
	opt.Lanes = c.lanes(part.Share) // what equip asks for is the whole run's
	dir := gated{steady{c.to.client.Directory(c.to.pool).WithCheck(c.to.check), cancel}, part.May, cancel}
	return runner.Run(ctx, dir, c.tasks(part, work), opt, part.Emit)
}

// workshop is one of its own for each part, for runner.Run calls it from its
// own goroutine.
func (c *Carrier) workshop() (*workshop, error) {
	c.opening.Lock()
	defer c.opening.Unlock()
	w := &workshop{policy: c.plan.passwordPolicy(&c.to.pool, c.to.known), makers: map[string]*jobs.Generator{}}
	if !c.plan.generates() && c.plan.Info.Handoff.Kind() == "" {
		return w, nil
	}
	return w, c.plan.handTo(w, c.to.client)
}

// lanes are the rates of the categories beside the one that is asked for.
func (c *Carrier) lanes(share float64) map[jobs.Category]float64 {
	rates := map[jobs.Category]float64{}
	for _, category := range []jobs.Category{
		jobs.UserUpdate, jobs.UserList, jobs.UserRead, jobs.UserCreation, jobs.UserAuthentication, jobs.UserToken, jobs.SecretsManager,
	} {
		rates[category] = share * c.plan.RateOf(category)
	}
	return rates
}

func (c *Carrier) tasks(part Part, work *workshop) iter.Seq2[runner.Task, error] {
	return func(yield func(runner.Task, error) bool) {
		for row, err := range c.plan.file.Part(part.First, part.Last) {
			var task runner.Task
			if err == nil {
				task, err = c.task(row, part, work)
			}
			if err == nil && task.Seq == 0 { // it has ended
				continue
			}
			if !yield(task, err) || err != nil {
				return
			}
		}
	}
}

func (c *Carrier) task(row runfile.Row, part Part, work *workshop) (runner.Task, error) {
	task := taskOf(row.Task)
	task.Attempts, task.Throttled, task.StartedAt, task.Doubt = row.Attempts, row.Throttled, row.StartedAt, row.Doubt
	task.Done, task.Made = row.Done, row.Made
	if part.Recall != nil && !part.Recall(&task) {
		return runner.Task{}, nil
	}
	switch {
	case row.Skip != "" || row.Fail != "" || !row.Action.Sets():
		return task, nil
	case row.Password.Kind == jobs.GeneratedPassword:
		return task, work.fill(&task, row.Password)
	case part.Password == nil:
		return task, errors.New("the plan gives passwords, and they are not here")
	}
	var err error
	task.Password, err = part.Password(task)
	return task, err
}

// gated is a directory that is asked only while it may be.
type gated struct {
	directory
	may  func() error
	stop context.CancelCauseFunc
}

func (g gated) Do(ctx context.Context, t runner.Task) (runner.Answer, error) {
	if g.may == nil {
		return g.directory.Do(ctx, t)
	}
	if err := g.may(); err != nil {
		g.stop(fmt.Errorf("nothing more is sent: %w", err))
		return runner.Answer{}, &runner.Error{Class: runner.Host, Message: err.Error(), Err: err} // surely not sent
	}
	return g.directory.Do(ctx, t)
}
