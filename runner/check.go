package runner

import (
	"time"

	"cogpass/jobs"
)

// checking signs in with the password that the action has set. What a lost
// answer has left behind does no harm, so that it may be repeated; a wrong
// password is an answer.
var checking = kind{
	category: func(*jobs.ActionSpec) jobs.Category { return jobs.UserAuthentication },
	wanted: func(w *work) bool {
		return w.task.Check && w.acted != nil && w.acted.Outcome == OK && !w.ended(Check)
	},
	intent:   true,
	send:     doing(Check),
	answered: (*engine).checked,
	doubt:    func(*jobs.ActionSpec) jobs.DoubtRule { return jobs.Repeat },
	ended:    func(w *work, r StepResult) { w.beside = append(w.beside, r) },
}

// checked goes on after a sign-in. Where the answer is a refusal, it is of no
// matter what others have come to.
func (e *engine) checked(a answer, fault *Error) {
	if fault != nil && fault.Class == UserFault {
		a.w.doubt, a.w.doubtSent = nil, time.Time{}
	}
	e.attempted(a, fault)
}

// probing signs in with a password that may have been set: where that succeeds,
// it was.
var probing = kind{
	category: func(*jobs.ActionSpec) jobs.Category { return jobs.UserAuthentication },
	wanted:   func(*work) bool { return false },
	send:     doing(Check),
	answered: (*engine).probedBy,
}

// probe has the password in doubt tried of a task that is checked anyway, if it
// can be had. It reports false where it cannot, or was tried before.
func (e *engine) probe(w *work, now time.Time) bool {
	if !w.task.Check || w.probed {
		return false
	}
	if w.task.Generated && !w.hasTried(w.task.Version) {
		if w.task.Version != "" || e.fetcher == nil || w.fetched || w.task.kept() == "" {
			return false
		}
		e.wait(w, Fetch, now)
		return true
	}
	e.wait(w, Probe, now)
	return true
}

// probedBy goes on after the password in doubt was tried.
func (e *engine) probedBy(a answer, fault *Error) {
	w := a.w
	if fault == nil {
		w.probed, w.looks = true, 0
		w.mark(w.task.Version, Set)
		e.settledOK(w)
		return
	}
	w.fault = fault.Message
	switch fault.Class {
	case Throttled, Transient, InDoubt, Host:
		e.later(w, a.got)
	case Unreadable, LambdaFault:
		w.looks++
		e.later(w, a.got)
	case Budget, Fatal:
		e.stopFor(fault.Class, w, fault)
		e.strand(w)
	default:
		w.probed = true
		e.unknown(w, "no answer came; the user was modified since, and cannot sign in with the password: "+fault.Message)
	}
}
