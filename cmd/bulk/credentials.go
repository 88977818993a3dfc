package bulk

import (
	"cmp"

	"cogpass/jobs"
	"cogpass/report"
)

// Credentials says with whose credentials the plan is carried out: what it says
// itself, and else Options.Profile.
func (p *Plan) Credentials() jobs.Credentials {
	as := p.Info.Credentials
	as.Profile = cmp.Or(p.opt.Profile, as.Profile)
	return as
}

// sessionName is what a role's session is called in CloudTrail where the job does
// not say: 64 characters at most.
func sessionName(job string) string {
	const prefix = "cogpass-"
	return prefix + job[:min(len(job), 64-len(prefix))]
}

// AssumePolicy is the IAM policy that whoever assumes the job's role needs, beside
// the role's trust policy; empty where there is no role.
func (p *Plan) AssumePolicy() string {
	role := p.Info.Credentials.Role.ARN
	if role == "" {
		return ""
	}
	return `  {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "` + role + `"}]}`
}

// sameAccount refuses to go on in another account than that in which the run was
// begun.
func (p *Plan) sameAccount(t *target) error {
	switch begun := p.Info.Account; {
	case begun == "" || BegunInSandbox(&p.Info) || begun == t.account:
		return nil
	case t.account == "":
		return fail(NoGuard, "this run was begun in the account %s, and there is no telling in which account the pool is now", report.Visible(begun))
	default:
		return fail(Refused, "this run was begun in the account %s, and the pool is in %s", report.Visible(begun), report.Visible(t.account))
	}
}
