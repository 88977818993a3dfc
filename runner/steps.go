package runner

import (
	"container/heap"
	"time"

	"cogpass/jobs"
)

// order is that of a task's steps.
var order = [...]Step{Recheck, Prepare, Create, Enable, Act, Conclude, SignOut, Check}

// maxBehind is how many tasks may wait for a lane before new ones are not
// begun that would come to wait for it too: so what belongs together, such as
// a sign-out and its reset, stays together.
const maxBehind = 64

// nextOf returns the first of a task's steps that is to be done and has not
// ended, and false where there is none.
func (e *engine) nextOf(w *work) (Step, bool) {
	for _, s := range order {
		if e.kinds[s].wanted(w) {
			return s, true
		}
	}
	return 0, false
}

// start goes on with a task that comes from the source, or ends it where it
// needs no request.
func (e *engine) start(w *work, now time.Time) {
	step, ok := e.nextOf(w)
	if !ok {
		e.finish(w, *w.acted)
		return
	}
	if d := w.task.Doubt; d != nil && e.kinds[d.Step].wanted(w) { // after a loss, it may be of a step whose turn had not come
		step = d.Step
	}
	w.begin(step)
	w.lane = e.lane(step, w.spec)
	if w.doubt != nil && !e.repeatable(now, w) {
		e.lookSoon(w, now)
		return
	}
	e.ahead = w
}

// proceed goes on with a task's next step, or ends it.
func (e *engine) proceed(w *work, now time.Time) {
	step, ok := e.nextOf(w)
	if s := w.suspended; s != nil && step != Prepare && e.kinds[s.doing].wanted(w) {
		step, ok = s.doing, true
	}
	if !ok {
		e.finish(w, *w.acted)
		return
	}
	w.begin(step)
	e.wait(w, step, now)
}

// end ends the step that is being done, and goes on with the task.
func (e *engine) end(w *work, o Outcome, reason string) {
	now := time.Now()
	if o == Failed && w.sets() && w.tried() > 0 {
		o, reason = Unknown, reason+"; a password of an earlier attempt may have been set"
	}
	r := w.stepResult(o, reason, now)
	e.spentFor(w, o)
	e.lane(w.doing, w.spec).steps++
	if w.doing == Act && w.task.SignOut == jobs.NoSignOut && !w.handoff && !w.task.Check {
		e.finish(w, r)
		return
	}
	acted, beside := w.acted, len(w.beside)
	e.kinds[w.doing].ended(w, r)
	if _, more := e.nextOf(w); more {
		for _, r := range w.beside[beside:] {
			e.record(w, r)
		}
		if w.acted != acted {
			e.record(w, *w.acted)
		}
	}
	e.proceed(w, now)
}

// record has the journal know how a step ended of a task that goes on.
func (e *engine) record(w *work, r StepResult) {
	if e.opt.Journal == nil {
		return
	}
	if err := e.opt.Journal.Ended(e.reqCtx, w.task.Seq, r); err != nil {
		e.journalFailed(err)
	}
}

// finish emits a task's result: its action ended as r.
func (e *engine) finish(w *work, r StepResult) {
	e.stats.Ended[r.Outcome]++
	if err := e.emit(w.result(r)); err != nil {
		e.fail(err)
	}
}

// abandon emits what is known of a task that a stopped run without a journal
// has not ended: nobody else will know.
func (e *engine) abandon(w *work) {
	switch {
	case w.doubt != nil && w.doing == Act:
		e.finish(w, w.stepResult(Unknown, "no answer came, and the run was stopped before it was looked at", time.Now()))
		return
	case w.doubt != nil:
		e.kinds[w.doing].ended(w, w.stepResult(Unknown, "no answer came, and the run was stopped", time.Now()))
	case len(w.beside) == 0 && (w.acted == nil || !w.sends()):
		return // nothing was done
	}
	if w.acted == nil {
		w.decide(Failed, "the run was stopped before it was sent")
	}
	e.finish(w, *w.acted)
}

// crowded reports whether a task that would be begun would come to wait, at a
// later step, for a lane that is behind. One that is held may be behind by
// more: it is not slow, and the others go on.
func (e *engine) crowded(w *work) bool {
	t := &w.task
	later := func(s Step) bool {
		l := e.lane(s, w.spec)
		return l != w.lane && !l.held && len(l.due)+l.begun+len(l.ready) >= maxBehind
	}
	return w.acted == nil && (w.doing != Act && later(Act) || t.Enable && w.doing != Enable && later(Enable)) ||
		t.SignOut != jobs.NoSignOut && w.doing != SignOut && later(SignOut) ||
		w.handoff && w.doing != Conclude && later(Conclude) || t.Check && w.doing != Check && later(Check)
}

// wait has a task wait for a time, and then for its turn with a step.
func (e *engine) wait(w *work, step Step, due time.Time) {
	w.step, w.lane, w.due = step, e.lane(step, w.spec), due
	if w.delayed = due.After(time.Now()); w.delayed {
		e.delayed++
	}
	heap.Push(&e.waiting, w)
}
