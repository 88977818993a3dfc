package runner_test

import (
	"context"
	"errors"
	"iter"
	"sync"
	"testing"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

// A mutation breaks a rule, from outside of the engine: it stands between it
// and the world.
type mutation struct {
	name  string
	do    func(*process, runner.Task, error) error
	look  func(*process, string, *runner.Sight)
	begin func(*process, context.Context, []runner.Intent) error
	task  func(*runner.Task)
	opt   func(*runner.Options)
	ended func(*process) bool // a step that has ended does not get to the journal
	world func(*world)
}

var mutations = []mutation{
	{name: "a reset is sent again after a 500", do: func(_ *process, _ runner.Task, err error) error {
		return reclass(err, runner.Transient, func(e *runner.Error) bool { return e.Class == runner.InDoubt && e.Code != "" })
	}},
	{name: "a reset is sent again after a gateway's 502", do: func(_ *process, _ runner.Task, err error) error {
		return reclass(err, runner.Transient, func(e *runner.Error) bool { return e.Class == runner.InDoubt && e.Code == "" })
	}},
	{name: "a lost answer counts as a lost request", do: func(_ *process, _ runner.Task, err error) error {
		if errors.Is(err, errLost) {
			return refused
		}
		return err
	}},
	{name: "a look without a time is trusted", look: func(_ *process, _ string, s *runner.Sight) {
		if s.Found && s.Modified.Unix() <= 0 {
			s.Modified = time.Now().Add(-24 * time.Hour)
		}
	}},
	{name: "a look at another user is trusted", look: func(_ *process, name string, s *runner.Sight) { s.Username = name }},
	{name: "an intent is not waited for", begin: func(p *process, _ context.Context, attempts []runner.Intent) error {
		for _, i := range attempts {
			m := p.journal.(*memoryLife)
			if err := m.add(func(r *row) {
				r.intends(i)
				r.tried(i)
			}, i.Seq); err != nil {
				return err
			}
		}
		p.began(attempts)
		return nil
	}},
	{name: "what an earlier run left in doubt is forgotten", task: func(t *runner.Task) { t.Doubt = nil }},
	{name: "what an earlier run left in doubt is thought to be new", task: func(t *runner.Task) {
		if t.Doubt != nil {
			t.Doubt.Began = time.Now()
		}
	}},
	{name: "an older copy of the journal is run as if it were whole", world: func(w *world) { w.shelf.(*memory).lies = true }},
	{name: "one look is enough", look: oneLook()},
	{name: "steps that have ended are forgotten", task: func(t *runner.Task) { t.Done = nil }},
	{name: "no journal is told of steps that have ended", ended: func(*process) bool { return true }},
	{name: "signed out before the action", task: func(t *runner.Task) {
		if t.SignOut != jobs.NoSignOut && len(t.Done) == 0 {
			t.Done = []runner.StepResult{{Step: runner.Act, Outcome: runner.OK}}
		}
	}},
	{name: "signed out whatever came of the action", task: func(t *runner.Task) {
		if t.SignOut == jobs.SignOutIfOK {
			t.SignOut = jobs.SignOutAlways
		}
	}},
	{name: "made again blindly, and the password set over the user's own", task: func(t *runner.Task) {
		if t.Doubt != nil && t.Doubt.Step == runner.Create {
			t.Doubt = nil
		}
	}, do: func(_ *process, t runner.Task, err error) error {
		if t.Step == runner.Create {
			if errors.Is(err, errLost) {
				return refused
			}
			return reclass(err, runner.Transient, func(e *runner.Error) bool { return e.Class == runner.InDoubt })
		}
		return err
	}},
	{name: "a protected user is not left out", task: func(t *runner.Task) { t.Skip = "" }},
	{name: "what is impossible is tried", task: func(t *runner.Task) { t.Fail = "" }},
	{name: "nobody looks before the action", task: func(t *runner.Task) { t.Recheck = false }},
	{name: "the look before the action is not heeded", opt: func(o *runner.Options) {
		ask := o.Recheck
		o.Recheck = func(t runner.Task, s runner.Sight) (string, string) {
			ask(t, s)
			return "", ""
		}
	}},
	{name: "the budget is asked after the message is sent", opt: func(o *runner.Options) {
		ask := o.Budget
		var refused error
		if ask != nil {
			o.Budget = func(t runner.Task) error {
				if refused != nil {
					return refused
				}
				refused = ask(t)
				return nil
			}
		}
	}},
	{name: "what may have been sent is given back to the budget", do: func(p *process, t runner.Task, err error) error {
		if errors.Is(err, errLost) && p.budget > 0 {
			p.unspent(t)
		}
		return err
	}},
	{name: "the passwords of an earlier run are forgotten", task: func(t *runner.Task) { t.Made = nil }},
	{name: "a password is sent before it is handed over", task: func(t *runner.Task) {
		if t.Generated && len(t.Done) == 0 {
			t.Done = []runner.StepResult{{Step: runner.Prepare, Outcome: runner.OK}}
		}
	}},
	{name: "the store gives another password than the one that was sent", opt: func(o *runner.Options) {
		if h, ok := o.Handoff.(reading); ok {
			o.Handoff = forgetful{h}
		}
	}},
	{name: "the store is told before the action has ended", opt: func(o *runner.Options) {
		if o.Handoff != nil {
			o.Handoff = hasty{o.Handoff}
		}
	}},
	{name: "one attempt too many", opt: func(o *runner.Options) { o.Attempts++ }},
	{name: "too fast", opt: func(o *runner.Options) { o.Rate *= 1.5 }},
	{name: "looks are too fast", opt: func(o *runner.Options) { o.Lanes = map[jobs.Category]float64{jobs.UserList: 30} }},
	{name: "too many in flight", opt: func(o *runner.Options) { o.Concurrency++ }},
}

// TestSimulationFindsBrokenRules breaks one rule after the other: each is found
// within a thousand seeds.
func TestSimulationFindsBrokenRules(t *testing.T) {
	for _, m := range mutations {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			for seed := uint64(1); seed <= 1000; seed++ {
				if w := simulate(t, seed, &m); len(w.wrong) > 0 {
					t.Logf("found by seed %d: %s", seed, w.wrong[0].text)
					return
				}
			}
			t.Error("not found by 1,000 seeds")
		})
	}
}

