package runner_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

// world is a pool, its users, and what one sees of it who sees everything.
type world struct {
	nature
	seed   uint64
	broken *mutation // a rule that is broken on purpose, or nil
	born   time.Time
	lives  []life
	shelf  shelf
	jitter dice
	over   bool

	allowed, counted, mailed int // messages: of the budget, counted against it, and sent

	restored bool // the journal was an older copy once

	nights
	keeping keeping
	store   map[string]*kept // by user

	mu      sync.Mutex
	people  []*person
	byName  map[string]*person
	program *person // who stands for the program in the history
	taken   []time.Time
	taking  map[int64]bool
	wrong   []breach
}

func newWorld(seed uint64, broken *mutation) *world {
	d := newDice(seed, 0)
	w := &world{seed: seed, broken: broken, born: time.Now(), byName: map[string]*person{}, program: &person{name: "the program"},
		jitter: newDice(seed, 1), nature: drawNature(d)}
	w.drawSteps(newDice(seed, 3))
	w.drawPasswords(newDice(seed, 4))
	n := 1 + d.IntN(5)
	if d.chance(0.1) {
		n = 25 + d.IntN(30)
	}
	for i := range n {
		p := drawPerson(d, seed, i, w.born)
		p.drawSteps(newDice(seed, uint64(i+1)*10+2), w.steps)
		p.drawPassword(newDice(seed, uint64(i+1)*10+3), w.keeping)
		p.touched = p.modified
		if !p.gone && p.status == deeds[p.action].leaves {
			p.led = p.modified
		}
		p.modified = p.modified.Add(w.skew)
		p.shown[0] = p.state
		w.people, w.byName[p.name] = append(w.people, p), p
	}
	for i := range d.IntN(5) {
		w.lives = append(w.lives, drawLife(d, i+1, w.skew))
	}
	w.shelf = newMemory(w.people, newDice(seed, 2))
	if broken != nil && broken.world != nil {
		broken.world(w)
	}
	return w
}

// server is the time by the server's clock.
func (w *world) server() time.Time { return time.Now().Add(w.skew) }

func (w *world) describe() string {
	n := w.nature
	names := func(all []trouble) (s []string) {
		for _, t := range all {
			s = append(s, t.name)
		}
		return s
	}
	return fmt.Sprintf("seed %d: rate %v, concurrency %d, attempts %d, timeout %v, latency %v, lag %v, skew %v, quota %d, whole seconds %t, history %t, passwords %d\n"+
		"  troubles %v of %q\n  of looks %v of %q, without a time %v; dates wrong %v, none %t; blackouts %+v\n",
		w.seed, n.rate, n.concurrency, n.attempts, n.timeout, n.latency, n.lag, n.skew, n.quota, n.seconds, n.remembers, w.keeping,
		n.trouble, names(n.troubles), n.lookTrouble, names(n.looks), n.timeless, n.wrongDate, n.noDate, n.blackouts)
}

// play plays the world to its end.
func (w *world) play() {
	for _, p := range w.people {
		p.begin(w)
	}
	for _, l := range w.lives {
		w.live(l)
	}
	w.finish()
	time.Sleep(3 * time.Hour) // for all that is still on its way
	w.mu.Lock()
	defer w.mu.Unlock()
	if all, err := w.shelf.results(); err == nil {
		w.atTheEnd(all)
	}
	w.over = true
}

// finish has a run come to its end.
func (w *world) finish() {
	for n := len(w.lives) + 1; ; n++ {
		all, err := w.shelf.results()
		if err != nil {
			w.breach(w.program, "reading the journal: %v", err)
			break
		}
		if !pending(all) {
			break
		}
		if n > 200 {
			w.breach(w.program, "after %d lives it has not come to its end", n)
			break
		}
		w.live(lastLife(n))
	}
}

func pending(all []runner.Result) bool {
	for _, r := range all {
		if r.Outcome == runner.Pending {
			return true
		}
	}
	return false
}

