package runner

import (
	"fmt"
	"strings"
	"time"

	"cogpass/jobs"
)

// LateFor is how long a request may be under way whose connection is gone: a
// pool's trigger has 5 seconds, and is tried three times. Source: the developer
// guide, "Customizing user pool workflows with Lambda triggers".
const LateFor = 20 * time.Second

const (
	lookFirst  = time.Second     // after an answer was lost that may not be asked for again
	lookAgain  = 5 * time.Second // ListUsers is eventually consistent: what has not changed is looked at again
	looksOld   = 2               // looks that must show the old state before a message is sent again
	settledFor = time.Minute     // a user can hardly have signed in and changed a password that was set less than this ago
)

// doubt goes on with a task of which a request may have been carried out. One
// that may be repeated is; else a look comes first.
func (e *engine) doubt(now time.Time, w *work) {
	switch {
	case w.verdict == "" && w.tries < e.opt.Attempts && e.repeatable(now, w):
		e.again(w, now)
	case !e.shown(w) && e.usedUp(w, now):
	case e.rule(w) == jobs.LookFirst:
		e.look(w, now.Add(lookFirst))
	default:
		e.look(w, now.Add(lookAgain))
	}
}

// rule is what to do about a step's request that got no answer.
func (e *engine) rule(w *work) jobs.DoubtRule { return e.kinds[w.doing].doubt(w.spec) }

// shown reports whether a look can show that a step was done.
func (e *engine) shown(w *work) bool {
	if w.doing == Act && w.spec.Leaves == "" {
		return w.spec.Enables || w.spec.Disables
	}
	return e.kinds[w.doing].seen != nil
}