// reclass returns an error as one of another class, where it is of those meant.
func reclass(err error, class runner.Class, meant func(*runner.Error) bool) error {
	var fault *runner.Error
	if !errors.As(err, &fault) || !meant(fault) {
		return err
	}
	other := *fault
	other.Class = class
	return &other
}

// oneLook shows a second time what a first look has shown.
func oneLook() func(*process, string, *runner.Sight) {
	type look struct {
		process *process
		name    string
	}
	var mu sync.Mutex
	seen := map[look]runner.Sight{}
	return func(p *process, name string, s *runner.Sight) {
		mu.Lock()
		defer mu.Unlock()
		if before, ok := seen[look{p, name}]; ok {
			*s = before
			delete(seen, look{p, name})
			return
		}
		seen[look{p, name}] = *s
	}
}

// apply has a life go on with a broken rule.
func (m *mutation) apply(p *process, tasks iter.Seq2[runner.Task, error], opt *runner.Options) (runner.Directory, iter.Seq2[runner.Task, error]) {
	b := &brokenProcess{p, m}
	opt.Journal = b
	if m.opt != nil {
		m.opt(opt)
	}
	return b, func(yield func(runner.Task, error) bool) {
		for t, err := range tasks {
			if m.task != nil {
				m.task(&t)
			}
			if !yield(t, err) {
				return
			}
		}
	}
}

// brokenProcess is a process with a rule that is broken.
type brokenProcess struct {
	*process
	mutation *mutation
}

func (b *brokenProcess) Do(ctx context.Context, t runner.Task) (runner.Answer, error) {
	a, err := b.process.Do(ctx, t)
	if err != nil && b.mutation.do != nil {
		err = b.mutation.do(b.process, t, err)
	}
	return a, err
}

func (b *brokenProcess) Look(ctx context.Context, name string) (runner.Sight, error) {
	s, err := b.process.Look(ctx, name)
	if err == nil && b.mutation.look != nil {
		b.mutation.look(b.process, name, &s)
	}
	return s, err
}

func (b *brokenProcess) Ended(ctx context.Context, seq int64, r runner.StepResult) error {
	if b.mutation.ended != nil && b.mutation.ended(b.process) {
		return nil
	}
	return b.process.Ended(ctx, seq, r)
}

func (b *brokenProcess) Begin(ctx context.Context, attempts []runner.Intent) error {
	if b.mutation.begin == nil {
		return b.process.Begin(ctx, attempts)
	}
	if err := b.cannotWrite(); err != nil {
		return err
	}
	return b.mutation.begin(b.process, ctx, attempts)
}
