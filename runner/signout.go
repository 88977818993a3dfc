package runner

import "cogpass/jobs"

// signingOut ends a user's sessions once the action has ended. No look shows
// whether it was done; doing it twice is doing it once.
var signingOut = kind{
	category: func(*jobs.ActionSpec) jobs.Category { return jobs.UserUpdate },
	wanted: func(w *work) bool {
		return w.signsOut() && w.acted != nil && !w.ended(SignOut) &&
			(w.task.SignOut == jobs.SignOutAlways || w.acted.Outcome == OK)
	},
	intent:   true,
	send:     doing(SignOut),
	answered: (*engine).attempted,
	doubt:    func(*jobs.ActionSpec) jobs.DoubtRule { return jobs.Repeat },
	ended:    func(w *work, r StepResult) { w.beside = append(w.beside, r) },
}

// sends reports whether the task's action is to be sent.
func (w *work) sends() bool { return w.task.Skip == "" && w.task.Fail == "" }

// signsOut reports whether the task may have a sign-out.
func (w *work) signsOut() bool { return w.task.SignOut != jobs.NoSignOut }
