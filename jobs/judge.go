package jobs

import "fmt"

// Judge decides about a task whose user was looked up: user is what the pool
// has, or nil where it has none. It sets Before, and Skip or Fail where the
// action is not to be sent, and leaves of Create, Enable, Recheck, SignOut and Check the
// steps that the user needs.
func (t *Tasks) Judge(task *Task, user *User, facts PoolFacts) {
	t.judging = true
	task.Before = user
	if task.Skip == "" {
		t.judge(task, user, facts)
	}
	if task.Skip != "" || task.Fail != "" {
		task.Create, task.Enable, task.Recheck, task.Check = nil, false, false, false
		if task.SignOut != SignOutAlways {
			task.SignOut = NoSignOut
		}
		return
	}
	t.sending++
	if task.Create != nil && !task.Create.reachable() {
		t.unreachable++
	}
}

func (t *Tasks) judge(task *Task, user *User, facts PoolFacts) {
	if user == nil {
		task.Enable, task.Recheck = false, false
		if task.Create == nil {
			task.Fail, task.SignOut = "the pool has no such user", NoSignOut
		}
		return
	}
	spec := task.Action.Spec()
	task.Create = nil
	if !spec.Metadata {
		task.ClientMetadata = nil // it was for the creation
	}
	task.Enable = task.Enable && !user.Enabled
	if why := t.leftOut(task, user); why != "" {
		task.Skip, task.SignOut = why, NoSignOut
		return
	}
	switch {
	case spec.Disables && !user.Enabled:
		task.Skip = "is disabled already"
		return
	case spec.Enables && user.Enabled:
		task.Skip = "is enabled already"
		return
	}
	switch why := Impossible(task.Action, task.Enable, user, facts); {
	case why == "":
	case t.job.onImpossible == second:
		task.Skip = why
	default:
		task.Fail = why
	}
}

// leftOut returns why a user that the pool has is none of the job's.
func (t *Tasks) leftOut(task *Task, user *User) string {
	if why := t.guardOf(append([]string{task.Username, user.Username, user.Sub}, user.Names...)...); why != "" {
		return why
	}
	if why := t.job.Where.Unmet(user); why != "" {
		return why
	}
	if why := t.doneSince(task); why != "" {
		return why
	}
	spec := task.Action.Spec()
	if user.Status == ExternalProvider && !spec.AnyUser && !(spec.Password && t.job.allowFederated == second) {
		return "is EXTERNAL_PROVIDER: another service has its password"
	}
	return ""
}

// Impossible returns why Cognito would refuse an action, as far as that is
// certain; enable says that the user is enabled before it.
func Impossible(action Action, enable bool, user *User, facts PoolFacts) string {
	if refused := action.Spec().Refused; refused != nil {
		return refused(user, enable, facts)
	}
	return ""
}

// resetRefused says of no other state than FORCE_CHANGE_PASSWORD that a reset
// fails in it: what Cognito does for UNCONFIRMED with a verified address is not
// documented, so that is sent. Source: the API reference of AdminResetUserPassword.
func resetRefused(user *User, enable bool, facts PoolFacts) string {
	email := user.VerifiedEmail && (facts.RecoveryEmail || !facts.Known)
	phone := user.VerifiedPhone && (facts.RecoveryPhone || !facts.Known)
	switch {
	case user.Status == ForceChangePassword:
		return "is FORCE_CHANGE_PASSWORD: Cognito resets no password that the user has yet to choose"
	case !user.Enabled && !enable:
		return "is disabled: Cognito resets no password of a disabled user"
	case !user.VerifiedEmail && !user.VerifiedPhone:
		return "has no verified address that a code could go to"
	case !email && !phone:
		return "has no verified address by which the pool lets users recover their account"
	}
	return ""
}

// invitationRefused: one is for those who have yet to choose a password. Source:
// the API reference of AdminCreateUser.
func invitationRefused(user *User, _ bool, _ PoolFacts) string {
	if user.Status == ForceChangePassword {
		return ""
	}
	return "is " + user.state() + ": an invitation is for FORCE_CHANGE_PASSWORD"
}

// OfPool makes a task of a user that a source of the pool has. Call it for the
// users of a source that no other task is about, once All has ended; then give the
// task to Judge.
func (t *Tasks) OfPool(source int, user *User) Task {
	task := t.templates[source]
	task.Username = user.Username
	t.seq++
	task.Seq = t.seq
	t.found[source]++
	if task.Password.Kind == LiteralPassword {
		t.sources[0].Passwords++
	}
	return task
}

// End checks what can only be checked of all tasks, once each has been to Judge.
// Its error is a *Faults.
func (t *Tasks) End() error {
	if f := t.tooMany(t.sending); f != nil {
		faults := &Faults{List: []Fault{*f}}
		t.job.locate(faults)
		return faults
	}
	return nil
}

// tooMany returns the fault of a job with more users than it may have.
func (t *Tasks) tooMany(users int64) *Fault {
	if most := t.job.Limits.MaxUsers; most > 0 && users > int64(most) {
		return &Fault{Place: t.job.maxUsers, Message: fmt.Sprintf("the job has %d users, more than maxUsers, %d", users, most)}
	}
	return nil
}

// SamePerson is the fault of two tasks that are about one user, who was named by
// another name at the place before.
func (t *Task) SamePerson(before Place) Fault {
	return Fault{Place: t.Place, Message: "this is a user that was named before, by another name, at " + Visible(before.String()), Hint: "name each user once"}
}
