package jobs

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"cogpass/jobs/yamldoc"
)

// Conditions are what a user has to be like. The zero value takes everybody.
// They may be stored as JSON.
type Conditions struct {
	Status   []Status `json:",omitempty"` // one of these; empty: any
	Enabled  *bool    `json:",omitempty"`
	Verified string   `json:",omitempty"` // "any", "email" or "phone": the user has such an address, verified

	// Bounds, which are not themselves taken; zero: none. A user whose time is not
	// known meets no bound.
	CreatedBefore  time.Time `json:",omitzero"`
	CreatedAfter   time.Time `json:",omitzero"`
	ModifiedBefore time.Time `json:",omitzero"`
	ModifiedAfter  time.Time `json:",omitzero"`
}

// Unmet returns why a user does not meet the conditions, or "" where it does.
// There are few such reasons: none holds a name or a time.
func (c *Conditions) Unmet(u *User) string {
	switch {
	case len(c.Status) > 0 && !slices.Contains(c.Status, u.Status):
		return "is " + u.state() + ", and where wants " + orOf(c.Status)
	case c.Enabled != nil && *c.Enabled != u.Enabled:
		return "is " + enabledWord(u.Enabled) + ", and where wants " + enabledWord(*c.Enabled)
	case c.Verified == "email" && !u.VerifiedEmail:
		return "has no verified e-mail address, and where wants one"
	case c.Verified == "phone" && !u.VerifiedPhone:
		return "has no verified phone number, and where wants one"
	case c.Verified == "any" && !u.VerifiedEmail && !u.VerifiedPhone:
		return "has no verified address, and where wants one"
	case !within(u.Created, c.CreatedAfter, c.CreatedBefore):
		return "was not created when where wants it"
	case !within(u.Modified, c.ModifiedAfter, c.ModifiedBefore):
		return "was not modified when where wants it"
	}
	return ""
}

// state is the user's status for people.
func (u *User) state() string {
	if u.Status == "" {
		return "in a state that is not known"
	}
	return string(u.Status)
}

// Any reports whether there is a condition at all.
func (c *Conditions) Any() bool {
	return len(c.Status) > 0 || c.Enabled != nil || c.Verified != "" ||
		!c.CreatedBefore.IsZero() || !c.CreatedAfter.IsZero() || !c.ModifiedBefore.IsZero() || !c.ModifiedAfter.IsZero()
}

func enabledWord(enabled bool) string {
	if enabled {
		return "enabled"
	}
	return "disabled"
}

func orOf(all []Status) string {
	var words []string
	for _, s := range all {
		words = append(words, string(s))
	}
	return strings.Join(words, " or ")
}

// within reports whether a time is between two bounds.
func within(t, after, before time.Time) bool {
	if after.IsZero() && before.IsZero() {
		return true
	}
	return !t.IsZero() && (after.IsZero() || t.After(after)) && (before.IsZero() || t.Before(before))
}

// The keys of conditions: poolConditions are those that a pool source may have.
var (
	poolConditions  = []string{"status", "enabled", "createdBefore", "createdAfter", "modifiedBefore", "modifiedAfter"}
	whereKeys       = append([]string{"verified", "recheck", "lastDoneBefore"}, poolConditions...)
	statuses        = []Status{Unconfirmed, Confirmed, ResetRequired, ForceChangePassword, ExternalProvider}
	statusNameWords = func() (names []string) {
		for _, s := range statuses {
			names = append(names, string(s))
		}
		return names
	}()
)

