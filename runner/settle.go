package runner

import (
	"fmt"
	"time"

	"cogpass/jobs"
)

const (
	lookFirst  = time.Second     // after a reset's answer was lost
	lookAgain  = 5 * time.Second // ListUsers is eventually consistent: what has not changed is looked at again
	looksOld   = 2               // looks that must show the old state before a reset is sent again
	settledFor = time.Minute     // a user can hardly have signed in and changed a password that was set less than this ago
)

// doubt goes on with a task of which a request may have been carried out. A
// set that has just been tried is tried again, for the same password does no
// harm twice. Later the user may have chosen one since, and a reset would send
// a second code: those are looked at first.
func (e *engine) doubt(now time.Time, w *work) {
	switch {
	case w.task.Action.Sets() && w.verdict == "" && e.fresh(now, w):
		e.again(w, now)
	case w.task.Action.Sets():
		e.look(w, now.Add(lookAgain))
	default:
		e.look(w, now.Add(lookFirst))
	}
}

// fresh reports whether a task's attempt in doubt is surely less than
// settledFor ago.
func (e *engine) fresh(now time.Time, w *work) bool {
	age, slack := e.age(now, w)
	return age >= -slack && age+slack < settledFor
}

// age returns how long ago a task's attempt in doubt was sent, and how far that
// may be off: an earlier run may have been on another machine, with another
// clock.
func (e *engine) age(now time.Time, w *work) (age, slack time.Duration) {
	if sent := w.doubtSent; !sent.IsZero() {
		// Where the machine was asleep meanwhile, only the wall clock knows.
		return max(now.Sub(sent), now.Round(0).Sub(sent.Round(0))), 0
	}
	at, slack := e.opt.Clock.Server(now)
	return at.Sub(w.doubt.Began), slack + w.doubt.Slack
}

// lookSoon has a task looked at, a reset at once: it is looked at again. A set
// that may have been made just now is given the time to show.
func (e *engine) lookSoon(w *work, now time.Time) {
	if age, slack := e.age(now, w); w.task.Action.Sets() && age-slack < lookAgain {
		now = now.Add(lookAgain)
	}
	e.look(w, now)
}

// look has a task looked at.
func (e *engine) look(w *work, at time.Time) {
	if e.looker == nil {
		e.unknown(w, "no answer came, and there is no way to look whether it was carried out")
		return
	}
	e.wait(w, toLook, at)
}

func (e *engine) unknown(w *work, reason string) {
	if w.verdict != "" {
		reason = w.verdict + "; " + reason
	}
	e.end(w, Unknown, reason)
}

// looked goes on with a task that was looked at.
func (e *engine) looked(a answer, fault *Error) {
	w := a.w
	if fault == nil {
		e.settle(w, a.sight, a.got)
		return
	}
	switch fault.Class {
	case Throttled:
		w.delays++
		e.wait(w, toLook, a.got.Add(e.backoff(w.delays)))
	case Transient, InDoubt, LambdaFault:
		if w.lookTries++; w.lookTries >= e.opt.Attempts {
			e.unknown(w, "no answer came, nor to "+fmt.Sprint(w.lookTries)+" attempts to look: "+fault.Message)
			return
		}
		e.wait(w, toLook, a.got.Add(e.backoff(w.lookTries)))
	case Budget, Fatal:
		e.stopFor(fault.Class, w, fault)
		e.toLook = append(e.toLook, w)
	default:
		e.unknown(w, "no answer came, and looking was refused: "+fault.Message)
	}
}

// settle decides a task in doubt by what its user looks like. A user counts as
// modified also within the slack of the clocks before the attempt began: who
// errs so sends nothing twice.
func (e *engine) settle(w *work, s Sight, now time.Time) {
	w.sub = s.Sub
	if !w.doubtSent.IsZero() { // by now the server's clock is better known
		w.doubt.Began, w.doubt.Slack = e.opt.Clock.Server(w.doubtSent)
	}
	modified := s.Found && !s.Modified.Before(w.doubt.Began.Add(-w.doubt.Slack))
	switch {
	case w.task.Action.Sets() && !modified:
		e.redo(w, now)
	case w.task.Action.Sets():
		if s.Status == ForceChangePassword && w.task.Action == jobs.SetTemporary {
			e.settledOK(w)
			return
		}
		e.unknown(w, fmt.Sprintf("no answer came; the user was modified since and is %s", s.Status))
	case modified && s.Status == ResetRequired:
		e.settledOK(w)
	case s.Found && !modified:
		if w.looks++; w.looks < looksOld {
			e.look(w, now.Add(lookAgain))
			return
		}
		e.redo(w, now)
	case !s.Found:
		e.unknown(w, "no answer came, and no such user was found")
	default:
		e.unknown(w, fmt.Sprintf("no answer came; the user was modified since and is %s", s.Status))
	}
}

// settledOK ends a task whose attempt in doubt was carried out after all.
func (e *engine) settledOK(w *work) {
	w.code = ""
	e.end(w, OK, "")
}

// redo goes on with a task of which a look has shown that nothing was carried
// out: it fails with its verdict, or is attempted again.
func (e *engine) redo(w *work, now time.Time) {
	w.doubt, w.doubtSent, w.looks = nil, time.Time{}, 0
	if w.verdict != "" {
		e.end(w, Failed, w.verdict)
		return
	}
	e.release(w)
	e.wait(w, toSend, now)
}
