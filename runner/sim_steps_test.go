package runner_test

import (
	"errors"
	"fmt"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

// drawSteps decides how many tasks of a world have steps beside their action,
// and whether messages are counted.
func (w *world) drawSteps(d dice) {
	w.steps = one(d, 0, 0.5, 1)
	if d.chance(0.3) {
		w.budget = 1 + d.IntN(6)
	}
}

// drawSteps decides which steps a task has.
func (p *person) drawSteps(d dice, often float64) {
	if !d.chance(often) {
		return
	}
	if d.chance(0.25) {
		p.action = one(d, jobs.Reinvite, jobs.SignOut, jobs.Disable, jobs.Enable)
		if p.action == jobs.Reinvite && d.chance(0.8) {
			p.status = jobs.ForceChangePassword
		}
	}
	p.asked.SignOut = one(d, jobs.NoSignOut, jobs.SignOutIfOK, jobs.SignOutIfOK, jobs.SignOutAlways)
	p.asked.Recheck = d.chance(0.25)
	switch {
	case d.chance(0.08):
		p.asked.Skip = "protected, or needless where there is a sign-out all the same"
	case d.chance(0.08):
		p.asked.Fail = "it cannot be done"
	case p.action.Sets() && d.chance(0.5):
		p.asked.Create = &jobs.Creation{Invite: one(d, jobs.NoInvite, jobs.InviteByEmail)}
		p.gone = d.chance(0.85)
		if d.chance(0.3) {
			p.plans = append(p.plans, plan{d.some(0.1, 1, 10, 60), len(whims) - 1})
		}
	case d.chance(0.4) && deeds[p.action].leaves != "":
		p.asked.Enable = true
		p.enabled = !d.chance(0.8)
	}
	if d.chance(0.8) && !p.gone {
		p.asked.Before = &jobs.User{Status: p.status}
	}
	p.shown = []state{p.state}
}

func jobPassword(name string) string { return "the job's for " + name }

func (p *person) describeSteps() string {
	a := p.asked
	create := "no creation"
	if a.Create != nil {
		create = fmt.Sprintf("creation with invitation %d", a.Create.Invite)
	}
	return fmt.Sprintf("generated %t, check %t, %s, enable %t, recheck %t, sign-out %d, skip %q, fail %q", a.Generated, a.Check, create, a.Enable, a.Recheck, a.SignOut, a.Skip, a.Fail)
}

// laneOf is the quota that a step's requests draw on.
func laneOf(t runner.Task) jobs.Category {
	switch t.Step {
	case runner.Create:
		return jobs.UserCreation
	case runner.Enable, runner.SignOut:
		return jobs.UserUpdate
	case runner.Check:
		return jobs.UserAuthentication
	case runner.Prepare, runner.Conclude:
		return "Handoff"
	}
	return deeds[t.Action].lane
}

// beside is what one who sees everything knows of the steps beside an action.
type beside struct {
	creations int
	made      time.Time // when we have made them
	enabledBy time.Time // when we have enabled them
	signedOut time.Time
	seen      time.Time // as of when a look has shown them
}

// again has what is known of the steps begin anew that are not done.
func (b *beside) again(doubtful *[steps]bool, done []runner.StepResult) {
	old := *b
	oldDoubts := *doubtful
	defer func() { // a life that does nothing leaves them as they were
		for _, step := range []runner.Step{runner.Prepare, runner.Conclude, runner.SignOut} {
			doubtful[step] = oldDoubts[step]
		}
	}()
	*b, *doubtful = beside{creations: old.creations, made: old.made, seen: old.seen}, [steps]bool{runner.Create: oldDoubts[runner.Create]}
	for _, r := range done {
		doubtful[r.Step] = oldDoubts[r.Step]
		switch r.Step {
		case runner.Enable:
			b.enabledBy = old.enabledBy
		case runner.SignOut:
			b.signedOut = old.signedOut
		}
	}
}

// carryOutStep does what a request of a step beside the action asks for.
func (w *world) carryOutStep(p *person, r *request) *runner.Error {
	if r.Step == runner.Check {
		return w.triesIn(p, r)
	}
	if p.gone != (r.Step == runner.Create) {
		w.note(p, "request %d is refused", r.n)
		if p.gone {
			return &runner.Error{Class: runner.UserFault, Code: "UserNotFoundException", Message: "User does not exist."}
		}
		return &runner.Error{Class: runner.Exists, Code: "UsernameExistsException", Message: "User account already exists"}
	}
	now := time.Now()
	switch r.Step {
	case runner.Create:
		carries := r.Action == jobs.SetTemporary
		if carries && p.refuses(r) {
			return &runner.Error{Class: runner.PasswordFault, Code: "InvalidPasswordException", Message: "too short"}
		}
		if p.creations++; p.creations > 1 && !p.deleted {
			w.breach(p, "it is made a second time")
		}
		p.gone, p.enabled, p.made = false, true, now
		if carries {
			w.carriedOut(p, r)
			p.setPassword(r.Password.Reveal())
		} else {
			p.setPassword("Cognito's own")
		}
		invited := p.asked.Create.Invite != jobs.NoInvite
		if p.invited = invited; invited {
			w.mails(p)
		}
		w.become(p, jobs.ForceChangePassword)
		if invited || carries {
			w.react(p)
		}
	case runner.Enable:
		p.enabled, p.enabledBy = true, now
		w.become(p, p.status)
	case runner.SignOut:
		p.signedOut = now
	}
	w.note(p, "request %d is carried out: step %d", r.n, r.Step)
	return nil
}

// remade reports whether a user whom we make may be made anew: others have
// deleted them, or looks have shown nobody, which is believed.
func (p *person) remade() bool { return (p.deleted || p.dim != "") && p.asked.Create != nil }

// wasThere reports whether, for all that the plan knows, enabling a user shows
// as the action does.
func (p *person) wasThere(leaves runner.Status) bool {
	return p.asked.Enable && (p.asked.Before == nil || p.asked.Before.Status == leaves)
}

// mails judges a message as it is sent.
func (w *world) mails(p *person) {
	if w.mailed++; w.budget > 0 && w.mailed > w.allowed {
		w.breach(p, "message %d, and %d are allowed", w.mailed, w.allowed)
	}
}

var errOverspent = errors.New("no more messages are allowed")

// spend is runner.Options.Budget.
func (p *process) spend(runner.Task) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.counted >= p.allowed {
		return errOverspent
	}
	p.counted++
	return nil
}