// decodeConditions reads the conditions among the keys of a mapping.
func (d *decoder) decodeConditions(fields map[string]field) (c Conditions) {
	if f, ok := fields["status"]; ok {
		c.Status = d.decodeStatus(f.value)
	}
	if said := d.decodeChoice(fields, "enabled"); said != 0 {
		enabled := said == second
		c.Enabled = &enabled
	}
	if said := d.decodeChoice(fields, "verified"); said != 0 {
		c.Verified = choices["verified"][said.index()]
	}
	d.decodeWhen(fields, "createdAfter", &c.CreatedAfter)
	d.decodeWhen(fields, "createdBefore", &c.CreatedBefore)
	d.decodeWhen(fields, "modifiedAfter", &c.ModifiedAfter)
	d.decodeWhen(fields, "modifiedBefore", &c.ModifiedBefore)
	for _, bounds := range [...]struct {
		key           string
		after, before time.Time
	}{{"created", c.CreatedAfter, c.CreatedBefore}, {"modified", c.ModifiedAfter, c.ModifiedBefore}} {
		if !bounds.after.IsZero() && !bounds.before.IsZero() && !bounds.after.Before(bounds.before) {
			d.fault(fields[bounds.key+"After"].key, "an age such as 90d is a time before now: after 90d is within the last 90 days",
				"no time is after %sAfter and before %[1]sBefore", bounds.key)
		}
	}
	return c
}

// decodeStatus reads one state or a list of them.
func (d *decoder) decodeStatus(n *yamldoc.Node) (all []Status) {
	list := []*yamldoc.Node{n}
	if follow(n).Kind == yamldoc.Sequence {
		list, _ = d.list(n, "status")
		if len(list) == 0 {
			d.fault(follow(n), "leave it out to take all", "status is empty")
		}
	}
	for _, n := range list {
		text, ok := d.scalar(n, "a status")
		if !ok {
			continue
		}
		if !slices.Contains(statuses, Status(text)) {
			message, hint := unknown("status", text, statusNameWords)
			if hint == "" {
				hint = "the states are " + strings.Join(statusNameWords, ", ")
			}
			d.fault(follow(n), hint, "%s", message)
			continue
		}
		all = append(all, Status(text))
	}
	return all
}

func (d *decoder) decodeWhen(fields map[string]field, key string, to *time.Time) {
	n, text, ok := d.textOf(fields, key)
	if !ok {
		return
	}
	t, ok := parseWhen(text, d.job.now)
	if !ok {
		d.fault(n, "write 2026-01-31 (its first moment, UTC), 2026-01-31T08:00:00Z, or an age: 90d, 12h, 30m", "%s is neither a date nor an age", key)
		return
	}
	*to = t
}

var ageForm = regexp.MustCompile(`^([0-9]{1,6})([dhm])$`)

// parseWhen reads a date, a time or an age.
func parseWhen(text string, now time.Time) (time.Time, bool) {
	if m := ageForm.FindStringSubmatch(text); m != nil {
		n, _ := strconv.Atoi(m[1])
		unit := map[string]time.Duration{"d": 24 * time.Hour, "h": time.Hour, "m": time.Minute}[m[2]]
		if n > 36_500 && m[2] == "d" { // a century; far below what a Duration may hold
			return time.Time{}, false
		}
		return now.Add(-time.Duration(n) * unit), true
	}
	for _, form := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(form, text); err == nil && t.Year() >= 1970 {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// Where is what the users of a job have to be like when it acts on them.
type Where struct {
	Conditions
	Recheck        bool      // look again just before the action
	LastDoneBefore time.Time // the action was ok before this time, or never: see Needs.LastDone; zero: whenever it was
}

func (d *decoder) decodeWhere(fields map[string]field) {
	f, ok := fields["where"]
	if !ok {
		return
	}
	of, ok := d.fields(f.value, "where", whereKeys)
	if !ok {
		return
	}
	w := Where{Conditions: d.decodeConditions(of), Recheck: d.decodeChoice(of, "recheck") == second}
	if w.Recheck && !w.Any() {
		d.fault(of["recheck"].key, "say what is to hold, as status: [CONFIRMED]", "recheck, and nothing to look for")
	}
	d.decodeWhen(of, "lastDoneBefore", &w.LastDoneBefore)
	d.job.Where = w
}
