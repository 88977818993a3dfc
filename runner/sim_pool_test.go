package runner_test

import (
	"slices"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

// A deed is all that the world knows of an action.
type deed struct {
	code   bool          // it sends a code: never twice, but where somebody has agreed to it
	soon   time.Duration // within this of the first time it may be done again, though the user has chosen a password since
	proof  bool          // it leaves a state that a user does not get to alone: seeing it is proof
	leaves runner.Status // empty: as it was
	lane   jobs.Category
	want   func(state) bool                              // whether a look can show that it was done, and nobody else has undone it; nil: see leaves
	refuse func(*world, *person, *request) *runner.Error // why the pool does not do it; nil if it does
	do     func(*person)                                 // beside leading to a state; may be nil
}

// deeds is the table of actions.
var deeds = map[jobs.Action]deed{
	jobs.Reset:        {code: true, proof: true, leaves: jobs.ResetRequired, lane: jobs.UserAccountRecovery, refuse: refuseReset},
	jobs.SetTemporary: {soon: time.Minute, proof: true, leaves: jobs.ForceChangePassword, lane: jobs.UserAccountRecovery, refuse: refuseSet},
	jobs.SetPermanent: {soon: time.Minute, leaves: jobs.Confirmed, lane: jobs.UserAccountRecovery, refuse: refuseSet},
	jobs.Reinvite:     {code: true, proof: true, leaves: jobs.ForceChangePassword, lane: jobs.UserCreation, refuse: refuseInvite},
	jobs.SignOut:      {lane: jobs.UserUpdate, refuse: refuseNothing},
	jobs.Disable: {lane: jobs.UserUpdate, refuse: refuseNothing, want: func(s state) bool { return !s.enabled && !s.gone },
		do: func(p *person) { p.enabled = false }},
	jobs.Enable: {lane: jobs.UserUpdate, refuse: refuseNothing, want: func(s state) bool { return s.enabled && !s.gone },
		do: func(p *person) { p.enabled = true }},
}

func refuseNothing(*world, *person, *request) *runner.Error { return nil }

func refuseInvite(_ *world, p *person, _ *request) *runner.Error {
	if p.status != jobs.ForceChangePassword {
		return &runner.Error{Class: runner.UserFault, Code: "UnsupportedUserStateException", Message: "User exists"}
	}
	return nil
}

func refuseReset(_ *world, p *person, _ *request) *runner.Error {
	switch {
	case !p.enabled:
		return &runner.Error{Class: runner.UserFault, Code: "NotAuthorizedException", Message: "User is disabled."}
	case p.status != jobs.Confirmed && p.status != jobs.ResetRequired:
		return &runner.Error{Class: runner.UserFault, Code: "NotAuthorizedException", Message: "User password cannot be reset in the current state."}
	case !p.verified:
		return &runner.Error{Class: runner.UserFault, Code: "InvalidParameterException", Message: "no verified address"}
	}
	return nil
}

func refuseSet(w *world, p *person, r *request) *runner.Error {
	if p.refuses(r) {
		return &runner.Error{Class: runner.PasswordFault, Code: "InvalidPasswordException", Message: "too short"}
	}
	if w.remembers && slices.Contains(p.used, r.Password.Reveal()) {
		return &runner.Error{Class: runner.HistoryFault, Code: "PasswordHistoryPolicyViolationException", Message: "used before"}
	}
	return nil
}

// person is a user of the pool, and the task that is about them.
type person struct {
	name, alias, id string // alias and id are empty where the name is the pool's own
	seq             int64
	action          jobs.Action

	state
	password string
	used     []string  // passwords, the present one among them
	shown    []state   // oldest first; the last is how it is
	touched  time.Time // when others than us have changed anything
	led      time.Time // when others have led them to where the action leads
	chose    time.Time // when others, or the user, have chosen a password
	own      time.Time // the same, where another run of ours is none of the others

	requests     dice // what becomes of requests for them
	ways         dice // what they do
	troubles     int  // that are left
	lookTroubles int
	stops        int           // requests that have stopped the run
	looks        int           // so far
	eager        float64       // how likely it is that they act on a change
	patience     time.Duration // for about so long they do not
	plans        []plan
	generated    int         // passwords, for the task
	handed       bool        // whoever is to know the password does
	overtaken    bool        // another night has set it, and the task is left out
	lastSet      time.Time   // when any run of ours has
	unsettled    bool        // a night was left in doubt, or had not told the store
	invited      bool        // and has it by mail
	asked        runner.Task // the steps that are asked for

	task // what is known of it by one who sees everything
	log  []event
}

// state is what the pool has of a user, but for the password.
type state struct {
	status            runner.Status
	modified          time.Time // by the server's clock
	enabled, verified bool
	weak              bool // the password that the job has for them
	deleted           bool // by others
	gone              bool
	at                time.Time // when it came to be so
}

// become changes a user's state, at this instant.
func (w *world) become(p *person, status runner.Status) {
	p.status, p.modified, p.at = status, w.server(), time.Now()
	p.shown = append(p.shown, p.state)
}

// asOf is the state that a user had then.
func (p *person) asOf(then time.Time) state {
	s := p.shown[0]
	for _, was := range p.shown {
		if !was.at.After(then) {
			s = was
		}
	}
	return s
}

func (p *person) setPassword(password string) {
	p.password = password
	p.used = append(p.used, password)
}

// carryOut does what a request asks for, if the pool's rules allow it.
func (w *world) carryOut(p *person, r *request) *runner.Error {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := deeds[r.Action]
	if r.Step != runner.Act {
		return w.carryOutStep(p, r)
	}
	if p.gone {
		return &runner.Error{Class: runner.UserFault, Code: "UserNotFoundException", Message: "User does not exist."}
	}
	if err := d.refuse(w, p, r); err != nil {
		w.note(p, "request %d is refused: %s", r.n, err.Message)
		return err
	}
	w.carriedOut(p, r)
	if d.code {
		w.mails(p)
	}
	if r.Action.Sets() {
		p.setPassword(r.Password.Reveal())
	}
	if d.do != nil {
		d.do(p)
	}
	before := p.modified
	if d.leaves == "" {
		w.become(p, p.status)
		w.note(p, "request %d is carried out: enabled %t", r.n, p.enabled)
		return nil
	}
	w.become(p, d.leaves)
	if d.code && w.untouched {
		p.modified = before
		p.shown[len(p.shown)-1] = p.state
	}
	w.note(p, "request %d is carried out: %s", r.n, p.status)
	w.react(p)
	return nil
}

// sight is what a look shows of a user, who is as they were a while ago.
func (w *world) sight(p *person, lag time.Duration) runner.Sight {
	s := p.asOf(time.Now().Add(-lag))
	if s.gone {
		return runner.Sight{}
	}
	sight := runner.Sight{Found: true, Username: p.name, Status: s.status, Modified: s.modified, Enabled: s.enabled, KnowsEnabled: true}
	if p.alias != "" {
		sight.Username, sight.Sub, sight.Alias = p.id, p.id, p.alias
	}
	if w.seconds {
		sight.Modified = sight.Modified.Truncate(time.Second)
	}
	return sight
}
