package bulk

import (
	"slices"
	"strings"

	"cogpass/jobs"
	"cogpass/runner/runfile"
)

// Tally counts what a plan has to do. The zero value counts nothing.
type Tally struct {
	Tasks   int64 // skipped ones too
	Skipped int64
	Why     map[string]int64      // skipped tasks by reason, as far as the reasons are known
	Actions map[jobs.Action]int64 // tasks that are not skipped
}

func (t *Tally) add(task *jobs.Task) {
	t.Tasks++
	if task.Skip != "" {
		if t.Why == nil {
			t.Why = map[string]int64{}
		}
		t.Skipped++
		t.Why[task.Skip]++
		return
	}
	if t.Actions == nil {
		t.Actions = map[jobs.Action]int64{}
	}
	t.Actions[task.Action]++
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

// Messages is how many are sent a message.
func (t *Tally) Messages() int64 { return t.Sum(func(s jobs.ActionSpec) bool { return s.Message }) }

// Active is how many become active users on the bill.
func (t *Tally) Active() int64 { return t.Sum(func(s jobs.ActionSpec) bool { return s.Active }) }

// left counts what there is to do of a run.
func (o *Options) left(all runfile.Counts, info *runfile.Info) Tally {
	t := Tally{Actions: map[jobs.Action]int64{}}
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
		skips := planned - info.Counts[action] - outcomes[skipped]
		t.Tasks += n
		t.Skipped += skips
		t.Actions[action] += n - skips
	}
	return t
}

// Policy is the IAM policy that the plan needs, for a pool in any account.
func (p *Plan) Policy() string {
	operations := []string{"DescribeUserPool", "ListUsers"}
	for _, action := range jobs.Actions() {
		operation := action.Spec().Operation
		if p.Tally.Actions[action] > 0 && !slices.Contains(operations, operation) {
			operations = append(operations, operation)
		}
	}
	return `  {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
    "Action": ["cognito-idp:` + strings.Join(operations, `", "cognito-idp:`) + `"],
    "Resource": "arn:` + partition(p.Info.Region) + `:cognito-idp:` + p.Info.Region + `:*:userpool/` + p.Info.UserPoolID + `"}]}`
}

// partition is the part of AWS that a Region is in, as ARNs name it.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}
