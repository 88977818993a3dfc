package jobs

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"cogpass/jobs/yamldoc"
)

// decodeFile reads a source that is a file.
func decodeFile(d *decoder, n *yamldoc.Node, k *sourceKind, exclude bool) {
	keys := k.keys
	if exclude {
		keys = k.exclude
	}
	fields, ok := d.fields(n, "a source", keys)
	if !ok {
		return
	}
	of := d.decodeDefaults(fields)
	s := &fileSource{kind: k}
	if f, ok := fields["columns"]; ok {
		before := d.faults.Len()
		if s.columns = d.decodeColumns(f.value, exclude); d.faults.Len() > before {
			return // reading its rows would only repeat the fault
		}
	}
	f := fields[k.key]
	path, ok := d.scalar(f.value, k.key)
	if !ok || !d.notEmpty(f.value, k.key, path) {
		return
	}
	if path != "-" {
		path = filepath.FromSlash(path)
	} else if d.stdinUsed {
		d.fault(follow(f.value), "write the other list to a file", "standard input is read by one source only")
		return
	} else {
		d.stdinUsed = true
	}
	s.path = path
	if first := d.sameList(s, exclude); first.Line > 0 {
		d.faults.Add(Fault{Place: d.placeInElement(follow(f.value)), Message: "this list was given before, at " + Visible(first.String()), Hint: "name each list once"})
		return
	}
	p := part{source: s, index: len(d.job.sources), place: d.placeInElement(follow(f.value)), defaults: of}
	d.job.sources = append(d.job.sources, Source{Kind: k.key, Path: path, Exclude: exclude, Columns: s.columns})
	if exclude {
		d.job.excludes = append(d.job.excludes, p)
	} else {
		d.job.users = append(d.job.users, p)
	}
}

// sameList returns where the job has named this file with the same column of
// users before, or the zero Place.
func (d *decoder) sameList(s *fileSource, exclude bool) Place {
	parts := d.job.users
	if exclude {
		parts = d.job.excludes
	}
	for _, p := range parts {
		other, ok := p.source.(*fileSource)
		if ok && filepath.Clean(other.path) == filepath.Clean(s.path) && userColumn(other.columns) == userColumn(s.columns) {
			return p.place
		}
	}
	return Place{}
}

func userColumn(columns []Column) string {
	for _, c := range columns {
		if c.Field == "username" {
			return c.Header
		}
	}
	return ""
}

const columnHint = "the fields are username, action, password, signOut, clientMetadata.KEY and attributes.NAME"

func (d *decoder) decodeColumns(n *yamldoc.Node, exclude bool) []Column {
	pairs, ok := d.pairs(n, "columns")
	columns := []Column{}
	hasName := false
	for _, f := range pairs {
		name := f.key.Value
		hasName = hasName || name == "username"
		switch {
		case !isRowField(name) || exclude && name != "username":
			message, hint := unknown("field", name, rowFields)
			hasName = hasName || hint == didYouMean("username")
			d.fault(f.key, cmp.Or(hint, columnHint), "%s", message)
		default:
			header, ok := d.scalar(f.value, "the column of "+fieldName(name))
			if ok && d.notEmpty(f.value, "the column of "+fieldName(name), header) && d.ownColumn(f.value, columns, Column{name, header}) {
				columns = append(columns, Column{name, header})
			}
		}
	}
	if ok && !hasName {
		d.fault(follow(n), "say which column names the user, as columns: {username: email}", "columns has no username")
	}
	return columns
}

// ownColumn refuses to read a password from a column that is also another field:
// reports or requests would show it.
func (d *decoder) ownColumn(n *yamldoc.Node, columns []Column, c Column) bool {
	for _, other := range columns {
		if other.Header == c.Header && (other.Field == "password" || c.Field == "password") {
			d.fault(follow(n), "a password has a column of its own", "one column for %s and for %s", fieldName(other.Field), fieldName(c.Field))
			return false
		}
	}
	return true
}

