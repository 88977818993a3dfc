package runner

import (
	"time"

	"cogpass/jobs"
)

// enabling lets a disabled user be acted on.
var enabling = kind{
	category: func(*jobs.ActionSpec) jobs.Category { return jobs.UserUpdate },
	wanted:   func(w *work) bool { return w.task.Enable && w.acted == nil && !w.ended(Enable) },
	intent:   true,
	send:     doing(Enable),
	answered: (*engine).attempted,
	doubt:    func(*jobs.ActionSpec) jobs.DoubtRule { return jobs.Repeat },
	seen:     func(e *engine, w *work, s Sight, now time.Time) { e.seenEnabled(w, s, now, true) },
	ended: func(w *work, r StepResult) {
		w.beside = append(w.beside, r)
		if r.Outcome != OK {
			w.notSent(r, "enabled")
		}
	},
}

// seenEnabled decides by what a look shows about a step in doubt that enables
// or disables a user.
func (e *engine) seenEnabled(w *work, s Sight, now time.Time, want bool) {
	switch {
	case !s.Found:
		e.unknown(w, "no answer came, and no such user was found")
	case !s.KnowsEnabled:
		e.unknown(w, "no answer came, and looking did not show whether the user is enabled")
	case s.Enabled == want:
		e.settledOK(w)
	default:
		e.redo(w, now)
	}
}
