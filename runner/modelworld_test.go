package runner_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

// world is a pool of users who live their own lives, and what an observer
// sees of it who knows everything.
type world struct {
	scenario
	born time.Time

	mu     sync.Mutex
	people map[string]*person
	wrong  []string // how cogpass has broken its word
}

// person is a user, and what is known of them.
type person struct {
	user
	name string
	seen []state // oldest first; the last is how it is

	requests, looks, changes int
	codes, codesAllowed      int
	own                      bool        // the password is one that the user has chosen since a change
	mayOverwrite             bool        // that one, once
	retried                  bool        // the task was taken up again after it had an outcome
	unanswered               time.Time   // when the first request left whose fate cogpass has not on disk
	answered                 bool        // all were answered so far
	oldSights                []time.Time // looks since then that showed it as not carried out
}

type state struct {
	from   time.Time
	status runner.Status
	since  time.Time // when it was modified
}

func newWorld(s scenario) *world {
	w := &world{scenario: s, born: time.Now(), people: map[string]*person{}}
	for i, u := range s.users {
		p := &person{user: u, name: username(i), codesAllowed: 1}
		p.seen = []state{{status: u.status, since: w.now().Add(-24 * time.Hour)}}
		w.people[p.name] = p
	}
	return w
}

func username(i int) string { return fmt.Sprintf("user-%d", i+1) }

func (w *world) now() time.Time { return time.Now().Add(w.skew) }

func (w *world) breach(format string, args ...any) {
	at := time.Since(w.born).Round(time.Millisecond)
	w.wrong = append(w.wrong, at.String()+": "+fmt.Sprintf(format, args...))
}

func (p *person) become(at time.Time, s runner.Status) {
	p.seen = append(p.seen, state{at, s, at})
}

// takeUp begins anew with a task that has an outcome: whoever asks for a retry
// answers for a second code and an overwritten password.
func (p *person) takeUp() {
	p.codesAllowed, p.mayOverwrite, p.retried, p.unanswered, p.oldSights = p.codes+1, true, true, time.Time{}, nil
}

// request is one that has left.
type request struct {
	runner.Task
	fate  fate
	left  time.Time
	doubt time.Time // when an earlier one left of which cogpass may not know what became; zero if there is none
	clear bool      // all before it were answered
}

// serve is what the server does with a request. It does so also where the one
// who asked has died.
func (w *world) serve(r request) (runner.Answer, error) {
	time.Sleep(w.latency / 2)
	a := w.reply()
	switch r.fate {
	case throttle:
		return a, &runner.Error{Class: runner.Throttled, Message: "slow down", Answer: a}
	case broken:
		return a, &runner.Error{Class: runner.InDoubt, Message: "broken", Answer: a}
	case refused:
		return a, &runner.Error{Class: runner.UserFault, Message: "refused", Answer: a}
	case noBudget:
		return a, &runner.Error{Class: runner.Budget, Message: "no more messages", Answer: a}
	case lostBefore:
		return runner.Answer{}, errors.New("EOF")
	}
	w.change(r)
	if r.fate == silent {
		time.Sleep(time.Hour)
	}
	time.Sleep(w.latency - w.latency/2)
	switch r.fate {
	case lostAfter:
		return runner.Answer{}, errors.New("EOF")
	case brokenLate:
		return a, &runner.Error{Class: runner.InDoubt, Message: "broken", Answer: w.reply()}
	}
	return w.reply(), nil
}

func (w *world) reply() runner.Answer { return runner.Answer{Date: w.now().Truncate(time.Second)} }

// change makes the change of a task, and has the user act on it in time.
func (w *world) change(r request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.people[r.Username]
	if p.own && !p.mayOverwrite && (r.doubt.IsZero() || r.left.Sub(r.doubt) > time.Minute) {
		w.breach("%s: a password was overwritten that the user had chosen", p.name)
	}
	p.changes++
	p.own, p.mayOverwrite = false, false
	switch r.Action {
	case jobs.Reset:
		if p.codes++; p.codes > p.codesAllowed {
			w.breach("%s was sent %d codes", p.name, p.codes)
		}
		p.become(w.now(), runner.ResetRequired)
	case jobs.SetTemporary:
		p.become(w.now(), runner.ForceChangePassword)
	case jobs.SetPermanent:
		p.become(w.now(), runner.Confirmed)
	}
	if p.acts > 0 {
		time.AfterFunc(p.acts, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			p.own = true
			p.become(w.now(), runner.Confirmed)
		})
	}
}

