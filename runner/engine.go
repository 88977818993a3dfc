package runner

import (
	"container/heap"
	"context"
	"time"
)

const (
	firstDelay = 200 * time.Millisecond // bound of the first backoff
	minLead    = 15 * time.Millisecond  // an intent is begun this long before its request may be sent, or more
	maxLead    = time.Second
	maxWaiting = 4096 // no new task is taken while more than this wait for another attempt
	maxTake    = 256  // tasks taken before answers are looked at again
)

// The engine is one run. Its loop runs on one goroutine and owns all its
// state; workers only make requests.
//
// A task goes from its source, or from waiting, into a batch; when the journal
// has it, it is armed; when its slot comes it is in flight; its answer ends
// it, makes it wait, or has it looked at.
type engine struct {
	opt    Options
	dir    Directory
	looker Looker
	next   func() (Task, error, bool)
	emit   func(Result) error

	begins, looks *lane // of Directory.Do and Looker.Look

	waiting waitHeap // for their time
	due     []*work  // whose time for another attempt has come
	toLook  []*work  // whose time to be looked at has come
	ahead   *pulled  // from the source, and not taken yet; or nil
	batch   []*work  // for the journal's next Begin
	armed   []*work  // in the journal

	requests  chan request
	answers   chan answer
	begun     chan begun
	beginning int // size of the batch that the journal has
	inFlight  int
	lead      time.Duration

	drained  bool // the source has ended
	stopping bool // no request may start
	lambdas  int  // lambda faults in a row
	stats    Stats
	err      error

	cancelAll context.CancelFunc
}

// pulled is what came from the source.
type pulled struct {
	task Task
	err  error
}

// begun tells that the journal is done with a batch.
type begun struct {
	batch []*work
	err   error
	took  time.Duration
}

func (e *engine) loop(ctx context.Context) {
	done, grace := ctx.Done(), (<-chan time.Time)(nil)
	timer := time.NewTimer(0)
	defer timer.Stop()
	select {
	case r, ok := <-e.opt.Rates:
		e.limit(r, ok)
	default:
	}
	for {
		now := time.Now()
		wake := never
		if !e.stopping {
			wake = e.advance(now)
		}
		if e.stopping && grace == nil {
			grace = time.After(e.opt.Grace)
		}
		if e.idle() && (e.stopping || e.drained && len(e.waiting) == 0) {
			break
		}
		timer.Reset(min(time.Hour, max(0, wake.Sub(now))))
		select {
		case a := <-e.answers:
			e.answered(a)
			e.answeredToo()
		case b := <-e.begun:
			e.arm(b)
		case <-timer.C:
		case <-done:
			done = nil
			e.fail(context.Cause(ctx))
		case <-grace:
			e.cancelAll()
		case r, ok := <-e.opt.Rates:
			e.limit(r, ok)
		}
	}
	e.leave()
}

// limit takes what came of Options.Rates.
func (e *engine) limit(rate float64, ok bool) {
	if !ok {
		e.opt.Rates = nil
		return
	}
	e.begins.limit(rate)
	e.begins.throttledSince = time.Time{}
}

// idle reports whether nothing is in the journal's or the workers' hands.
func (e *engine) idle() bool {
	if e.stopping {
		return e.inFlight == 0 && e.beginning == 0
	}
	return e.inFlight == 0 && e.beginning == 0 && len(e.armed) == 0 && len(e.batch) == 0 &&
		len(e.due) == 0 && len(e.toLook) == 0
}

// answeredToo takes the other answers that are there already.
func (e *engine) answeredToo() {
	for {
		select {
		case a := <-e.answers:
			e.answered(a)
		default:
			return
		}
	}
}

// advance does all that can be done at now, and returns when there will be
// more to do if nothing else happens.
func (e *engine) advance(now time.Time) time.Time {
	for len(e.waiting) > 0 && !e.waiting[0].due.After(now) {
		w := heap.Pop(&e.waiting).(*work)
		if w.next == toLook {
			e.toLook = append(e.toLook, w)
		} else {
			e.due = append(e.due, w)
		}
	}
	wake := e.collect(now)
	wake = earlier(wake, e.send(now))
	if len(e.waiting) > 0 {
		wake = earlier(wake, e.waiting[0].due)
	}
	return wake
}

