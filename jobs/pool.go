package jobs

import (
	"path/filepath"
	"regexp"
	"strings"

	"cogpass/jobs/yamldoc"
)

// PoolQuery says which users of the pool a source takes. The zero value takes
// all.
type PoolQuery struct {
	Conditions
	Group  string `json:",omitempty"`
	Filter string `json:",omitempty"` // in Cognito's syntax
}

// Server returns what the pool itself can select by: a group, a filter of
// ListUsers, or neither. Matches checks the rest.
func (q *PoolQuery) Server() (group, filter string) {
	switch {
	case q.Group != "":
		return q.Group, ""
	case q.Filter != "":
		return "", q.Filter
	case len(q.Status) == 1:
		return "", `cognito:user_status = "` + string(q.Status[0]) + `"`
	case q.Enabled != nil && *q.Enabled:
		return "", `status = "Enabled"`
	case q.Enabled != nil:
		return "", `status = "Disabled"`
	}
	return "", ""
}

// Matches reports whether a user that was listed for the query is one of its
// users. It looks at the filter only where there is a group too: then nothing
// else does.
func (q *PoolQuery) Matches(u *User) bool {
	if q.Group != "" && q.Filter != "" {
		m := filterForm.FindStringSubmatch(q.Filter)
		if m == nil || !filterTakes(m[1], m[2] != "", unescape.Replace(m[3]), u) {
			return false
		}
	}
	return q.Unmet(u) == ""
}

// filterForm is the syntax of a filter: an attribute, = or ^=, and a text in
// quotation marks. Source: the API reference of ListUsers.
var filterForm = regexp.MustCompile(`^\s*"?([a-z_:]+)"?\s*(\^)?=\s*"((?:[^"\\]|\\["\\])*)"\s*$`)

var unescape = strings.NewReplacer(`\"`, `"`, `\\`, `\`)

// filterAttributes are what a filter can search by, in the words of the API.
var filterAttributes = []string{"username", "email", "phone_number", "name", "given_name", "family_name",
	"preferred_username", "cognito:user_status", "status", "sub"}

// filterTakes applies a filter as ListUsers does.
func filterTakes(attribute string, prefix bool, value string, u *User) bool {
	var has string
	switch attribute {
	case "username":
		has = u.Username
	case "sub":
		has = u.Sub
	case "cognito:user_status": // the only one without case
		has, value = string(u.Status), strings.ToUpper(value)
	case "status":
		has = "Disabled"
		if u.Enabled {
			has = "Enabled"
		}
	default:
		has = u.Attributes[attribute]
	}
	if prefix {
		return has != "" && strings.HasPrefix(has, value)
	}
	return has != "" && has == value
}

const (
	maxFilter = 256 // characters
	maxGroup  = 128
)

var poolKeys = append([]string{"group", "filter"}, poolConditions...)

// poolSource is a source whose users are in the pool: reading the job finds none
// of them.
type poolSource struct {
	query PoolQuery
	guard bool // its users are not to be touched
}

func (s *poolSource) open(r *reading, of *part) (rowReader, bool) {
	if !s.guard && !r.again {
		r.template(of)
	}
	return &inlineRows{}, true
}

// decodePoolSource reads {pool: {...}}.
func decodePoolSource(d *decoder, n *yamldoc.Node, k *sourceKind, _ bool) {
	fields, ok := d.fields(n, "a source", k.keys)
	if !ok {
		return
	}
	of := d.decodeDefaults(fields)
	f := fields["pool"]
	conditions, ok := d.fields(f.value, "pool", poolKeys)
	if !ok {
		return
	}
	query := PoolQuery{Conditions: d.decodeConditions(conditions)}
	query.Group = d.decodeGroup(conditions)
	query.Filter = d.decodeFilter(conditions)
	d.addPoolSource(n, query, of, false)
}

// decodeGuardQuery reads {group: NAME} and {filter: TEXT} of a list of guards.
func decodeGuardQuery(d *decoder, n *yamldoc.Node, k *sourceKind, _ bool) {
	fields, ok := d.fields(n, "an entry", k.exclude)
	if !ok {
		return
	}
	query := PoolQuery{Group: d.decodeGroup(fields), Filter: d.decodeFilter(fields)}
	if query.Group != "" || query.Filter != "" {
		d.addPoolSource(n, query, defaults{}, true)
	}
}

func (d *decoder) addPoolSource(n *yamldoc.Node, query PoolQuery, of defaults, guard bool) {
	p := part{source: &poolSource{query, guard}, index: len(d.job.sources), place: d.placeInElement(n), defaults: of}
	d.job.sources = append(d.job.sources, Source{Kind: PoolSource, Path: filepath.Base(d.job.Path), Exclude: guard})
	if guard {
		d.job.excludes = append(d.job.excludes, p)
	} else {
		d.job.users = append(d.job.users, p)
	}
}

func (d *decoder) decodeGroup(fields map[string]field) string {
	n, text, ok := d.textOf(fields, "group")
	if !ok {
		return ""
	}
	if p := checkUsername(text); p.found() || len([]rune(text)) > maxGroup {
		d.fault(n, "", "this is not a name that a group of Cognito can have")
		return ""
	}
	return text
}

func (d *decoder) decodeFilter(fields map[string]field) string {
	n, text, ok := d.textOf(fields, "filter")
	if !ok {
		return ""
	}
	m := filterForm.FindStringSubmatch(text)
	switch {
	case len([]rune(text)) > maxFilter:
		d.fault(n, "", "a filter of more than %d characters, which Cognito does not take", maxFilter)
	case m == nil:
		d.fault(n, `write it as 'email = "ana@example.com"', or with ^= for the beginning; Cognito takes one attribute`, "this is not a filter")
	case !isFilterAttribute(m[1]):
		d.fault(n, "it searches by "+strings.Join(filterAttributes, ", "), "an attribute that Cognito does not search by")
	default:
		return text
	}
	return ""
}

func isFilterAttribute(name string) bool {
	for _, one := range filterAttributes {
		if one == name {
			return true
		}
	}
	return false
}
