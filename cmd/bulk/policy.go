package bulk

import (
	"slices"
	"strings"

	"cogpass/jobs"
	"cogpass/runner"
)

// operationsOf are the operations of the steps beside an action.
var operationsOf = map[runner.Step]string{
	runner.Create: "AdminCreateUser", runner.Enable: "AdminEnableUser", runner.SignOut: "AdminUserGlobalSignOut",
}

// Operations are those that the plan sends, with what it asks before them.
func (p *Plan) Operations() []string {
	all := []string{"DescribeUserPool", "ListUsers"}
	add := func(operation string, n int64) {
		if n > 0 && !slices.Contains(all, operation) {
			all = append(all, operation)
		}
	}
	if p.survey != nil {
		for _, source := range p.survey.needs.Sources {
			if source.Query.Group != "" {
				add("ListUsersInGroup", 1)
			}
		}
	}
	for _, action := range jobs.Actions() {
		add(action.Spec().Operation, p.Tally.Actions[action])
	}
	if c := p.Info.Check; c != nil && c.Admin {
		add("AdminInitiateAuth", p.Tally.Steps[runner.Check])
	}
	for _, step := range []runner.Step{runner.Create, runner.Enable, runner.SignOut} {
		add(operationsOf[step], p.Tally.Steps[step])
	}
	return all
}

// Policy is the IAM policy that the plan needs, for a pool in any account.
func (p *Plan) Policy() string {
	secrets := ""
	if h := p.Info.Handoff.SecretsManager; h != nil && p.Tally.Steps[runner.Prepare] > 0 {
		secrets = secretsPolicy(h, p.Info.Region, p.Info.UserPoolID)
	}
	return `  {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
    "Action": ["cognito-idp:` + strings.Join(p.Operations(), `", "cognito-idp:`) + `"],
    "Resource": "arn:` + partition(p.Info.Region) + `:cognito-idp:` + p.Info.Region + `:*:userpool/` + p.Info.UserPoolID + `"}` + secrets + `]}`
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