const (
	metadataPrefix  = "clientMetadata."
	attributePrefix = "attributes."
)

// rowFields are the fields of a row, apart from clientMetadata.KEY and
// attributes.NAME.
var rowFields = []string{"username", "action", "password", "signOut"}

// isRowField reports whether a CSV may have a field of that name.
func isRowField(name string) bool {
	for _, prefix := range [...]string{metadataPrefix, attributePrefix} {
		if strings.HasPrefix(name, prefix) && name != prefix {
			return true
		}
	}
	return slices.Contains(rowFields, name)
}

func (d *decoder) decodeUsers(n *yamldoc.Node) {
	users, ok := d.list(n, "users")
	if ok && len(users) == 0 {
		d.fault(follow(n), "name users, or a list of them as {csv: PATH}", "users is empty")
	}
	for _, element := range users {
		d.element = element
		if n := follow(element); n.Kind == yamldoc.Mapping {
			d.decodeOne(n, kindOfSource(n, false), false)
		} else if name, ok := d.username(n); ok {
			d.warnOfName(element, name)
			d.job.users = addInline(d.job.users, entry{username: name, place: d.place(element)})
		}
	}
}

// decodeOne reads an element that is one user, or one source.
func (d *decoder) decodeOne(n *yamldoc.Node, k *sourceKind, exclude bool) {
	for i := range sourceKinds {
		if other := &sourceKinds[i]; other.key != k.key && (exclude || other.keys != nil) && hasKey(n, other.key) {
			d.fault(n, "write an entry for each", "%s and %s in one entry", k.key, other.key)
			return
		}
	}
	k.decode(d, n, k, exclude)
}

// excludeForms are the sources that exclude takes, as a job writes them.
func excludeForms() string {
	var forms []string
	for _, k := range sourceKinds {
		if k.exclude != nil {
			what := map[string]string{"group": "NAME", "filter": "TEXT"}[k.key]
			forms = append(forms, "{"+k.key+": "+cmp.Or(what, "PATH")+"}")
		}
	}
	last := len(forms) - 1
	return strings.Join(forms[:last], ", ") + " or " + forms[last]
}

// decodeGuards reads a list of users that are not to be touched.
func (d *decoder) decodeGuards(n *yamldoc.Node, what string) {
	list, _ := d.list(n, what)
	for _, n := range list {
		d.element = n
		n = follow(n)
		if n.Kind != yamldoc.Mapping {
			if name, ok := d.username(n); ok {
				d.warnOfName(n, name)
				d.job.excludes = addInline(d.job.excludes, entry{username: name, place: d.place(n)})
			}
		} else if k := kindOfSource(n, true); k.exclude == nil {
			d.fault(n, "an entry of "+what+" is a username, "+excludeForms(), "this is neither a username nor a source")
		} else {
			d.decodeOne(n, k, true)
		}
	}
}

// warnOfName warns of a username that looks like several, or like the path of a
// list, which would then protect nobody.
func (d *decoder) warnOfName(n *yamldoc.Node, name string) {
	if strings.ContainsAny(name, ",;") {
		d.job.warnings = append(d.job.warnings, Fault{Place: d.place(n), Message: "this is taken for one username",
			Hint: "give each user an entry of its own"})
	}
	for _, k := range sourceKinds {
		if k.rows != nil && strings.HasSuffix(strings.ToLower(name), "."+k.key) {
			d.job.warnings = append(d.job.warnings, Fault{Place: d.place(n), Message: "this is taken for a username",
				Hint: "if it is a list, write {" + k.key + ": PATH}"})
		}
	}
}

func (d *decoder) username(n *yamldoc.Node) (string, bool) {
	name, ok := d.scalar(n, "username")
	return name, ok && d.problem(follow(n), checkUsername(name))
}

func hasKey(n *yamldoc.Node, key string) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if follow(n.Content[i]).Value == key {
			return true
		}
	}
	return false
}
