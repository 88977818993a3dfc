package jobs

import (
	"regexp"
	"strings"
)

// Credentials says whose credentials a job's requests are signed with. The zero
// value: those that the environment and AWS's configuration give.
type Credentials struct {
	Profile string `json:"profile,omitempty"` // of AWS's configuration; empty: the default one
	Role    Role   `json:"role,omitzero"`     // that the profile's credentials assume; zero: none
}

// Role is a role of IAM, as sts:AssumeRole takes it.
type Role struct {
	ARN         string `json:"arn"`
	ExternalID  string `json:"external_id,omitempty"`
	SessionName string `json:"session_name,omitempty"` // in CloudTrail; empty: made from the job's name
}

// Account returns the number of the account that the role is in.
func (r Role) Account() string {
	if part := strings.SplitN(r.ARN, ":", 6); len(part) == 6 {
		return part[4]
	}
	return ""
}

// String says whose credentials they are, to read; empty for the zero value.
func (c Credentials) String() string {
	switch {
	case c.Role.ARN != "" && c.Profile != "":
		return "the role " + c.Role.ARN + ", assumed by the profile " + c.Profile
	case c.Role.ARN != "":
		return "the role " + c.Role.ARN
	case c.Profile != "":
		return "the profile " + c.Profile
	}
	return ""
}

// Source: the API reference of STS, AssumeRole; of a role's name and path, that of
// IAM, CreateRole.
var (
	roleForm       = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/(?:[!-~]{1,510}/)?[\w+=,.@-]{1,64}$`)
	externalIDForm = regexp.MustCompile(`^[\w+=,.@:/-]+$`)
	sessionForm    = regexp.MustCompile(`^[\w+=,.@-]+$`)
)

const (
	maxProfile    = 128
	maxExternalID = 1224
	maxSession    = 64
	roleHint      = "as arn:aws:iam::111122223333:role/NAME"
)

func checkProfile(s string) problem {
	switch {
	case s == "":
		return problem{message: "profile is empty", hint: "leave it out for the default one"}
	case len(s) > maxProfile || s != strings.TrimSpace(s) || strings.ContainsFunc(s, isControl) || strings.ContainsAny(s, "[]\n\t"):
		return problem{"this is not the name of a profile", "it stands between [ and ] in the AWS configuration, without the word profile"}
	}
	return problem{}
}

func checkRoleARN(s string) problem {
	if !roleForm.MatchString(s) {
		return problem{"this is not the ARN of a role", roleHint}
	}
	return problem{}
}

func checkExternalID(s string) problem {
	if n := len(s); n < 2 || n > maxExternalID || !externalIDForm.MatchString(s) {
		return problem{"this is not an external ID that STS takes", "it has 2 to 1224 letters, digits and _+=,.@:/-"}
	}
	return problem{}
}

func checkSessionName(s string) problem {
	if n := len(s); n < 2 || n > maxSession || !sessionForm.MatchString(s) {
		return problem{"this is not a session name that STS takes", "it has 2 to 64 letters, digits and _+=,.@-"}
	}
	return problem{}
}

var roleKeys = []string{"arn", "externalId", "sessionName"}

// decodeCredentials reads profile and role, in whose place Options may put others.
func (d *decoder) decodeCredentials(fields map[string]field) {
	c := &d.job.Credentials
	if n, text, ok := d.textOf(fields, "profile"); ok && d.problem(n, checkProfile(text)) {
		c.Profile = text
	}
	if f, ok := fields["role"]; ok {
		d.decodeRole(f, &c.Role)
	}
	if o := d.job.opt; o.Profile != "" {
		c.Profile = o.Profile
	}
	if o := d.job.opt; o.RoleARN != "" {
		c.Role.ARN = o.RoleARN
	}
	role, account := c.Role.Account(), d.job.Account
	if f, ok := fields["account"]; ok && role != "" && account != "" && role != account {
		d.fault(follow(f.value), "a pool is acted on with credentials of its own account", "the job is for this account, and its role is in %s", role)
	}
}

func (d *decoder) decodeRole(f field, role *Role) {
	of, ok := d.fields(f.value, "role", roleKeys)
	if !ok {
		return
	}
	if n, text, ok := d.textOf(of, "arn"); ok && d.problem(n, checkRoleARN(text)) {
		role.ARN = text
	} else if _, said := of["arn"]; !said && d.job.opt.RoleARN == "" {
		d.fault(f.key, "name the role by its arn, "+roleHint, "role without an arn")
	}
	if n, text, ok := d.textOf(of, "externalId"); ok && d.problem(n, checkExternalID(text)) {
		role.ExternalID = text
	}
	if n, text, ok := d.textOf(of, "sessionName"); ok && d.problem(n, checkSessionName(text)) {
		role.SessionName = text
	}
}
