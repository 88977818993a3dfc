package jobs

import (
	"cmp"
	"io"
	"slices"

	"cogpass/jobs/yamldoc"
)

// inline is the source of users that stand in the job file itself, one after
// the other.
type inline []entry

func (s inline) open(*reading, *part) (rowReader, bool) { return &inlineRows{left: s}, true }

type inlineRows struct{ left []entry }

func (r *inlineRows) next(e *entry) (bool, error) {
	if len(r.left) == 0 {
		return false, io.EOF
	}
	*e = r.left[0]
	r.left = r.left[1:]
	return true, nil
}

func (r *inlineRows) Close() error { return nil }

// addInline appends a user of the job file to the parts of users or exclude.
func addInline(parts []part, e entry) []part {
	if last := len(parts) - 1; last >= 0 {
		if users, ok := parts[last].source.(inline); ok {
			parts[last].source = append(users, e)
			return parts
		}
	}
	return append(parts, part{source: inline{e}})
}

// decodeUser reads a user that is a mapping.
func decodeUser(d *decoder, n *yamldoc.Node, k *sourceKind, _ bool) {
	if !hasKey(n, "username") && slices.ContainsFunc(poolKeys, func(key string) bool { return hasKey(n, key) }) {
		d.fault(n, "to take users from the pool, write pool: {group: NAME} or the like", "a user without username")
		return
	}
	before := d.faults.Len()
	fields, _ := d.fields(n, "a user", k.keys)
	misspelt := d.faults.Len() > before
	of := d.decodeDefaults(fields)
	if misspelt { // what seems to be missing may be there under another name
		of.actionFaulty = true
		of.password.ref.Kind = cmp.Or(of.password.ref.Kind, faultyPassword)
	}
	f, ok := fields["username"]
	if !ok {
		if !misspelt {
			d.fault(n, "", "a user without username")
		}
		return
	}
	if name, ok := d.username(f.value); ok {
		e := entry{username: name, place: d.placeInElement(follow(f.value)), defaults: of}
		d.job.users = addInline(d.job.users, e)
	}
}