func (p *process) unspent(runner.Task) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counted--
}

// course is how a task has gone in one life, as the journal knows it.
type course struct {
	resumed bool // some of it was done, or may have been, before
	looked  bool // before the first request
	leftOut bool // as that has shown
	done    map[runner.Step]bool
	acted   runner.Outcome // how its action has ended; Pending: it has not
	old     bool           // the action has ended before: that was judged then
	doubt   bool           // its action was in doubt before
	emitted map[runner.Step]runner.Outcome
}

func (p *process) of(seq int64) *course {
	if p.course[seq] == nil {
		p.course[seq] = &course{done: map[runner.Step]bool{}, emitted: map[runner.Step]runner.Outcome{}}
	}
	return p.course[seq]
}

// resumes observes what the journal has of a task, as a life takes it up.
func (p *process) resumes(t *runner.Task) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.of(t.Seq)
	c.resumed = len(t.Done) > 0 || t.Doubt != nil
	c.doubt = t.Doubt != nil && t.Doubt.Step == runner.Act
	for i := range t.Done {
		r := &t.Done[i]
		r.StartedAt, r.FinishedAt = p.life.toHere(r.StartedAt), p.life.toHere(r.FinishedAt)
		c.done[r.Step] = true
		if r.Step == runner.Act {
			c.acted, c.old = r.Outcome, true
		}
	}
}

// recheck is runner.Options.Recheck.
func (p *process) recheck(t runner.Task, s runner.Sight) (skip, fail string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.of(t.Seq)
	c.looked = true
	switch {
	case s.Found && s.Status == jobs.Unconfirmed:
		skip = "unconfirmed"
	case s.Found && !s.Enabled && !t.Enable:
		skip = "disabled"
	case !s.Found && t.Create == nil:
		fail = "there is no such user any more"
	}
	c.leftOut = skip != "" || fail != "" && t.SignOut != jobs.SignOutAlways
	return skip, fail
}