// live is one life of the program.
func (w *world) live(l life) {
	if l.restored {
		w.restored = true
		w.shelf.restore()
	}
	before, err := w.shelf.results()
	if err == nil {
		err = w.run(l, before)
	}
	if err != nil {
		w.mu.Lock()
		w.breach(w.program, "life %d: %v", l.n, err)
		w.mu.Unlock()
	}
	time.Sleep(l.pause)
}

func (w *world) run(l life, before []runner.Result) error {
	w.takeUp(l, before)
	journal, err := w.shelf.open(l)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	p := &process{world: w, life: l, born: time.Now(), journal: journal, dead: make(chan struct{}), bill: newBill(),
		begun: map[int64]bool{}, begunStep: map[int64]runner.Step{}, knows: map[string]bool{}, emitted: map[int64]runner.Outcome{}, left: map[jobs.Category][]time.Time{}, course: map[int64]*course{}}
	if w.budget > 0 {
		w.allowed += w.budget
	}
	finish := p.ends(stop)
	dir, opt := runner.Directory(p), p.options(ctx)
	tasks := p.tasks()
	if w.broken != nil {
		dir, tasks = w.broken.apply(p, tasks, &opt)
	}
	p.clock = opt.Clock
	err = runner.Run(ctx, dir, tasks, opt, p.emit)
	return p.settle(err, finish(), before)
}

// settle closes the journal of a life that is over, and judges it.
func (p *process) settle(err error, dead bool, before []runner.Result) error {
	why := err
	var stopped *runner.Stopped
	if errors.As(err, &stopped) || errors.Is(err, context.Canceled) || errors.Is(err, errDead) || errors.Is(err, errFull) {
		err = nil
	}
	if !dead && p.full.Load() {
		dead = true
		err = errors.Join(err, p.shelf.kill())
	}
	if closed := p.journal.Close(); !dead {
		err = errors.Join(err, closed)
	}
	after, unread := p.shelf.results()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.note(p.program, "life %d is over: %v", p.life.n, why)
	if late := time.Since(p.stopped) - p.grace; !dead && !p.stopped.IsZero() && late > time.Second {
		p.breach(p.program, "life %d ended %v after the grace", p.life.n, late)
	}
	p.judgePace()
	if w := p.world; errors.Is(why, errOverspent) && w.counted < w.allowed {
		p.breach(p.program, "it has stopped for want of messages, and %d are left", w.allowed-w.counted)
	}
	p.judgeAttempts()
	if unread == nil {
		p.unchanged(before, after)
		if !dead {
			p.kept(after)
		}
	}
	return errors.Join(err, unread)
}

// takeUp notes which tasks a life takes up again.
func (w *world) takeUp(l life, all []runner.Result) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.taking = map[int64]bool{}
	w.note(w.program, "life %d: %s after %v; off by %v, offline %t, retry failed %t, retry unknown %t, an older copy %t, flush %v, disk %v, steering %v", l.n,
		l.end, l.after, l.off, l.offline, l.retryFailed, l.retryUnknown, l.restored, l.flush, l.slowDisk, l.steps)
	for i, res := range all {
		if res.Outcome == runner.Pending {
			continue
		}
		if done, again := left(res, l.retryFailed, l.retryUnknown); again {
			w.taking[res.Seq] = true
			w.takesUp(w.people[i], res.Outcome, len(done) == 0 || done[0].Step != runner.Act, done)
		}
	}
}

func (p *process) options(ctx context.Context) runner.Options {
	clock := new(runner.Clock)
	if !p.life.offline && !p.noDate {
		clock.Observe(p.life.toHere(p.server()).Truncate(time.Second), time.Now(), time.Now())
	}
	opt := runner.Options{
		Rate: p.rate, Concurrency: p.concurrency, Attempts: p.attempts, MaxDelay: p.maxDelay, Timeout: p.timeout, Outage: p.outage, Grace: p.grace,
		Journal: p, Clock: clock, Rates: p.steer(ctx), Recheck: p.recheck,
	}
	opt.Generate = p.generate
	switch p.keeping {
	case readable:
		opt.Handoff = reading{p}
	case opaque:
		opt.Handoff = p
	}
	if p.budget > 0 {
		opt.Budget, opt.Unspent = p.spend, p.unspent
	}
	opt.SetJitter(p.jitter.Float64)
	return opt
}

