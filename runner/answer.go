package runner

import (
	"errors"
	"fmt"
	"time"
)

const (
	throttledFor = 5 * time.Minute // of nothing but throttling, and the run stops
	lambdaRow    = 10              // lambda faults in a row, and the run stops
	hungFor      = 10              // programs that did not end before one has, and the run stops
	limitRow     = 20              // user limits in a row, and the run stops
)

// answered takes in what a worker brings back.
func (e *engine) answered(a answer) {
	e.inFlight--
	a.w.lane.inFlight--
	if a.unsent {
		e.strand(a.w)
		return
	}
	var fault *Error
	if a.err != nil {
		if !errors.As(a.err, &fault) {
			fault = &Error{Class: InDoubt, Message: a.err.Error(), Err: a.err}
		}
		a.sight.Answer = fault.Answer
	}
	e.opt.Clock.Observe(a.sight.Date, a.sent, a.got)
	e.pace(a, fault)
	if fault != nil && (fault.Class == InDoubt || fault.Class == Transient || fault.Class == Host) {
		e.missed(a, fault)
	} else {
		e.served(a.w.lane, a.got)
	}
	e.kinds[a.w.step].answered(e, a, fault)
	e.stats.Latency = a.got.Sub(a.sent)
	e.observe(a.got)
	e.stats.Latency = 0
}

// observe tells how the run is going.
func (e *engine) observe(now time.Time) {
	e.stats.InFlight, e.stats.Waiting, e.stats.Delayed = e.inFlight, e.queued(), e.delayed
	if e.stopping {
		e.stats.Delayed = 0
	}
	e.stats.Lanes = make([]LaneStats, len(e.lanes))
	e.stats.Asked, e.stats.Rate, e.stats.HeldSince = 0, 0, time.Time{}
	for i, l := range e.lanes {
		e.stats.Lanes[i] = LaneStats{l.category, l.sent, l.throttled, l.steps, l.pace.asked, l.pace.now(now), l.held, l.pace.sharers()}
		if e.heldLanes > 0 && l.held && (e.stats.HeldSince.IsZero() || l.since.Before(e.stats.HeldSince)) {
			e.stats.HeldSince = l.since
		}
	}
	if !e.paused {
		e.stats.Asked, e.stats.Rate = e.recovery.pace.asked, e.recovery.pace.now(now)
	}
	e.opt.Observe(e.stats)
}

// pace lets the lane of an answer learn from it.
func (e *engine) pace(a answer, fault *Error) {
	l := a.w.lane
	e.stats.Sent++
	l.sent++
	if fault == nil || fault.Class != Throttled {
		l.pace.ok(a.got)
		l.throttledSince = time.Time{}
		return
	}
	e.stats.Throttled++
	l.throttled++
	l.pace.throttled(a.got, a.sent, e.inFlight+1)
	if l.throttledSince.IsZero() {
		l.throttledSince = a.sent
	}
	if a.got.Sub(l.throttledSince) >= throttledFor {
		e.stopFor(Throttled, a.w, ErrThrottled)
	}
}

// count takes down that an attempt was made, and what came of it.
func (e *engine) count(a answer, fault *Error) {
	w := a.w
	w.attempts++
	if w.attempts > 1 {
		e.stats.Retried++
	}
	if w.startedAt.IsZero() {
		w.startedAt = a.sent
	}
	w.latency, w.code, w.fault = a.got.Sub(a.sent), "", ""
	if a.sight.RequestID != "" {
		w.requestID = a.sight.RequestID
	}
	if fault != nil {
		w.code, w.fault = fault.Code, fault.Message
	}
	if fault == nil || fault.Class != UserLimit {
		e.limits = 0
	}
}