// mayLeave judges a request as it leaves.
func (p *process) mayLeave(who *person, step runner.Step) {
	c, a := p.of(who.seq), who.asked
	switch {
	case a.Skip != "" && (step != runner.SignOut || a.SignOut != jobs.SignOutAlways):
		p.breach(who, "a request of step %d, and the user is protected", step)
	case a.Fail != "" && step != runner.SignOut:
		p.breach(who, "a request of step %d, and it cannot be done", step)
	case a.Recheck && !c.resumed && !c.looked:
		p.breach(who, "a request of step %d before the look", step)
	case c.leftOut && step != runner.Conclude: // which is for the store alone
		p.breach(who, "a request of step %d after a look has left the user out", step)
	case c.done[step] && step != runner.Prepare: // of another password

		p.breach(who, "step %d is done again, which has ended", step)
	case step == runner.SignOut && a.Fail == "" && a.Skip == "" && c.acted != runner.OK && (c.acted == runner.Pending || a.SignOut != jobs.SignOutAlways):
		p.breach(who, "a sign-out, and the action is %v", c.acted)
	case step != runner.SignOut && step != runner.Conclude && step != runner.Check && c.acted != runner.Pending:
		p.breach(who, "a request of step %d after the action", step)
	case step == runner.Conclude && c.acted != runner.OK && c.acted != runner.Failed, step == runner.Check && c.acted != runner.OK:
		p.breach(who, "a request of step %d, and the action is %v", step, c.acted)
	}
}

// hasActed observes how an action has ended: where it was in doubt, as a look
// has shown.
func (p *process) hasActed(who *person, o runner.Outcome) {
	c := p.of(who.seq)
	if o != runner.OK || c.done[runner.Act] && c.acted != runner.OK {
		return
	}
	d := deeds[who.action]
	if err, sent := p.last[charged{who, runner.Act}]; d.proof && (err != nil || !sent && c.doubt) {
		p.served(d.lane)
	}
}

// failed reports whether a step has failed in this life for what came of its
// requests.
func (p *process) failed(who *person, step runner.Step) bool {
	c := p.of(who.seq)
	if step != runner.Act {
		return c.emitted[step] == runner.Failed && !c.done[step]
	}
	_, sent := p.last[charged{who, step}]
	return p.emitted[who.seq] == runner.Failed && !c.done[step] && sent
}

// endedBeside judges how a step beside the action ended.
func (w *world) endedBeside(p *person, r runner.StepResult) {
	w.note(p, "step %d is %v: %s", r.Step, r.Outcome, r.Reason)
	if r.Outcome == runner.Unknown && !p.doubtful[r.Step] && (r.Step != runner.Check || !p.asked.Generated) {
		w.breach(p, "step %d is unknown (%s), and all was answered", r.Step, r.Reason)
	}
	ok, was := r.Outcome == runner.OK, false
	switch r.Step {
	case runner.Create:
		was = !p.made.IsZero() && p.dim == "" // a look that shows nobody is believed
		if ok && p.gone && !p.deleted {
			w.breach(p, "it was made, and is not there")
		}
	case runner.Enable: // an administrator may have, or a look have found it so
		was = !p.enabledBy.IsZero() && p.enabled
		ok = false // or an administrator has
		if r.Outcome == runner.Unknown && p.dim == "" && !p.deleted {
			w.breach(p, "enabling is unknown (%s), and looks could tell", r.Reason)
		}
	case runner.SignOut:
		was = !p.signedOut.IsZero()
		if ok && was && p.first != nil && p.signedOut.Before(p.first.sent) {
			w.breach(p, "the sign-out was before the action")
		}
		if ok && !was {
			w.breach(p, "the user was not signed out")
		}
	}
	if r.Outcome == runner.Failed && was && !p.remade() && !w.restored { // or the copy does not know of it
		w.breach(p, "step %d failed (%s), and was carried out", r.Step, r.Reason)
	}
}
