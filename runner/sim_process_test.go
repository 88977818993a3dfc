package runner_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

// process is one life of the program: the directory and the journal of its run.
type process struct {
	*world
	life    life
	born    time.Time
	journal notebook
	dead    chan struct{} // closed when it is killed
	kill    func()
	full    atomic.Bool // nothing can be written any more

	// Of what it did; guarded by the world's mutex.
	begun     map[int64]bool
	begunStep map[int64]runner.Step
	knows     map[string]bool // versions that are in the journal
	emitted   map[int64]runner.Outcome
	left      map[jobs.Category][]time.Time
	rates     []asked
	stopped   time.Time // when it was interrupted; zero: it was not
	clock     *runner.Clock
	bill
	inFlight int
	course   map[int64]*course // of each task
}

func (p *process) isDead() bool {
	select {
	case <-p.dead:
		return true
	default:
		return false
	}
}

// cannotWrite returns why nothing can be recorded, or nil.
func (p *process) cannotWrite() error {
	switch {
	case p.isDead():
		return errDead
	case p.full.Load():
		return errFull
	}
	return nil
}

// toHere turns a true time into one as this life's machine has it, and toTrue
// the other way: as time.Now cannot be off, all other times are.
func (l life) toHere(t time.Time) time.Time { return shift(t, -l.off) }
func (l life) toTrue(t time.Time) time.Time { return shift(t, l.off) }

func shift(t time.Time, by time.Duration) time.Time {
	if t.Unix() <= 0 { // no time
		return t
	}
	return t.Add(by)
}

// Do implements runner.Directory.
func (p *process) Do(ctx context.Context, t runner.Task) (runner.Answer, error) {
	if p.isDead() {
		return runner.Answer{}, errDead
	}
	who := p.byName[t.Username]
	if p.probes(t) {
		return p.tries(ctx, who, t)
	}
	r := p.departs(who, t)
	got := p.wait(ctx, r, func() (runner.Sight, *runner.Error) { return runner.Sight{}, p.carryOut(who, r) })
	p.answered(who, r, got)
	return got.sight.Answer, got.err
}

// Look implements runner.Looker.
func (p *process) Look(ctx context.Context, username string) (runner.Sight, error) {
	if p.isDead() {
		return runner.Sight{}, errDead
	}
	who := p.byName[username]
	r := p.drawLook(who)
	got := p.wait(ctx, r, func() (runner.Sight, *runner.Error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		s := p.sight(who, r.lag)
		if r.trouble.blur != nil {
			r.trouble.blur(&s)
		}
		return s, nil
	})
	p.looked(who, r, got)
	return got.sight, got.err
}

// wait makes a request, and waits for its reply as long as ctx and the process
// live.
func (p *process) wait(ctx context.Context, r *request, do func() (runner.Sight, *runner.Error)) reply {
	gone := make(chan struct{})
	defer close(gone)
	replies := make(chan reply, 1)
	go func() { replies <- p.serve(r, gone, do) }()
	var got reply
	select {
	case got = <-replies:
	case <-ctx.Done():
		return reply{err: ctx.Err()}
	case <-p.dead:
		return reply{err: errDead}
	}
	// By this machine's clock, all times of the server's are off by as much.
	var fault *runner.Error
	if errors.As(got.err, &fault) {
		fault := *fault
		fault.Answer.Date = p.life.toHere(fault.Answer.Date)
		got.err = &fault
	}
	got.sight.Date, got.sight.Modified = p.life.toHere(got.sight.Date), p.life.toHere(got.sight.Modified)
	return got
}

// departs observes a request that leaves.
func (p *process) departs(who *person, t runner.Task) *request {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.begun[t.Seq] {
		p.breach(who, "a request was sent that is not in the journal")
	}
	delete(p.begun, t.Seq)
	p.mayLeave(who, t.Step)
	p.handsOver(who, &t)
	who.sent++
	r := &request{Task: t, n: who.sent, era: who.era}
	p.draw(who, r, p.troubles, p.trouble, &who.troubles)
	p.note(who, "request %d: %s", r.n, r.trouble)
	p.leaves(r, laneOf(t))
	return r
}

// drawLook decides what becomes of a look that leaves now.
func (p *process) drawLook(who *person) *request {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := &request{Task: runner.Task{Username: who.name}, n: who.looks + 1}
	who.looks++
	p.draw(who, r, p.looks, p.lookTrouble, &who.lookTroubles)
	if r.trouble.name == "" && who.requests.chance(p.timeless) {
		r.trouble = timeless
	}
	p.leaves(r, jobs.UserList)
	return r
}

