package runner

import (
	"context"

	"cogpass/jobs"
)

// handing hands a generated password over, before the first request that has it.
// Doing it twice is doing it once.
func handing(category jobs.Category) kind {
	return kind{
		category: func(*jobs.ActionSpec) jobs.Category { return category },
		wanted:   func(w *work) bool { return w.handoff && w.acted == nil && !w.ended(Prepare) },
		intent:   true,
		send: func(e *engine, ctx context.Context, t Task) (s Sight, err error) {
			s.Answer, err = e.opt.Handoff.Prepare(ctx, handover(&t, t.Version, t.Password))
			return s, err
		},
		answered: (*engine).attempted,
		doubt:    func(*jobs.ActionSpec) jobs.DoubtRule { return jobs.Repeat },
		ended: func(w *work, r StepResult) {
			w.beside = append(w.beside, r)
			if r.Outcome == OK {
				return
			}
			w.acted = &StepResult{Step: Act, Outcome: Failed, Code: r.Code, FinishedAt: r.FinishedAt,
				Reason: "not sent, for the password could not be handed over"}
			if w.tried() > 0 {
				w.acted.Outcome, w.acted.Reason = Unknown, "no answer came to an earlier attempt, and no other password could be handed over"
			}
		},
	}
}

// concluding tells, once the action has ended, which password is the user's and
// which are not.
func concluding(category jobs.Category) kind {
	return kind{
		category: func(*jobs.ActionSpec) jobs.Category { return category },
		wanted: func(w *work) bool {
			if !w.handoff || w.acted == nil || w.ended(Conclude) {
				return false
			}
			return w.acted.Outcome == OK && w.task.setVersion() != "" || w.acted.Outcome == Failed && w.prepared()
		},
		intent: true,
		send: func(e *engine, ctx context.Context, t Task) (s Sight, err error) {
			if set := t.setVersion(); set != "" {
				s.Answer, err = e.opt.Handoff.Confirm(ctx, handover(&t, set, t.passwordOf(set)))
			}
			for _, m := range t.Made {
				if err == nil && m.State == NotSet && m.Version != "" {
					s.Answer, err = e.opt.Handoff.Abandon(ctx, handover(&t, m.Version, t.passwordOf(m.Version)))
				}
			}
			return s, err
		},
		answered: (*engine).attempted,
		doubt:    func(*jobs.ActionSpec) jobs.DoubtRule { return jobs.Repeat },
		ended:    func(w *work, r StepResult) { w.beside = append(w.beside, r) },
	}
}

// passwordOf returns the password of a version, or the zero Secret where it is not at
// hand: a store may repeat it.
func (t *Task) passwordOf(version string) jobs.Secret {
	if t.Version != version {
		return jobs.Secret{}
	}
	return t.Password
}

// prepared reports whether any password of the task may have been handed over.
func (w *work) prepared() bool {
	if len(w.task.Made) > 1 {
		return true
	}
	for i := range w.beside {
		if r := &w.beside[i]; r.Step == Prepare {
			return r.Outcome != Failed
		}
	}
	return false
}

func handover(t *Task, version string, password jobs.Secret) Handover {
	return Handover{Seq: t.Seq, Username: t.Username, Version: version, Password: password}
}

// fetching asks for a password that an earlier run may have set, on behalf of the
// step whose request is to have it.
func fetching(category jobs.Category) kind {
	return kind{
		category: func(*jobs.ActionSpec) jobs.Category { return category },
		wanted:   func(*work) bool { return false },
		send: func(e *engine, ctx context.Context, t Task) (s Sight, err error) {
			s.secret, s.Answer, err = e.fetcher.Fetch(ctx, handover(&t, t.kept(), jobs.Secret{}))
			return s, err
		},
		answered: (*engine).fetched,
	}
}

// fetched goes on with a task for which a store was asked.
func (e *engine) fetched(a answer, fault *Error) {
	w := a.w
	if fault == nil {
		w.fetched, w.looks = true, 0
		if !a.sight.secret.IsZero() {
			w.task.Version, w.task.Password = w.task.kept(), a.sight.secret
		}
		e.wait(w, w.doing, a.got)
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
	default: // it is not to be had, and handing over another may tell why
		w.fetched = true
		e.wait(w, w.doing, a.got)
	}
}