func (p *process) tasks() iter.Seq2[runner.Task, error] {
	return func(yield func(runner.Task, error) bool) {
		for t, err := range p.journal.pending(p.life.retryFailed, p.life.retryUnknown) {
			if t.Action.Sets() && !t.Generated {
				t.Password = jobs.NewSecret(jobPassword(t.Username))
			}
			t.StartedAt = p.life.toHere(t.StartedAt)
			if t.Doubt != nil {
				t.Doubt.Began, t.Doubt.StartedAt = p.life.toHere(t.Doubt.Began), p.life.toHere(t.Doubt.StartedAt)
			}
			p.resumes(&t)
			p.overtakes(&t)
			if t.Doubt != nil {
				p.mu.Lock()
				who := p.byName[t.Username]
				who.doubtful[t.Doubt.Step] = true
				if w := p.world; w.restored { // of all steps
					for step := range who.doubtful {
						who.doubtful[step] = true
					}
				}
				if began := p.life.toTrue(t.Doubt.Began); who.begun.IsZero() || began.Before(who.begun) {
					who.begun = began
				}
				p.note(who, "is in doubt: began %v, off by %v", t.Doubt.Began.Sub(p.world.born), t.Doubt.Slack)
				p.mu.Unlock()
			}
			if !yield(t, err) || err != nil {
				return
			}
		}
	}
}

// ends has a life end as it is meant to. finish tells that it has ended, and
// asks whether it was killed.
func (p *process) ends(stop func()) (finish func() bool) {
	var once sync.Once
	dead := false
	p.kill = func() {
		once.Do(func() {
			dead = true
			if err := p.shelf.kill(); err != nil {
				panic(err)
			}
			close(p.dead)
			stop()
		})
	}
	var timers []*time.Timer
	interrupt := func() {
		p.mu.Lock()
		p.stopped = time.Now()
		p.mu.Unlock()
		stop()
	}
	in := func(after time.Duration, do func()) { timers = append(timers, time.AfterFunc(after, do)) }
	switch p.life.end {
	case killed:
		in(p.life.after, p.kill)
	case interrupted:
		in(p.life.after, interrupt)
	case impatient:
		in(p.life.after, interrupt)
		in(p.life.after+p.life.after/3+700*time.Millisecond, p.kill)
	case diskFull:
		in(p.life.after, func() { p.full.Store(true) })
	}
	in(6*time.Hour, func() {
		p.mu.Lock()
		p.breach(p.program, "life %d has not ended for 6 hours", p.life.n)
		p.mu.Unlock()
		p.kill()
	})
	return func() bool {
		for _, t := range timers {
			t.Stop()
		}
		once.Do(func() {}) // waits for a kill that has begun
		return dead
	}
}

// steer asks for other rates while the run goes on. No run stays paused.
func (p *process) steer(ctx context.Context) <-chan float64 {
	p.rates = []asked{{from: time.Now(), rate: p.rate}}
	steps := p.life.steps
	if len(steps) == 0 {
		return nil
	}
	if last := steps[len(steps)-1]; last.rate == 0 {
		steps = append(steps[:len(steps):len(steps)], steering{last.after + time.Second, p.rate})
	}
	rates := make(chan float64)
	go func() {
		for _, s := range steps {
			select {
			case <-time.After(s.after):
			case <-ctx.Done():
				return
			}
			from := time.Now()
			select {
			case rates <- s.rate:
			case <-ctx.Done():
				return
			}
			p.mu.Lock()
			p.rates[len(p.rates)-1].to = time.Now()
			p.rates = append(p.rates, asked{from: from, rate: s.rate})
			p.note(p.program, "life %d: the rate is to be %v", p.life.n, s.rate)
			p.mu.Unlock()
		}
	}()
	return rates
}