// collect fills a batch with the tasks whose slots come within the lead, and
// gives it to the journal.
func (e *engine) collect(now time.Time) (wake time.Time) {
	wake = never
	for taken := 0; e.room() && !e.stopping; taken++ {
		if taken == maxTake {
			wake = now
			break
		}
		at := e.begins.next(now, len(e.batch)+e.beginning+len(e.armed)).Add(-e.lead)
		if at.After(now) {
			e.peek()
			if !e.drained || len(e.due) > 0 {
				wake = at
			}
			break
		}
		w, ok := e.take(now)
		if !ok {
			break
		}
		if w != nil {
			e.batch = append(e.batch, w)
		}
	}
	if len(e.batch) == 0 || e.beginning > 0 {
		return wake
	}
	batch := e.batch
	e.batch = nil
	if e.opt.Journal == nil {
		e.armed = append(e.armed, batch...)
		return wake
	}
	intents := make([]Intent, len(batch))
	for i, w := range batch {
		intents[i] = w.intend(now, e.opt.Clock)
	}
	e.beginning = len(batch)
	go func() {
		start := time.Now()
		err := e.opt.Journal.Begin(context.Background(), intents)
		e.begun <- begun{batch, err, time.Since(start)}
	}()
	return wake
}

// room reports whether one more request may be on its way.
func (e *engine) room() bool {
	return e.inFlight+len(e.armed)+e.beginning+len(e.batch) < e.opt.Concurrency
}

// take returns the next task to attempt: one that has waited, or a new one.
// The task is nil if what was taken needs no attempt, and ok is false if
// there is none.
func (e *engine) take(now time.Time) (w *work, ok bool) {
	if len(e.due) > 0 {
		w, e.due = e.due[0], e.due[1:]
		if w.doubt != nil && !e.fresh(now, w) {
			e.lookSoon(w, now)
			return nil, true
		}
		return w, true
	}
	if e.drained || len(e.waiting) >= maxWaiting {
		return nil, false
	}
	t, err, ok := e.pull()
	if !ok {
		return nil, false
	}
	if err != nil {
		e.fail(err)
		return nil, false
	}
	w = newWork(t)
	switch {
	case t.Skip != "":
		e.end(w, Skipped, t.Skip)
		return nil, true
	case t.Doubt != nil && !(t.Action.Sets() && e.fresh(now, w)):
		e.lookSoon(w, now)
		return nil, true
	}
	return w, true
}

// pull returns the next task of the source.
func (e *engine) pull() (t Task, err error, ok bool) {
	if next := e.ahead; next != nil {
		e.ahead = nil
		return next.task, next.err, true
	}
	t, err, ok = e.next()
	e.drained = !ok
	return t, err, ok
}

// peek pulls a task ahead of its time where nothing else is left to do: the
// run is over if there is none, and does not wait for the slot that it would
// have had.
func (e *engine) peek() {
	if e.drained || e.ahead != nil || !e.idle() || len(e.waiting) > 0 {
		return
	}
	if t, err, ok := e.pull(); ok {
		e.ahead = &pulled{t, err}
	}
}

// arm takes back a batch that the journal has recorded.
func (e *engine) arm(b begun) {
	e.beginning = 0
	if b.err != nil {
		e.journalFailed(b.err)
	}
	e.armed = append(e.armed, b.batch...)
	// Slow disks are begun with earlier, so that they do not set the pace.
	e.lead = min(maxLead, max(minLead, (3*e.lead+2*b.took)/4))
}

// send hands requests whose slots have come to the workers, who are never
// fewer than the requests in flight.
func (e *engine) send(now time.Time) (wake time.Time) {
	wake = never
	for len(e.armed) > 0 && e.inFlight < e.opt.Concurrency {
		if at := e.begins.next(now, 0); at.After(now) {
			wake = at
			break
		}
		w := e.armed[0]
		e.armed = e.armed[1:]
		if w.doubt != nil && !e.fresh(now, w) { // the run was paused since it was taken
			e.lookSoon(w, now)
			continue
		}
		e.begins.take()
		e.fly(request{w: w})
	}
	for len(e.toLook) > 0 && e.inFlight < e.opt.Concurrency {
		if at := e.looks.next(now, 0); at.After(now) {
			wake = earlier(wake, at)
			break
		}
		e.looks.take()
		e.fly(request{w: e.toLook[0], look: true})
		e.toLook = e.toLook[1:]
	}
	return wake
}

func (e *engine) fly(r request) {
	e.inFlight++
	e.requests <- r
}

// leave lets go of the tasks that a stopped run has not ended. What was in
// the journal and not sent is taken back.
func (e *engine) leave() {
	for _, w := range e.armed {
		e.unsent(w) // and so, where it is in doubt, due
	}
	if e.opt.Journal != nil {
		return
	}
	for _, list := range [][]*work{e.waiting, e.due, e.toLook, e.batch} {
		for _, w := range list {
			if w.doubt != nil {
				e.end(w, Unknown, "no answer came, and the run was stopped before it was looked at")
			}
		}
	}
}

// earlier returns the earlier of two times.
func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