// repeatable reports whether a task in doubt may be attempted again without a
// look: the same password does no harm twice, but later the user may have
// chosen one since, and what sends a message would send a second.
func (e *engine) repeatable(now time.Time, w *work) bool {
	switch e.rule(w) {
	case jobs.Repeat:
		return true
	case jobs.RepeatSoon:
		age, slack := e.age(now, w)
		return age >= -slack && age+slack < settledFor
	}
	return false
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

// lookSoon has a task looked at, at once where it is looked at twice anyway.
// What may have been done just now is given the time to show; of an attempt of
// an earlier run nobody knows how long after its intent it left.
func (e *engine) lookSoon(w *work, now time.Time) {
	if age, _ := e.age(now, w); e.rule(w) != jobs.LookFirst && (w.doubtSent.IsZero() || age < lookAgain) {
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
	if !e.shown(w) {
		e.unknown(w, "no answer came, and no look shows whether it was carried out")
		return
	}
	e.wait(w, Look, at)
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
	w.fault = fault.Message
	switch fault.Class {
	case Throttled, Transient, InDoubt, Host:
		e.later(w, a.got)
	case Unreadable:
		w.looks++
		e.later(w, a.got)
	case Budget, Fatal:
		e.stopFor(fault.Class, w, fault)
		e.strand(w)
	default:
		e.unknown(w, "no answer came, and looking was refused: "+fault.Message)
	}
}

// later has a request that changes nothing made once more, after a backoff, if it
// may be.
func (e *engine) later(w *work, now time.Time) {
	if e.usedUp(w, now) {
		return
	}
	w.delays++
	e.wait(w, w.step, now.Add(e.backoff(w.delays)))
}

// settle decides a task in doubt by what its user looks like. Where that leaves
// anything open, nothing is sent again.
func (e *engine) settle(w *work, s Sight, now time.Time) {
	if s.Found && !s.shows(w.task.Username) {
		e.unknown(w, "no answer came, and looking showed another user")
		return
	}
	if s.Found {
		w.sub = s.Sub
	}
	e.kinds[w.doing].seen(e, w, s, now)
}

// doubtful returns the attempt of a task that is in doubt.
func (e *engine) doubtful(w *work) *Intent {
	if !w.doubtSent.IsZero() { // by now the server's clock is better known
		w.doubt.Began, w.doubt.Slack = e.opt.Clock.Server(w.doubtSent)
	}
	return w.doubt
}

// seenActed decides about an action in doubt by what a look shows.
func (e *engine) seenActed(w *work, s Sight, now time.Time) {
	switch {
	case !s.Found && e.kinds[Create].wanted(w): // the user was to be made first
		e.unmade(w, now)
		return
	case !s.Found:
		e.unknown(w, "no answer came, and no such user was found")
		return
	case w.spec.Enables || w.spec.Disables:
		e.seenEnabled(w, s, now, w.spec.Enables)
		return
	case s.Modified.Unix() <= 0:
		e.unknown(w, "no answer came, and looking did not show when the user was modified")
		return
	}
	switch modified := s.modifiedSince(e.doubtful(w)); {
	case modified && s.Status == w.spec.Leaves && s.Status != Confirmed && !w.wasThere(): // Confirmed is where a user gets to without us
		switch left := e.late(w, now); {
		case w.was():
			e.served(e.lane(Act, w.spec), now) // so the attempt was answered after all
			e.settledOK(w)
		case left > 0: // one that is under way still would arrive after another password
			e.look(w, now.Add(left))
		default:
			e.anew(w, now)
		}
	case modified && e.probe(w, now):
	case modified:
		e.unknown(w, fmt.Sprintf("no answer came; the user was modified since and is %s", s.Status))
	case e.rule(w) != jobs.LookFirst:
		if left := e.late(w, now); w.task.Generated && left > 0 { // or its reader might get another than that which arrives yet
			e.look(w, now.Add(left))
			return
		}
		w.untry()
		e.redo(w, now)
	default:
		e.unmodified(w, s, now)
	}
}

// wasThere reports whether a user may have been in the state that the action
// leads to before it, where enabling has modified them too.
func (w *work) wasThere() bool {
	return w.task.Enable && (w.task.Before == nil || w.task.Before.Status == w.spec.Leaves)
}

// unmodified goes on with a task that is attempted again only for two looks in
// a row that show that it was not carried out.
func (e *engine) unmodified(w *work, s Sight, now time.Time) {
	if w.unchanged++; w.unchanged < looksOld {
		w.already = s.Status == w.spec.Leaves
		e.look(w, now.Add(max(lookAgain, e.late(w, now))))
		return
	}
	if w.already || s.Status == w.spec.Leaves || !s.Status.Known() { // a second time would show no more than the first
		e.unknown(w, fmt.Sprintf("no answer came; the user is %s, and not modified since", s.Status))
		return
	}
	w.untry()
	e.redo(w, now)
}

// Untouched reports whether a sight of a user shows that an attempt has not
// been carried out so far: the user was not modified since it began, and is in
// another state than the action leads to. For an action that sends a message
// that is proof only when it is seen twice, some seconds apart.
func (s *Sight) Untouched(attempt *Intent, a jobs.ActionSpec) bool {
	return s.Found && s.Status.Known() && s.Modified.Unix() > 0 && !s.modifiedSince(attempt) && s.Status != a.Leaves
}

// shows reports whether a look showed the user of that name.
func (s *Sight) shows(name string) bool {
	for _, own := range []string{s.Username, s.Sub, s.Alias} {
		if own != "" && strings.EqualFold(own, name) {
			return true
		}
	}
	return false
}

// modifiedSince reports whether a user may have been modified since an attempt
// began: within what the clocks and the time's resolution leave open it may.
func (s *Sight) modifiedSince(attempt *Intent) bool {
	at := s.Modified
	if at.Nanosecond() == 0 { // in whole seconds, as far as one can see
		at = at.Add(time.Second)
	}
	return !at.Before(attempt.Began.Add(-attempt.Slack))
}

// settledOK ends a task whose attempt in doubt was carried out after all.
func (e *engine) settledOK(w *work) {
	w.code = ""
	e.end(w, OK, "")
}

// redo goes on with a task of which a look has shown that nothing was carried
// out: it fails with its verdict, or is attempted again.
func (e *engine) redo(w *work, now time.Time) {
	w.doubt, w.doubtSent, w.unchanged = nil, time.Time{}, 0
	if w.verdict != "" {
		e.end(w, Failed, w.verdict)
		return
	}
	w.step, w.lane = w.doing, e.lane(w.doing, w.spec)
	if e.usedUp(w, now) {
		return
	}
	e.release(w)
	if first, _ := e.nextOf(w); first != w.doing { // after a loss, the doubt was of all steps
		w.task.Doubt = nil
		w.begin(first)
	}
	e.wait(w, w.doing, now)
}
