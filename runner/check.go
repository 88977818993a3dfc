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
