package runner

import (
	"container/heap"
	"time"
)

// A run that is to stop changes no user any more. But while its grace lasts, stores
// are told of passwords whose actions have ended: else readers would have others
// than the users do, until the run goes on.

// tells reports whether a run that is to stop may still tell stores. An outage it
// does not wait for.
func (e *engine) tells(now time.Time) bool {
	return e.stopping && !e.unrecorded && e.opt.Handoff != nil && now.Before(e.stoppedAt.Add(e.opt.Grace)) && !e.laneOf(e.opt.HandoffLane).held
}

// untold reports whether any store is still to be told.
func (e *engine) untold() bool {
	l := e.laneOf(e.opt.HandoffLane)
	return len(e.waiting)+len(e.batch)+len(l.due)+len(l.ready) > 0
}

// tell does what there is to do for stores at now, and returns when there will be
// more. All else is put aside.
func (e *engine) tell(now time.Time) time.Time {
	l := e.laneOf(e.opt.HandoffLane)
	e.waiting = e.onlyTelling(e.waiting, nil)
	heap.Init(&e.waiting)
	l.due = e.onlyTelling(l.due, nil)
	l.ready = e.onlyTelling(l.ready, func(w *work) {
		if e.kinds[w.step].intent {
			e.taken--
			e.release(w)
		}
	})
	e.batch = e.onlyTelling(e.batch, func(w *work) {
		e.taken--
		w.lane.begun--
	})
	for len(e.waiting) > 0 && !e.waiting[0].due.After(now) {
		l.due = append(l.due, heap.Pop(&e.waiting).(*work))
	}
	wake := earlier(e.stoppedAt.Add(e.opt.Grace), e.takeDue(l, now))
	e.begin(now)
	wake = earlier(wake, e.send(l, now))
	if len(e.waiting) > 0 {
		wake = earlier(wake, e.waiting[0].due)
	}
	return wake
}

// onlyTelling keeps of a list what tells a store. Of the rest it lets go, as undo
// says.
func (e *engine) onlyTelling(list []*work, undo func(*work)) []*work {
	var kept []*work
	for _, w := range list {
		if w.step == Conclude {
			kept = append(kept, w)
			continue
		}
		if undo != nil {
			undo(w)
		}
		e.stranded = append(e.stranded, w)
	}
	return kept
}
