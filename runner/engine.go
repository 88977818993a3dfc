package runner

import (
	"container/heap"
	"context"
	"time"

	"cogpass/jobs"
)

const (
	minLead    = 15 * time.Millisecond // an intent is begun this long before its request may be sent, or more
	maxLead    = time.Second
	maxWaiting = 4096 // no new task is taken while more than this wait for another request
	maxTake    = 256  // tasks taken before answers are looked at again
)

// The engine is one run. Its loop runs on one goroutine and owns all its
// state; workers only make requests.
//
// A task goes from its source, or from waiting, to the lane of its step. When
// its slot comes near it goes into a batch, which the journal is given; when
// the journal has it, it is ready; at its slot it is in flight; its answer
// ends it, or makes it wait for its next request. A step without an intent is
// ready at once.
type engine struct {
	began   time.Time
	opt     Options
	dir     Directory
	looker  Looker
	fetcher Fetcher
	kinds   []kind
	specs   []*jobs.ActionSpec // by action
	next    func() (Task, error, bool)
	emit    func(Result) error

	lanes    []*lane
	recovery *lane    // that of UserAccountRecovery
	waiting  waitHeap // for their time
	delayed  int      // of these, how many had to wait when they were put there
	ahead    *work    // from the source, and not taken yet; or nil
	batch    []*work  // for the journal's next Begin
	stranded []*work  // given back as the run was stopped
	unpaid   []*work  // whose messages Options.Budget has refused

	requests  chan *work
	answers   chan answer
	journal   chan []Intent
	begun     chan begun
	beginning []*work // the batch that the journal has
	taken     int     // tasks in the batch, the journal's hands, or ready with their intents
	inFlight  int
	most      int // requests in flight at most, as the host allows
	fittedAt  time.Time
	heldLanes int
	lead      time.Duration

	drained    bool      // the source has ended,
	sourceErr  error     // for this reason
	overspent  error     // what Options.Budget has refused a message for
	paused     bool      // no request starts
	stopping   bool      // no request may start any more, but of those that tell a store
	stoppedAt  time.Time // when that came to be so
	unrecorded bool      // nor of these: nothing can be recorded any more
	lambdas    int       // lambda faults in a row
	hung       int       // programs that did not end
	told       bool      // one did
	limits     int       // user limits in a row
	stats      Stats
	err        error

	reqCtx    context.Context // of the requests and the journal
	lookCtx   context.Context // of the requests that change nothing: it ends as the run is to stop
	stopGrace func()          // ends that when the grace is over
}

// begun tells that the journal is done with the batch that it has.
type begun struct {
	err  error
	took time.Duration
}

func (e *engine) loop(ctx context.Context) {
	done := ctx.Done()
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
		switch {
		case !e.stopping:
			wake = e.advance(now)
		case e.tells(now):
			wake = e.tell(now)
		}
		if e.over(now) {
			if !e.stopping && e.giveUpAll(now) {
				continue
			}
			if !e.stopping && e.overspent != nil {
				e.stopFor(Budget, e.unpaid[0], e.overspent)
			}
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
	now := time.Now()
	if e.paused = rate == 0; !e.paused {
		e.recovery.pace.ask(now, rate)
	}
	for _, l := range e.lanes {
		if l.throttledSince = (time.Time{}); e.paused {
			l.pace.leave(now)
		}
	}
	e.observe(now)
}

// over reports whether all is done, or whether a stopped run has nothing in
// the workers' and the journal's hands any more.
func (e *engine) over(now time.Time) bool {
	if e.inFlight > 0 || len(e.beginning) > 0 || e.tells(now) && e.untold() {
		return false
	}
	if e.stopping || e.taken > 0 || e.queued() > 0 {
		return e.stopping
	}
	return e.overspent != nil || e.drained && e.ahead == nil && e.sourceErr == nil
}

// queued is how many tasks wait, for their time or for a slot.
func (e *engine) queued() int {
	n := len(e.waiting)
	for _, l := range e.lanes {
		n += len(l.due) + len(l.ready)
	}
	return n
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
	if e.paused {
		return never
	}
	for len(e.waiting) > 0 && !e.waiting[0].due.After(now) {
		w := heap.Pop(&e.waiting).(*work)
		if w.delayed {
			e.delayed--
		}
		if e.kinds[w.step].intent {
			w.lane.due = append(w.lane.due, w)
		} else {
			w.lane.ready = append(w.lane.ready, w)
		}
	}
	wake := e.collect(now)
	for _, l := range e.lanes {
		wake = earlier(wake, e.send(l, now))
	}
	if len(e.waiting) > 0 {
		wake = earlier(wake, e.waiting[0].due)
	}
	return wake
}

// send hands a lane's requests whose slots have come to the workers, who are
// never fewer than the requests in flight.
func (e *engine) send(l *lane, now time.Time) (wake time.Time) {
	for len(l.ready) > 0 && e.inFlight < e.most && (!e.stopping || l.ready[0].step == Conclude) {
		if l.held && l.inFlight > 0 {
			return never
		}
		if l.held && l.probeAt.After(now) {
			return l.probeAt
		}
		if at := l.pace.next(now, 0); at.After(now) {
			return at
		}
		w := l.ready[0]
		l.ready = l.ready[1:]
		if e.kinds[w.step].intent {
			e.taken--
			if w.doubt != nil && !e.repeatable(now, w) { // the run was paused since it was taken
				e.lookSoon(w, now)
				continue
			}
		}
		l.pace.take()
		l.inFlight++
		e.inFlight++
		e.requests <- w
	}
	return never
}

// leave lets go of the tasks that a stopped run has not ended. What was in
// the journal and not sent is taken back.
func (e *engine) leave() {
	lists := [][]*work{e.waiting, e.batch, e.stranded, e.unpaid}
	for _, l := range e.lanes {
		l.pace.leave(time.Now())
		for _, w := range l.ready {
			if e.kinds[w.step].intent {
				e.release(w)
			}
		}
		lists = append(lists, l.due, l.ready, l.usedUp)
	}
	if e.ahead != nil {
		lists = append(lists, []*work{e.ahead})
	}
	for _, list := range lists {
		for _, w := range list {
			if w.doubt == nil {
				e.unspend(w)
			}
			if e.opt.Journal == nil {
				e.abandon(w)
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
