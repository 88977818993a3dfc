package jobs

import (
	"regexp"
	"strings"

	"cogpass/jobs/yamldoc"
)

// Check says how a new permanent password is tried: by a sign-in at an app client.
// It holds no secret, and may be stored as JSON.
type Check struct {
	ClientID     string
	ClientSecret PasswordRef // of a client that has one: EnvPassword or FilePassword; NoPassword: it has none
	Admin        bool        // signed in by AdminInitiateAuth, not by InitiateAuth
}

var (
	checkKeys       = []string{"clientId", "clientSecret", "admin"}
	clientIDForm    = regexp.MustCompile(`^[\w+]{1,128}$`) // source: API reference, InitiateAuth
	secretPlaceHint = "a client secret is {env: NAME} or {file: PATH}"
)

func (d *decoder) decodeCheck(fields map[string]field) {
	f, ok := fields["check"]
	if !ok {
		return
	}
	d.job.checkAt = d.place(f.key)
	before := d.faults.Len()
	of, ok := d.fields(f.value, "check", checkKeys)
	if !ok {
		return
	}
	c := new(Check)
	d.decodeBool(of, "admin", &c.Admin)
	if n, text, ok := d.textOf(of, "clientId"); ok {
		if c.ClientID = text; !clientIDForm.MatchString(text) {
			d.fault(n, "it has letters and digits, as 1example23456789", "this is not the ID of an app client")
		}
	} else if d.faults.Len() == before {
		d.fault(follow(f.value), "name the app client to sign in at", "check without clientId")
	}
	if f, ok := of["clientSecret"]; ok {
		c.ClientSecret = d.decodeClientSecret(follow(f.value))
	}
	d.job.Check = c
}

// decodeClientSecret reads where the secret is. It never stands in the job itself.
func (d *decoder) decodeClientSecret(n *yamldoc.Node) PasswordRef {
	if n.Kind != yamldoc.Mapping {
		d.fault(n, secretPlaceHint, "clientSecret is %s, not a mapping", kindOf(n))
		return PasswordRef{}
	}
	before := d.faults.Len()
	of, _ := d.fields(n, "clientSecret", []string{"env", "file"})
	var ref PasswordRef
	if n, name, ok := d.textOf(of, "env"); ok && d.notEmpty(n, "env", name) {
		ref = PasswordRef{Kind: EnvPassword, Name: name}
	}
	if n, path, ok := d.textOf(of, "file"); ok && d.notEmpty(n, "file", path) {
		ref = PasswordRef{Kind: FilePassword, Name: path}
	}
	if d.faults.Len() == before && len(of) != 1 {
		d.fault(n, secretPlaceHint, "clientSecret names no place, or more than one")
	} else if d.faults.Len() == before {
		d.problem(n, d.job.checkClientSecret(ref))
	}
	return ref
}

// checkClientSecret reads a secret, to say now that it cannot be read.
func (j *Job) checkClientSecret(ref PasswordRef) problem {
	read := func() (string, error) { return readEnv(j.opt, ref.Name) }
	hint := "set it where cogpass runs"
	if ref.Kind == FilePassword {
		read = func() (string, error) { return readPasswordFile(j.resolve(ref.Name)) }
		hint = ""
	}
	text, err := read()
	switch {
	case err != nil:
		return problem{"cannot read the client secret: " + reasonOf(err), hint}
	case text == "" || strings.ContainsAny(text, " \t\r\n\x00"):
		return problem{"what is there is not a client secret", "it has no white space, and stands alone"}
	}
	return problem{}
}

// checkCheck refuses a check in a job that sets no permanent password.
func (r *reading) checkCheck() {
	if r.job.Check != nil && !r.permanent {
		r.report(Fault{Place: r.job.checkAt, Message: "a check, and no user gets a permanent password", Hint: "it is for set-permanent: leave it out"})
	}
}
