package bulk

import (
	"maps"
	"math"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/cognito"
	"cogpass/runner/runfile"
)

// Tally counts what a plan has to do. The zero value counts nothing.
type Tally struct {
	Tasks    int64 // skipped ones too
	Skipped  int64
	Why      map[string]int64        // skipped tasks by reason
	Failing  map[string]int64        // tasks that are not skipped and fail without a request, by reason
	Actions  map[jobs.Action]int64   // tasks that are not skipped
	Statuses map[jobs.Status]int64   // of the users of all tasks, where they were looked up
	Steps    map[runner.Step]int64   // tasks that have the step beside their action
	Invites  map[jobs.Invite]int64   // of the users that are made
	Requests map[jobs.Category]int64 // at least, by quota category
	messages map[jobs.Action]int64   // tasks whose action sends one
	recipes  map[string]*uses        // of passwords that are generated
	Active   int64                   // users who are counted as active on the bill
}

func newTally() Tally {
	return Tally{
		Why: map[string]int64{}, Failing: map[string]int64{}, Actions: map[jobs.Action]int64{}, Statuses: map[jobs.Status]int64{},
		Steps: map[runner.Step]int64{}, Invites: map[jobs.Invite]int64{}, Requests: map[jobs.Category]int64{}, messages: map[jobs.Action]int64{},
		recipes: map[string]*uses{},
	}
}

// uses says how many passwords are made of a recipe.
type uses struct {
	passwords int64
	permanent bool // some are
}

// categories are those of the steps beside an action.
var categories = map[runner.Step]jobs.Category{
	runner.Recheck: jobs.UserList, runner.Create: jobs.UserCreation, runner.Enable: jobs.UserUpdate, runner.SignOut: jobs.UserUpdate,
	runner.Check: jobs.UserAuthentication,
}

func (t *Tally) add(task *jobs.Task) {
	t.Tasks++
	if task.Before != nil {
		t.Statuses[task.Before.Status]++
	}
	if task.Skip != "" {
		t.Skipped++
		t.Why[task.Skip]++
		if task.SignOut == jobs.SignOutAlways { // it is only left where the user is the job's
			t.Steps[runner.SignOut]++
			t.Requests[jobs.UserUpdate]++
			t.Active++
		}
		return
	}
	spec := task.Action.Spec()
	t.Actions[task.Action]++
	for step, has := range map[runner.Step]bool{
		runner.Recheck: task.Recheck, runner.Create: task.Create != nil, runner.Enable: task.Enable, runner.SignOut: task.SignOut != jobs.NoSignOut,
		runner.Check: task.Check,
	} {
		if has {
			t.Steps[step]++
			t.Requests[categories[step]]++
		}
	}
	if task.Fail == "" && spec.Active || task.SignOut != jobs.NoSignOut {
		t.Active++
	}
	if task.Fail != "" {
		t.Failing[task.Fail]++
		return
	}
	if task.Password.Kind == jobs.GeneratedPassword {
		t.generated(task.Password.Name, spec.Permanent)
	}
	if task.Create != nil {
		t.Invites[task.Create.Invite]++
	}
	if task.Create == nil || spec.Permanent { // else the creation sets the password
		t.Requests[spec.Category]++
	}
	if spec.Message {
		t.messages[task.Action]++
	}
}

// generated counts a password that is made.
func (t *Tally) generated(recipe string, permanent bool) {
	t.Steps[runner.Prepare]++
	of := t.recipes[recipe]
	if of == nil {
		of = new(uses)
		t.recipes[recipe] = of
	}
	of.passwords++
	of.permanent = of.permanent || permanent
}

// Users is how many are acted on.
func (t *Tally) Users() int64 { return t.Tasks - t.Skipped }

// Sum is how many are acted on with an action that is so.
func (t *Tally) Sum(is func(jobs.ActionSpec) bool) int64 {
	sum := int64(0)
	for action, n := range t.Actions {
		if is(action.Spec()) {
			sum += n
		}
	}
	return sum
}

