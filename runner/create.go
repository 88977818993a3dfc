package runner

import (
	"fmt"
	"time"

	"cogpass/jobs"
)

// making is what is known of a user that is being made.
type making struct {
	exists  bool    // the pool has said so
	carried bool    // the creation has set the action's password
	chosen  string  // why the action is not sent: the user may have chosen a password
	earlier *Intent // the first attempt that looks have taken for not carried out
}

// creation makes a user that is missing. With a temporary password it carries
// that, and is the action too.
var creation = kind{
	category: func(*jobs.ActionSpec) jobs.Category { return jobs.UserCreation },
	wanted:   func(w *work) bool { return w.task.Create != nil && w.acted == nil && !w.ended(Create) },
	intent:   true,
	message:  func(w *work) bool { return w.task.Create.Invite == jobs.InviteByEmail },
	send:     doing(Create),
	answered: (*engine).created,
	doubt:    func(*jobs.ActionSpec) jobs.DoubtRule { return jobs.LookFirst },
	seen:     (*engine).seenMade,
	ended: func(w *work, r StepResult) {
		w.beside = append(w.beside, r)
		switch {
		case r.Outcome != OK:
			w.notSent(r, "made")
		case w.making.chosen != "":
			w.acted = &StepResult{Step: Act, Outcome: Unknown, Reason: w.making.chosen, FinishedAt: r.FinishedAt}
		case w.making.carried:
			w.acted = &StepResult{Step: Act, Outcome: OK, Version: w.task.setVersion(), RequestID: r.RequestID, StartedAt: r.StartedAt, FinishedAt: r.FinishedAt}
		}
	},
}

// notSent ends the action, which is not sent because the step that has to come
// before it has not ended well.
func (w *work) notSent(r StepResult, what string) {
	reason := "not sent, for the user could not be " + what
	if r.Outcome == Unknown {
		reason = "not sent, for it is not known whether the user was " + what
	}
	w.acted = &StepResult{Step: Act, Outcome: r.Outcome, Code: r.Code, Reason: reason, FinishedAt: r.FinishedAt}
}

// created goes on after a creation was answered, or was not.
func (e *engine) created(a answer, fault *Error) {
	w := a.w
	switch {
	case fault == nil:
		if w.making.carried = w.carries(); w.making.carried {
			w.mark(w.task.Version, Set)
		}
	case fault.Class == Undelivered: // that does not say whether the user was made
		e.count(a, fault)
		w.tries++
		e.unanswered(a)
		return
	case fault.Class == Exists:
		e.count(a, fault)
		e.unspend(w)
		e.exists(w, a.got)
		return
	}
	e.attempted(a, fault)
}

// carries reports whether the creation sets the action's password.
func (w *work) carries() bool { return w.spec.Password && !w.spec.Permanent }

// exists goes on with a user who is there after all. If we may have made them,
// a look tells whether they have chosen a password since.
func (e *engine) exists(w *work, now time.Time) {
	if w.doubt == nil {
		w.doubt, w.doubtSent = w.making.earlier, time.Time{}
	}
	if w.doubt == nil {
		e.settledOK(w)
		return
	}
	w.making.exists, w.unchanged = true, 0
	e.look(w, now.Add(lookFirst))
}

// seenMade decides about a creation in doubt by what a look shows. Where the
// user may have chosen a password since, the action is not sent.
func (e *engine) seenMade(w *work, s Sight, now time.Time) {
	if !s.Found {
		e.unmade(w, now)
		return
	}
	switch timed := s.Modified.Unix() > 0; {
	case !timed && (w.carries() || s.Status != ForceChangePassword):
		w.making.chosen = "no answer came to the creation, and looking did not show when the user was modified"
	case timed && !s.modifiedSince(e.doubtful(w)): // somebody else has made the user, before
		w.untry()
	case s.Status != ForceChangePassword:
		w.making.chosen = fmt.Sprintf("no answer came to the creation; the user was modified since and is %s", s.Status)
	default:
		w.making.carried = w.carries() && w.was()
		if w.carries() && !w.making.carried && w.task.Create.Invite != jobs.NoInvite {
			w.making.chosen = "no answer came to the creation, and it is not known which password the invitation has"
		}
	}
	e.settledOK(w)
}

// unmade goes on with a user whom a look does not find. They are made again
// only for two looks in a row that show nobody.
func (e *engine) unmade(w *work, now time.Time) {
	if w.unchanged++; w.unchanged < looksOld {
		e.look(w, now.Add(lookAgain))
		return
	}
	if w.making == nil { // the doubt is of all steps
		doubt := w.doubt
		if e.redo(w, now); w.making != nil {
			w.making.earlier = doubt
		}
		return
	}
	if w.making.exists {
		e.unknown(w, "no answer came to the creation; the user exists, and looking does not show them")
		return
	}
	if w.making.earlier == nil {
		w.making.earlier = w.doubt
	}
	w.spent = false // somebody may have deleted the user whom the message was for: another counts too
	e.redo(w, now)
}
