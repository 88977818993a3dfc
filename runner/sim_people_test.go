package runner_test

import (
	"fmt"
	"strings"
	"time"

	"cogpass/jobs"
)

// A plan is what somebody will do to a user at some time, whatever happens.
type plan struct {
	after time.Duration
	whim  int // in whims
}

// whims are what others than us do to a user: the user alone, or another
// administrator. Each reports whether it came to something.
var whims = []struct {
	name string
	do   func(*world, *person) bool
}{
	{"the user asks for a code", func(w *world, p *person) bool {
		if refuseReset(w, p, nil) != nil {
			return false
		}
		w.become(p, p.status) // as the sandbox has it; it may be that Cognito does not touch the user
		return true
	}},
	{"the user chooses a password", choose},
	{"an administrator resets the user", func(w *world, p *person) bool {
		if refuseReset(w, p, nil) != nil {
			return false
		}
		w.become(p, jobs.ResetRequired)
		return true
	}},
	{"an administrator sets a temporary password", func(w *world, p *person) bool {
		p.setPassword(fmt.Sprintf("an administrator's, %d", len(p.used)))
		w.become(p, jobs.ForceChangePassword)
		p.chose = time.Now()
		return true
	}},
	{"an administrator sets a password", func(w *world, p *person) bool {
		p.setPassword(fmt.Sprintf("an administrator's, %d", len(p.used)))
		w.become(p, jobs.Confirmed)
		p.chose = time.Now()
		return true
	}},
	{"an administrator changes an attribute", func(w *world, p *person) bool {
		w.become(p, p.status)
		return true
	}},
	{"an administrator disables or enables the user", func(w *world, p *person) bool {
		p.enabled = !p.enabled
		w.become(p, p.status)
		return true
	}},
	{"an administrator deletes the user", func(w *world, p *person) bool {
		p.gone, p.deleted, p.chose = true, true, time.Time{}
		w.become(p, p.status)
		return true
	}},
	{makesUser, func(w *world, p *person) bool {
		if !p.gone {
			return false
		}
		p.gone, p.enabled = false, true
		p.setPassword(fmt.Sprintf("an administrator's, %d", len(p.used)))
		w.become(p, jobs.ForceChangePassword)
		p.chose = time.Now()
		return true
	}},
}

// makesUser is the whim of which there are users who are not there.
const makesUser = "an administrator makes the user"

// choose has users choose a password, with a code, at their first sign-in, or
// for no reason.
func choose(w *world, p *person) bool {
	if unknown := p.asked.Generated && !p.handed && p.status == jobs.ForceChangePassword; unknown && !p.invited && !strings.HasPrefix(p.password, "an administrator's") {
		return false // they need the password for that
	}
	if !p.enabled || p.status == jobs.Unconfirmed || p.status == jobs.ExternalProvider {
		return false
	}
	p.setPassword(fmt.Sprintf("the user's own, %d", len(p.used)))
	w.become(p, jobs.Confirmed)
	p.chose = time.Now()
	return true
}

// act has something done to a user by others than us.
func (w *world) act(p *person, name string, do func(*world, *person) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	chose := p.chose
	if p.gone && name != makesUser || !do(w, p) {
		return
	}
	p.touched = time.Now()
	if p.chose != chose {
		p.own = p.touched
	}
	if p.status == deeds[p.action].leaves {
		p.led = p.touched
	}
	w.note(p, "%s: %s", name, p.status)
}

// react has users act on what was done to them, in time.
func (w *world) react(p *person) {
	if p.ways.chance(p.eager) {
		time.AfterFunc(p.ways.between(p.patience/2, p.patience), func() { w.act(p, "the user chooses a password", choose) })
	}
}

// begin has all plans happen in time.
func (p *person) begin(w *world) {
	for _, plan := range p.plans {
		whim := whims[plan.whim]
		time.AfterFunc(plan.after, func() { w.act(p, whim.name, whim.do) })
	}
}