// leaves notes when a request leaves.
func (p *process) leaves(r *request, lane jobs.Category) {
	r.probe = p.holds(lane)
	p.left[lane] = append(p.left[lane], time.Now())
	if p.inFlight++; p.inFlight > p.concurrency {
		p.breach(p.program, "%d requests in flight, and %d are allowed", p.inFlight, p.concurrency)
	}
}

// answered observes what came of a request.
func (p *process) answered(who *person, r *request, got reply) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inFlight--
	p.bills(who, laneOf(r.Task), r, got.err)
	p.note(who, "request %d: %v", r.n, got.err)
	if r.trouble.unsent {
		return
	}
	var fault *runner.Error
	if got.err != nil && (!errors.As(got.err, &fault) || fault.Class == runner.InDoubt || fault.Class == runner.Unreadable || fault.Class == runner.Undelivered) {
		who.doubtful[r.Step] = true
	}
}

// looked observes what a look has shown.
func (p *process) looked(who *person, r *request, got reply) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inFlight--
	p.bills(nil, jobs.UserList, r, got.err)
	var fault *runner.Error
	if got.err != nil && !(errors.As(got.err, &fault) && fault.Class == runner.Throttled) || r.trouble.blur != nil {
		who.dim = "a look has shown nothing, or what is not so"
	}
	if got.err != nil {
		p.note(who, "look %d (%s): %v", r.n, r.trouble, got.err)
		return
	}
	s := got.sight
	if r.trouble.blur == nil && s.Found {
		who.seen = time.Now().Add(-r.back - r.lag)
	}
	p.note(who, "look %d (%s): %s as of %v ago, found %t, modified %v", r.n, r.trouble, s.Status, r.lag, s.Found, s.Modified.Sub(p.world.born))
}

func (p *process) emit(res runner.Result) error {
	if err := p.cannotWrite(); err != nil {
		return err
	}
	p.mu.Lock()
	who := p.byName[res.Username]
	if !p.of(res.Seq).old {
		p.ended(who, res)
	}
	p.emitted[res.Seq] = res.Outcome
	p.settled(charged{who, runner.Act})
	for _, b := range res.Beside {
		p.of(res.Seq).emitted[b.Step] = b.Outcome
		p.endedBeside(who, b)
		p.settled(charged{who, b.Step})
	}
	p.hasActed(who, res.Outcome)
	p.mu.Unlock()
	res.StartedAt, res.FinishedAt = p.life.toTrue(res.StartedAt), p.life.toTrue(res.FinishedAt)
	res.Beside = slices.Clone(res.Beside)
	for i := range res.Beside {
		b := &res.Beside[i]
		b.StartedAt, b.FinishedAt = p.life.toTrue(b.StartedAt), p.life.toTrue(b.FinishedAt)
	}
	return p.journal.Record(res)
}

// Begin implements runner.Journal.
func (p *process) Begin(ctx context.Context, attempts []runner.Intent) error {
	if err := p.cannotWrite(); err != nil {
		return err
	}
	theirs := make([]runner.Intent, len(attempts))
	for n, i := range attempts {
		i.Began, i.StartedAt = p.life.toTrue(i.Began), p.life.toTrue(i.StartedAt)
		theirs[n] = i
	}
	if err := p.journal.Begin(ctx, theirs); err != nil {
		return err
	}
	if p.life.end == killedBegun && time.Since(p.born) >= p.life.after {
		p.kill()
	}
	if p.isDead() {
		return errDead
	}
	p.began(attempts)
	return nil
}

// began observes that attempts are in the journal.
func (p *process) began(attempts []runner.Intent) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range attempts {
		p.begun[i.Seq], p.begunStep[i.Seq] = true, i.Step
		p.knows[i.Version] = true
		if who := p.people[i.Seq-1]; who.begun.IsZero() {
			who.begun = time.Now()
		}
	}
}

// End implements runner.Journal.
func (p *process) End(ctx context.Context, i runner.Intent) error {
	if err := p.cannotWrite(); err != nil {
		return err
	}
	i.Began, i.StartedAt = p.life.toTrue(i.Began), p.life.toTrue(i.StartedAt)
	return p.journal.End(ctx, i)
}

// Ended implements runner.Journal.
func (p *process) Ended(ctx context.Context, seq int64, r runner.StepResult) error {
	if err := p.cannotWrite(); err != nil {
		return err
	}
	p.mu.Lock()
	who := p.people[seq-1]
	p.note(who, "step %d has ended: %v", r.Step, r.Outcome)
	p.of(seq).done[r.Step] = true
	p.settled(charged{who, r.Step})
	if r.Step == runner.Act {
		p.of(seq).acted = r.Outcome
		p.hasActed(who, r.Outcome)
	}
	p.mu.Unlock()
	r.StartedAt, r.FinishedAt = p.life.toTrue(r.StartedAt), p.life.toTrue(r.FinishedAt)
	return p.journal.Ended(ctx, seq, r)
}
