package jobs

import (
	"cmp"
	"fmt"
	"maps"
	"strings"
	"unicode/utf8"
)

// Bounds of an attribute in the Cognito API, in characters.
const (
	maxAttribute = 32
	maxValue     = 2048
)

// checkAttribute checks an attribute of a user that may be made.
func checkAttribute(name, value string) problem {
	switch {
	case name == "sub" || name == "username":
		return problem{"Cognito gives a user its " + name, "leave it out: the username is the user's own key"}
	case checkUsername(name).found() || utf8.RuneCountInString(name) > maxAttribute:
		return problem{"this is not a name that an attribute of Cognito can have", "as email, phone_number or custom:team"}
	case !utf8.ValidString(value):
		return problem{"an attribute's value is not valid UTF-8", "save the file as UTF-8"}
	case utf8.RuneCountInString(value) > maxValue:
		return problem{message: fmt.Sprintf("an attribute's value of more than %d characters, which Cognito does not take", maxValue)}
	}
	return problem{}
}

func (d *decoder) decodeAttributes(f field) map[string]string {
	pairs, _ := d.pairs(f.value, "attributes")
	attributes := map[string]string{}
	for _, f := range pairs {
		value, ok := d.scalar(f.value, "the value of an attribute")
		if ok && d.problem(f.key, checkAttribute(f.key.Value, value)) {
			attributes[f.key.Value] = value
		}
	}
	return attributes
}

// creation returns how a user is made where it is missing, or nil where the
// job does not ask for that.
func (r *reading) creation(e *entry, of *part) *Creation {
	d := &r.job.defaults
	if cmp.Or(e.ifMissing, of.ifMissing, d.ifMissing) != second {
		return nil
	}
	c := Creation{
		Attributes: r.attributes.of(d.attributes, of.attributes, e.attributes),
		Invite:     Invite(cmp.Or(e.invite, of.invite, d.invite).index()),
	}
	last := r.lastCreation
	if last != nil && last.Invite == c.Invite && maps.Equal(last.Attributes, c.Attributes) {
		return last
	}
	r.lastCreation = &c
	return &c
}

// checkCreation reports what a user says of its creation where there is none.
func (r *reading) checkCreation(e *entry, t *Task) {
	if t.Create != nil || e.ifMissing != second && e.invite == 0 && len(e.attributes) == 0 {
		return
	}
	f := Fault{Place: e.at(e.creationPlace), Message: t.Action.String() + " makes no user", Hint: "leave it out, or choose an action that sets a password"}
	if t.Action.Sets() {
		f.Message, f.Hint = "attributes and invite are for a user that may be made", "say ifMissing: create"
	}
	r.report(f)
}

// reachable reports whether a user that is made will have an address that a
// code may go to.
func (c *Creation) reachable() bool {
	return c.Attributes["email"] != "" && strings.EqualFold(c.Attributes["email_verified"], "true") ||
		c.Attributes["phone_number"] != "" && strings.EqualFold(c.Attributes["phone_number_verified"], "true")
}