// Passwords is how many get a password.
func (t *Tally) Passwords() int64 {
	return t.Sum(func(s jobs.ActionSpec) bool { return s.Password })
}

// Messages is how many messages are sent at least, by e-mail or SMS.
func (t *Tally) Messages() int64 {
	sum := t.Invites[jobs.InviteByEmail] + t.Invites[jobs.InviteBySMS]
	for _, n := range t.messages {
		sum += n
	}
	return sum
}

// Mails is how many of them may be e-mails, as far as the pool's settings tell.
func (t *Tally) Mails(pool *cognito.Pool) int64 {
	mails := t.Messages() - t.Invites[jobs.InviteBySMS]
	if onlySMS(pool) {
		mails -= t.messages[jobs.Reset]
	}
	return mails
}

// onlySMS reports whether codes go by SMS, whoever the user is.
func onlySMS(pool *cognito.Pool) bool { return pool.Facts.Known && !pool.Facts.RecoveryEmail }

// left counts what there is to do of a run. What the plan counts for all of its
// tasks is taken in proportion.
func (o *Options) left(all runfile.Counts, info *runfile.Info) Tally {
	t := newTally()
	for action, outcomes := range all.ByAction {
		n := outcomes[pending]
		if o.RetryFailed {
			n += outcomes[failed]
		}
		if o.RetryUnknown {
			n += outcomes[unknown]
		}
		planned := int64(0)
		for _, tasks := range outcomes {
			planned += tasks
		}
		skips := max(0, planned-info.Counts[action]-outcomes[skipped])
		t.Tasks += n
		t.Skipped += skips
		t.Actions[action] += n - skips
		spec := action.Spec()
		t.Requests[spec.Category] += n - skips
		if spec.Message {
			t.messages[action] += n - skips
		}
		if spec.Active {
			t.Active += n - skips
		}
	}
	for step, n := range info.Steps {
		ended := all.Steps[step]
		left := n - ended[runner.OK]
		for _, outcome := range []runner.Outcome{failed, unknown} {
			if !(outcome == failed && o.RetryFailed || outcome == unknown && o.RetryUnknown) {
				left -= ended[outcome]
			}
		}
		left = max(0, min(left, t.Users()+all.Beside))
		t.Steps[step] = left
		if category := categories[step]; category != "" {
			t.Requests[category] += left
		}
	}
	t.Invites[jobs.InviteByEmail] = min(info.Invites, t.Steps[runner.Create])
	t.Active = max(t.Active, t.Steps[runner.SignOut])
	if o.RetryFailed || o.RetryUnknown { // those of whom only a step beside is done again
		t.Tasks += all.Beside
	}
	return t
}

// RateOf is the rate of a quota category, as the plan asks for it.
func (p *Plan) RateOf(category jobs.Category) float64 {
	if category == jobs.UserAccountRecovery {
		return float64(p.Rate())
	}
	if asked := p.Info.Rates[category]; asked > 0 {
		return asked
	}
	if category == jobs.SecretsManager { // nobody else's sign-in waits for it
		return 40
	}
	return category.Quota() / 2
}

// Requests is how many the plan makes at least, by quota category.
func (p *Plan) Requests() map[jobs.Category]int64 {
	all := maps.Clone(p.Tally.Requests)
	if p.Info.Handoff.SecretsManager != nil {
		all[jobs.SecretsManager] += 2 * p.Tally.Steps[runner.Prepare]
	}
	return all
}

// HowLong is how long the plan takes at its rates, by the slowest lane.
func (p *Plan) HowLong() (longest time.Duration, by jobs.Category) {
	by = jobs.UserAccountRecovery
	for category, n := range p.Requests() {
		rate := p.RateOf(category)
		if n == 0 || math.IsInf(rate, 1) {
			continue
		}
		if d := Duration(n, jobs.Rate(rate)); d > longest || d == longest && category < by {
			longest, by = d, category
		}
	}
	return longest, by
}
