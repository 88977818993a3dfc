package runner

import (
	"errors"
	"time"
)

// collect fills a batch with the tasks whose slots come within the lead, those
// that have waited first, and gives it to the journal.
func (e *engine) collect(now time.Time) (wake time.Time) {
	wake = never
	for _, l := range e.lanes {
		wake = earlier(wake, e.takeDue(l, now))
	}
	for pulled := 0; e.pull(now); pulled++ {
		if pulled == maxTake {
			wake = now
			break
		}
		w := e.ahead
		if w == nil {
			continue
		}
		if w.lane.held && (w.doing != Act || len(e.lanes) > 2) { // the tasks behind it may be of other lanes
			w.lane.due = append(w.lane.due, w)
			e.ahead = nil
			continue
		}
		if len(w.lane.due) > 0 || !e.room(w.lane) || e.crowded(w) {
			break
		}
		if at := e.begins(w.lane, now); at.After(now) {
			wake = earlier(wake, at)
			break
		}
		e.ahead = nil
		e.take(w, now)
	}
	e.begin(now)
	return wake
}

// takeDue takes the tasks that wait in a lane, as their slots come near.
func (e *engine) takeDue(l *lane, now time.Time) (wake time.Time) {
	for len(l.due) > 0 && e.room(l) {
		if at := e.begins(l, now); at.After(now) {
			return at
		}
		w := l.due[0]
		l.due = l.due[1:]
		e.take(w, now)
	}
	return never
}

// begins returns when the intent of a lane's next task may be begun.
func (e *engine) begins(l *lane, now time.Time) time.Time {
	if at := l.probeAt.Add(-e.lead); l.held && at.After(now) {
		return at // and no slot is held until then, which another could use
	}
	return l.pace.next(now, l.begun+len(l.ready)).Add(-e.lead)
}

// room reports whether one more request of a lane may be on its way.
func (e *engine) room(l *lane) bool {
	if l.held && l.begun+len(l.ready)+l.inFlight > 0 {
		return false
	}
	return e.inFlight+e.taken < e.most && len(l.ready) < e.most
}

// take puts a task into the batch, or has it ready where the journal need not
// know. One in doubt that may not be repeated is looked at instead.
func (e *engine) take(w *work, now time.Time) {
	if !e.kinds[w.step].intent {
		w.lane.ready = append(w.lane.ready, w)
		return
	}
	if w.doubt != nil && !e.repeatable(now, w) {
		e.lookSoon(w, now)
		return
	}
	if !e.supply(w, now) || !e.spend(w) {
		return
	}
	e.batch = append(e.batch, w)
	w.lane.begun++
	e.taken++
}

// pull has the next task of the source at hand, ahead of its time: the run is
// over if there is none, and need not wait for the slot that it would have
// had. It reports false if there is none to take. A task that needs no slot is
// dealt with at once.
func (e *engine) pull(now time.Time) bool {
	if e.overspent != nil {
		return false
	}
	if e.ahead != nil {
		return true
	}
	if e.sourceErr != nil && e.taken == 0 {
		e.fail(e.sourceErr)
	}
	if e.stopping || e.drained || e.queued() >= maxWaiting {
		return false
	}
	t, err, ok := e.next()
	if ok && err == nil {
		err = e.check(&t)
	}
	if !ok || err != nil { // what was taken before it is sent
		e.drained, e.sourceErr = true, err
		return err != nil
	}
	w := newWork(t, e.specs[t.Action])
	w.handoff = t.Generated && e.opt.Handoff != nil
	e.start(w, now)
	return true
}

// begin gives the batch to the journal, if that is free.
func (e *engine) begin(now time.Time) {
	if len(e.batch) == 0 || len(e.beginning) > 0 {
		return
	}
	if e.opt.Journal == nil {
		e.beginning, e.batch = e.batch, e.beginning[:0]
		e.arm(begun{})
		return
	}
	e.beginning, e.batch = e.batch, e.beginning[:0]
	intents := make([]Intent, len(e.beginning))
	for i, w := range e.beginning {
		intents[i] = w.intend(now, e.opt.Clock)
	}
	e.journal <- intents
}

// keep gives the journal what comes, on one goroutine for the whole run: the
// stack that a commit needs has grown once.
func (e *engine) keep() {
	for intents := range e.journal {
		start := time.Now()
		err := e.commit(intents)
		e.begun <- begun{err, time.Since(start)}
	}
}

func (e *engine) commit(intents []Intent) (err error) {
	defer func() {
		if recover() != nil { // its value may hold anything
			err = errPanicked
		}
	}()
	return e.opt.Journal.Begin(e.reqCtx, intents)
}

// errPanicked is what became of a journal that has not returned.
var errPanicked = errors.New("an internal error")

// arm takes back a batch that the journal has recorded.
func (e *engine) arm(b begun) {
	if b.err != nil {
		e.journalFailed(b.err)
	}
	for _, w := range e.beginning {
		w.lane.begun--
		w.lane.ready = append(w.lane.ready, w)
	}
	e.beginning = e.beginning[:0]
	// Slow disks are begun with earlier, so that they do not set the pace.
	e.lead = min(maxLead, max(minLead, (3*e.lead+2*b.took)/4))
}
