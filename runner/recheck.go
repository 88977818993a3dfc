package runner

import (
	"context"
	"fmt"
	"strings"
	"time"

	"cogpass/jobs"
)

// rechecking looks at a user before the task's first request. It changes
// nothing, and no journal keeps it: a run that goes on looks again, unless
// something of the task has been done.
var rechecking = kind{
	category: func(*jobs.ActionSpec) jobs.Category { return jobs.UserList },
	wanted: func(w *work) bool {
		return w.task.Recheck && !w.checked && (w.acted == nil || w.task.SignOut == jobs.SignOutAlways)
	},
	send: func(e *engine, ctx context.Context, t Task) (Sight, error) {
		return e.looker.Look(ctx, t.Username)
	},
	answered: (*engine).rechecked,
}

// rechecked goes on with a task that was looked at before it is begun.
func (e *engine) rechecked(a answer, fault *Error) {
	w := a.w
	if fault == nil {
		e.judge(w, a.sight, a.got)
		return
	}
	w.fault = fault.Message
	switch denied := strings.HasPrefix(fault.Code, "AccessDenied") || fault.Code == "NotAuthorizedException"; {
	case denied, fault.Class == Fatal, fault.Class == Budget:
		// A guard that cannot be asked is no fault of the user's.
		e.stopFor(Fatal, w, fmt.Errorf("looking at the user again before the action: %w", fault))
		e.strand(w)
	case fault.Class == Unreadable:
		w.tries++
		e.later(w, a.got)
	case fault.Class == Throttled, fault.Class == Transient, fault.Class == InDoubt, fault.Class == Host:
		e.later(w, a.got)
	default:
		e.unchecked(w, fault.Message)
	}
}

// unchecked fails a task of which nothing is sent, because it could not be
// looked at.
func (e *engine) unchecked(w *work, reason string) {
	e.finish(w, StepResult{Outcome: Failed, Reason: "not sent, for the user could not be looked at first: " + reason, FinishedAt: time.Now()})
}

// judge goes on with a task as what a look showed has it.
func (e *engine) judge(w *work, s Sight, now time.Time) {
	if s.Found && !s.shows(w.task.Username) {
		e.unchecked(w, "looking showed another user")
		return
	}
	w.checked = true
	if s.Found {
		w.task.Before = &jobs.User{Username: s.Username, Sub: s.Sub, Status: s.Status, Enabled: s.Enabled, Modified: s.Modified}
	}
	skip, fail := e.opt.Recheck(w.task, s)
	switch {
	case skip != "":
		e.finish(w, StepResult{Outcome: Skipped, Reason: skip, FinishedAt: now})
		return
	case fail != "" && w.acted == nil:
		w.decide(Failed, fail)
		if _, more := e.nextOf(w); more {
			e.record(w, *w.acted)
		}
	}
	e.proceed(w, now)
}