// show is what ListUsers shows: how a user was a while ago.
func (w *world) show(p *person) runner.Sight {
	s := runner.Sight{Answer: w.reply(), Found: true, Username: p.name}
	for _, was := range p.seen {
		if !was.from.After(w.now().Add(-w.lag)) {
			s.Status, s.Modified = was.status, was.since
		}
	}
	return s
}

// process is one life of the program: the directory and the journal of its run.
type process struct {
	*world
	journal runner.Journal
	onBegin func()
	dead    chan struct{} // closed when it is killed
	full    atomic.Bool   // nothing can be written any more
	begun   map[int64]bool
	known   []*person // whose answers were given to the journal since the last Begin
}

var errDead, errFull = errors.New("this process is dead"), errors.New("the disk is full")

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

func (p *process) Begin(ctx context.Context, attempts []runner.Intent) error {
	if err := p.cannotWrite(); err != nil {
		return err
	}
	p.mu.Lock()
	known := p.known
	p.known = nil
	p.mu.Unlock()
	if err := p.journal.Begin(ctx, attempts); err != nil {
		return err
	}
	p.durable(known)
	p.mu.Lock()
	for _, i := range attempts {
		p.begun[i.Seq] = true
	}
	p.mu.Unlock()
	p.onBegin()
	return nil
}

func (p *process) End(ctx context.Context, i runner.Intent) error {
	if err := p.cannotWrite(); err != nil {
		return err
	}
	p.record(username(int(i.Seq - 1)))
	return p.journal.End(ctx, i)
}

func (p *process) Do(ctx context.Context, t runner.Task) (runner.Answer, error) {
	if p.isDead() {
		return runner.Answer{}, errDead
	}
	r := p.arrive(t)
	type reply struct {
		answer runner.Answer
		err    error
	}
	replies := make(chan reply, 1)
	go func() {
		a, err := p.serve(r)
		replies <- reply{a, err}
	}()
	select {
	case got := <-replies:
		p.answer(r, got.err)
		return got.answer, got.err
	case <-ctx.Done():
		return runner.Answer{}, ctx.Err()
	case <-p.dead:
		return runner.Answer{}, errDead
	}
}

// arrive observes a request that leaves.
func (p *process) arrive(t runner.Task) (r request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := p.people[t.Username]
	if !p.begun[t.Seq] {
		p.breach("%s: a request was sent that is not in the journal", u.name)
	}
	delete(p.begun, t.Seq)
	r = request{Task: t, left: time.Now(), doubt: u.unanswered}
	switch n := len(u.oldSights); {
	case t.Action.Sets() && n > 0, n > 1 && u.oldSights[n-1].Sub(u.oldSights[0]) >= 4*time.Second:
		r.doubt = time.Time{}
	case t.Action.Sets():
	case u.answered: // and that was on disk in time
		r.doubt = time.Time{}
	case !r.doubt.IsZero():
		p.breach("%s: a reset in doubt was sent again, after looks at %v", u.name, u.oldSights)
	}
	if u.oldSights = nil; r.doubt.IsZero() {
		u.unanswered = r.left
	}
	r.clear = r.doubt.IsZero() || u.answered
	r.fate = u.fates.at(u.requests)
	u.requests++
	u.answered = false
	return r
}

// answer observes that an answer came, if err is one.
func (p *process) answer(r request, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var fault *runner.Error
	p.people[r.Username].answered = (err == nil || errors.As(err, &fault) && fault.Class != runner.InDoubt) && r.clear
}

// record observes that what became of a request is given to the journal.
func (p *process) record(username string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if u := p.people[username]; u.answered {
		p.known = append(p.known, u)
	}
}

// durable observes that a crash cannot lose it any more.
func (p *process) durable(known []*person) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, u := range known {
		u.unanswered = time.Time{}
	}
}

func (p *process) Look(ctx context.Context, username string) (runner.Sight, error) {
	select {
	case <-time.After(p.latency):
	case <-ctx.Done():
		return runner.Sight{}, ctx.Err()
	case <-p.dead:
		return runner.Sight{}, errDead
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	u := p.people[username]
	what := u.lookFates.at(u.looks)
	u.looks++
	switch what {
	case throttle:
		return runner.Sight{}, &runner.Error{Class: runner.Throttled, Message: "slow down", Answer: p.reply()}
	case broken, lostBefore, lostAfter:
		return runner.Sight{}, errors.New("EOF")
	}
	s := p.show(u)
	if s.Modified.Before(u.unanswered.Add(p.skew)) {
		u.oldSights = append(u.oldSights, time.Now())
	}
	return s, nil
}
