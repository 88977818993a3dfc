package runner

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	throttledFor = 5 * time.Minute // of nothing but throttling, and the run stops
	lambdaRow    = 10              // lambda faults in a row, and the run stops
)

// answered takes in what a worker brings back.
func (e *engine) answered(a answer) {
	e.inFlight--
	if a.unsent {
		if !a.look {
			e.unsent(a.w)
		} else {
			e.toLook = append(e.toLook, a.w)
		}
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
	if a.look {
		e.looked(a, fault)
	} else {
		e.attempted(a, fault)
	}
	e.stats.InFlight = e.inFlight
	e.stats.Waiting = len(e.waiting) + len(e.due) + len(e.toLook)
	e.stats.Rate = 0
	if !e.begins.paused {
		e.stats.Rate = e.begins.governor.rate(a.got)
	}
	e.opt.Observe(e.stats)
}

// pace lets the lane of an answer learn from it.
func (e *engine) pace(a answer, fault *Error) {
	l := e.begins
	if a.look {
		l = e.looks
	}
	e.stats.Sent++
	if fault == nil || fault.Class != Throttled {
		l.governor.answered(a.got)
		l.throttledSince = time.Time{}
		return
	}
	e.stats.Throttled++
	l.governor.throttled(a.got, a.sent, e.inFlight+1)
	if l.throttledSince.IsZero() {
		l.throttledSince = a.sent
	}
	if a.got.Sub(l.throttledSince) >= throttledFor {
		e.stopFor(Throttled, a.w, ErrThrottled)
	}
}

// attempted goes on with a task whose attempt was answered, or was not.
func (e *engine) attempted(a answer, fault *Error) {
	w := a.w
	w.attempts++
	if w.attempts > 1 {
		e.stats.Retried++
	}
	if w.startedAt.IsZero() {
		w.startedAt = a.sent
	}
	w.latency, w.code = a.got.Sub(a.sent), ""
	if a.sight.RequestID != "" {
		w.requestID = a.sight.RequestID
	}
	if fault == nil {
		e.lambdas = 0
		e.end(w, OK, "")
		return
	}
	w.code = fault.Code
	switch fault.Class {
	case Throttled:
		w.throttled++
		e.again(w, a.got)
	case Transient:
		e.charge(w, a.got, fault)
	case InDoubt:
		e.unanswered(a, fault)
	case HistoryFault:
		if w.doubt != nil { // the password in the history is the one that the attempt in doubt has set
			e.settledOK(w)
			return
		}
		e.end(w, Failed, fault.Message)
	case LambdaFault:
		e.lambda(w, a.got, fault)
	case Budget, Fatal:
		e.stopFor(fault.Class, w, fault)
		e.unsent(w)
	case PasswordFault: // an attempt in doubt had the same password, and was refused too
		e.end(w, Failed, fault.Message)
	default:
		e.lose(w, a.got, fault.Message)
	}
}

// unanswered goes on with a task whose attempt was not answered.
func (e *engine) unanswered(a answer, fault *Error) {
	w := a.w
	if w.doubt == nil {
		w.doubt = &Intent{Seq: w.task.Seq}
		w.doubtSent = a.sent
		w.doubt.Began, w.doubt.Slack = e.opt.Clock.Server(a.sent)
	}
	w.tries++
	w.verdict = ""
	if w.tries >= e.opt.Attempts {
		w.verdict = fmt.Sprintf("no answer after %d attempts: %s", w.attempts, fault.Message)
	}
	e.doubt(a.got, w)
}

// lambda tries a task whose trigger failed once more. A trigger that fails for
// many tasks in a row is broken, and would fail for all the others.
func (e *engine) lambda(w *work, now time.Time, fault *Error) {
	if e.lambdas++; e.lambdas >= lambdaRow {
		e.stopFor(LambdaFault, w, fmt.Errorf("%d times in a row: %w", e.lambdas, fault))
		e.unsent(w)
		return
	}
	if w.lambda {
		e.lose(w, now, fault.Message)
		return
	}
	w.lambda = true
	e.charge(w, now, fault)
}

// charge counts an attempt against its task, and has it tried again or fail.
func (e *engine) charge(w *work, now time.Time, fault *Error) {
	if w.tries++; w.tries >= e.opt.Attempts {
		e.lose(w, now, fmt.Sprintf("gave up after %d attempts: %s", w.attempts, fault.Message))
		return
	}
	e.again(w, now)
}

// again has a task tried once more, after a backoff.
func (e *engine) again(w *work, now time.Time) {
	e.release(w)
	w.delays++
	e.wait(w, toSend, now.Add(e.backoff(w.delays)))
}

func (e *engine) wait(w *work, next step, due time.Time) {
	w.next, w.due = next, due
	heap.Push(&e.waiting, w)
}

// release tells the journal that a task's last attempt changed nothing,
// unless an earlier one is in doubt.
func (e *engine) release(w *work) {
	if e.opt.Journal == nil || w.doubt != nil {
		return
	}
	i := w.intent
	i.Attempts, i.Throttled, i.StartedAt = w.attempts, w.throttled, w.startedAt
	if err := e.opt.Journal.End(context.Background(), i); err != nil {
		e.journalFailed(err)
	}
}

// unsent takes a task back whose last attempt changed nothing, or did not leave.
func (e *engine) unsent(w *work) {
	e.release(w)
	if w.doubt != nil {
		e.due = append(e.due, w)
	}
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

// end emits a task's result.
func (e *engine) end(w *work, o Outcome, reason string) {
	if err := e.emit(w.result(o, reason, time.Now())); err != nil {
		e.fail(err)
	}
}