// attempted goes on with a step whose attempt was answered, or was not.
func (e *engine) attempted(a answer, fault *Error) {
	w := a.w
	e.count(a, fault)
	if fault == nil {
		e.lambdas = 0
		if w.doing == Prepare || w.doing == Conclude {
			e.told = true
		}
		if w.doing == Act {
			w.mark(w.task.Version, Set)
		}
		e.end(w, OK, a.sight.Note)
		return
	}
	switch fault.Class {
	case Throttled:
		w.throttled++
		if fault.Unproven {
			e.unanswered(a)
			return
		}
		e.again(w, a.got)
	case Transient, Host:
		e.again(w, a.got)
	case Unreadable:
		w.tries++
		e.unanswered(a)
	case InDoubt:
		e.unanswered(a)
	case HistoryFault:
		if w.doubt != nil && (!w.task.Generated || w.hasTried(w.task.Version)) { // the password in the history is the one that the attempt in doubt has set
			w.mark(w.task.Version, Set)
			e.settledOK(w)
			return
		}
		e.refused(w, a.got, fault)
	case LambdaFault:
		e.lambda(w, a.got, fault)
	case Hung:
		e.hangs(w, a.got, fault)
	case UserLimit:
		if e.limits++; e.limits >= limitRow {
			e.stopRow(e.limits, w, fault)
			return
		}
		e.lose(w, a.got, fault.Message)
	case Budget, Fatal:
		e.stopFor(fault.Class, w, fault)
		if fault.Unproven {
			e.leaveInDoubt(a)
		}
		e.strand(w)
	case PasswordFault: // an attempt in doubt had the same password, and was refused too
		e.refused(w, a.got, fault)
	default:
		e.lose(w, a.got, fault.Message)
	}
}

// unanswered goes on with a task of which an attempt may have been carried out.
func (e *engine) unanswered(a answer) {
	e.leaveInDoubt(a)
	e.doubt(a.got, a.w)
}

// leaveInDoubt notes that an attempt may have been carried out.
func (e *engine) leaveInDoubt(a answer) {
	w := a.w
	w.lostLast = a.sent
	if w.sets() {
		w.mark(w.task.Version, Tried)
	}
	switch {
	case w.doubt != nil:
	case w.making != nil && w.making.earlier != nil: // the user may be of that attempt all the same
		w.doubt, w.doubtSent = w.making.earlier, time.Time{}
	default:
		w.doubt = &Intent{Seq: w.task.Seq, Step: w.doing}
		w.doubtSent = a.sent
		w.doubt.Began, w.doubt.Slack = e.opt.Clock.Server(a.sent)
	}
}

// lambda tries a task whose trigger failed once more. A trigger that fails for
// many tasks in a row is broken, and would fail for all the others.
func (e *engine) lambda(w *work, now time.Time, fault *Error) {
	if e.lambdas++; e.lambdas >= lambdaRow {
		e.stopRow(e.lambdas, w, fault)
		return
	}
	if w.lambda {
		e.lose(w, now, fault.Message)
		return
	}
	w.lambda = true
	w.tries++
	e.again(w, now)
}

// hangs has a store told once more by a program that did not end. One that ends for
// nobody would keep the run for as long as it has tasks.
func (e *engine) hangs(w *work, now time.Time, fault *Error) {
	if e.hung++; e.hung >= hungFor && !e.told {
		e.stopRow(e.hung, w, fault)
		return
	}
	if w.tries++; w.hung || w.tries >= e.opt.Attempts {
		o := Unknown // the store may have been told
		if w.doing == Prepare {
			o = Failed
		}
		e.end(w, o, fault.Message)
		return
	}
	w.hung = true
	e.again(w, now)
}

// stopRow stops the run for what has happened to many tasks in a row.
func (e *engine) stopRow(n int, w *work, fault *Error) {
	e.stopFor(fault.Class, w, fmt.Errorf("%d times in a row: %w", n, fault))
	e.strand(w)
}

// again has a task attempted once more, after a backoff, if it may be.
func (e *engine) again(w *work, now time.Time) {
	if e.usedUp(w, now) {
		return
	}
	e.release(w)
	w.delays++
	e.wait(w, w.doing, now.Add(e.backoff(w.delays)))
}

// release tells the journal that a task's last attempt changed nothing,
// unless an earlier one is in doubt.
func (e *engine) release(w *work) {
	if e.opt.Journal == nil || w.doubt != nil || w.sets() && w.tried() > 0 || w.making != nil && w.making.earlier != nil {
		return
	}
	i := w.intent
	i.Attempts, i.Throttled, i.StartedAt, i.Made = w.attempts, w.throttled, w.startedAt, w.task.Made
	if err := e.opt.Journal.End(e.reqCtx, i); err != nil {
		e.journalFailed(err)
	}
}

// strand gives a task back as the run is stopped, whose last request changed
// nothing, or did not leave.
func (e *engine) strand(w *work) {
	if e.kinds[w.step].intent {
		e.release(w)
	}
	e.stranded = append(e.stranded, w)
}

// lose ends a task as failed, unless an earlier attempt is in doubt: then it
// is looked at, and what is seen decides.
func (e *engine) lose(w *work, now time.Time, reason string) {
	if w.doubt == nil {
		e.end(w, Failed, reason)
		return
	}
	w.verdict = reason
	e.look(w, now.Add(lookAgain))
}
