package jobs

import (
	"path/filepath"
	"slices"
	"strings"

	"cogpass/jobs/yamldoc"
)

// entry is a user as the job file or a row of a source names it.
type entry struct {
	username string
	place    Place // of the username
	offset   int64 // of the row
	showable bool  // a snippet may show the row
	defaults
}

// defaults is what a job, a source or an entry says about its tasks. What is
// not said is zero.
type defaults struct {
	action        Action
	actionFaulty  bool // one was given, and its fault is recorded
	password      given
	metadata      map[string]string
	metadataPlace Place
}

// given is a password and where it is asked for.
type given struct {
	ref   PasswordRef
	place Place
}

// item is an element of users: a user, or a source where that is not nil.
type item struct {
	entry
	source *sourceSpec
}

// sourceSpec is a source as the job file asks for it.
type sourceSpec struct {
	index   int // in Job.Sources
	kind    string
	path    string
	place   Place
	columns []column // nil: the header names the fields
	defaults
}

// column says which column of a CSV holds a field.
type column struct {
	field  string // "username", "action", "password" or "clientMetadata.KEY"
	header string
	place  Place
}

func (d *decoder) decodeDefaults(fields map[string]field) (of defaults) {
	if f, ok := fields["action"]; ok {
		of.actionFaulty = true
		if text, ok := d.scalar(f.value, "action"); ok {
			action, p := checkAction(text)
			of.action, of.actionFaulty = action, !d.problem(follow(f.value), p)
		}
	}
	if f, ok := fields["password"]; ok {
		of.password = d.decodePassword(f.value)
	}
	if f, ok := fields["clientMetadata"]; ok {
		of.metadata = d.decodeMetadata(f.value)
		of.metadataPlace = d.place(f.key)
	}
	return of
}

func (d *decoder) decodePassword(n *yamldoc.Node) given {
	n = follow(n)
	if n.Kind == yamldoc.Mapping {
		return given{d.decodePasswordKind(n), d.place(n)}
	}
	text, ok := d.scalar(n, "password")
	if !ok || !d.problem(n, checkPassword(text)) {
		return given{PasswordRef{Kind: faultyPassword}, d.place(n)}
	}
	if d.literals == 0 {
		d.literal = d.place(n)
	}
	d.literals++
	return given{PasswordRef{Kind: LiteralPassword, Line: n.Line, Column: n.Column}, d.place(n)}
}

// faultyPassword marks a password whose fault is recorded, so that no fault
// about a missing one follows. It is in no task.
const faultyPassword PasswordKind = 255

func (d *decoder) decodePasswordKind(n *yamldoc.Node) PasswordRef {
	const hint = "a password is text, {env: NAME} or {file: PATH}"
	faulty := PasswordRef{Kind: faultyPassword}
	pairs, _ := d.pairs(n, "password")
	for _, f := range pairs {
		if f.key.Value != "<<" && !slices.Contains(passwordKinds, f.key.Value) && nearest(f.key.Value, passwordKinds) == "" {
			d.fault(f.key, hint, "a key that password does not have") // which may be the password itself
			return faulty
		}
	}
	before := d.faults.Len()
	fields, _ := d.fields(n, "password", passwordKinds)
	env, isEnv := fields["env"]
	file, isFile := fields["file"]
	switch {
	case d.faults.Len() > before:
	case isEnv == isFile:
		d.fault(n, hint, "password names no place, or more than one")
	case isEnv:
		if name, ok := d.scalar(env.value, "env"); ok && d.notEmpty(env.value, "env", name) {
			return PasswordRef{Kind: EnvPassword, Name: name}
		}
	default:
		if path, ok := d.scalar(file.value, "file"); ok && d.notEmpty(file.value, "file", path) {
			return PasswordRef{Kind: FilePassword, Name: path}
		}
	}
	return faulty
}

func (d *decoder) notEmpty(n *yamldoc.Node, what, text string) bool {
	switch {
	case text == "":
		d.fault(follow(n), "", "%s is empty", what)
	case strings.ContainsRune(text, 0):
		d.fault(follow(n), "", "%s holds a NUL", what)
	default:
		return true
	}
	return false
}

func (d *decoder) decodeMetadata(n *yamldoc.Node) map[string]string {
	pairs, _ := d.pairs(n, "clientMetadata")
	metadata := map[string]string{}
	for _, f := range pairs {
		value, ok := d.scalar(f.value, "clientMetadata "+quote(f.key.Value))
		if ok && d.problem(f.key, checkMetadata(f.key.Value, value)) {
			metadata[f.key.Value] = value
		}
	}
	return metadata
}

func (d *decoder) decodeUsers(n *yamldoc.Node) {
	users, ok := d.list(n, "users")
	if ok && len(users) == 0 {
		d.fault(follow(n), "", "users is empty")
	}
	for _, n := range users {
		d.decodeUser(follow(n))
	}
}

func (d *decoder) decodeUser(n *yamldoc.Node) {
	if n.Kind != yamldoc.Mapping {
		if name, ok := d.username(n); ok {
			d.job.items = append(d.job.items, item{entry: entry{username: name, place: d.place(n)}})
		}
		return
	}
	switch {
	case hasKey(n, "pool"):
		d.fault(n, "", "a pool as a source is not supported yet")
	case hasKey(n, "csv"):
		d.decodeSource(n, CSVSource, csvKeys)
	case hasKey(n, "jsonl"):
		d.decodeSource(n, JSONLSource, jsonlKeys)
	default:
		d.decodeFullUser(n)
	}
}

func (d *decoder) decodeFullUser(n *yamldoc.Node) {
	before := d.faults.Len()
	fields, _ := d.fields(n, "a user", userKeys)
	misspelt := d.faults.Len() > before
	of := d.decodeDefaults(fields)
	f, ok := fields["username"]
	if !ok {
		if !misspelt {
			d.fault(n, "", "a user without username")
		}
		return
	}
	if name, ok := d.username(f.value); ok {
		place := d.place(follow(f.value))
		d.job.items = append(d.job.items, item{entry: entry{username: name, place: place, defaults: of}})
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

func (d *decoder) decodeSource(n *yamldoc.Node, kind string, keys []string) {
	if spec, ok := d.source(n, kind, keys, false); ok {
		d.job.items = append(d.job.items, item{source: spec})
	}
}

// source reads a source and gives it its place in Job.Sources.
func (d *decoder) source(n *yamldoc.Node, kind string, keys []string, exclude bool) (*sourceSpec, bool) {
	fields, ok := d.fields(n, "a source", keys)
	if !ok {
		return nil, false
	}
	spec := &sourceSpec{kind: kind, defaults: d.decodeDefaults(fields)}
	if f, ok := fields["columns"]; ok {
		spec.columns = d.decodeColumns(f.value, exclude)
	}
	f := fields[kind]
	path, ok := d.scalar(f.value, kind)
	if !ok || !d.notEmpty(f.value, kind, path) {
		return nil, false
	}
	if path != "-" {
		path = filepath.FromSlash(path)
	} else if d.stdinUsed {
		d.fault(follow(f.value), "", "standard input is read by one source only")
		return nil, false
	} else {
		d.stdinUsed = true
	}
	spec.path, spec.place, spec.index = path, d.place(follow(f.value)), len(d.job.Sources)
	d.job.Sources = append(d.job.Sources, Source{Kind: kind, Path: path, Exclude: exclude, PasswordColumn: -1})
	return spec, true
}

const columnHint = "the fields are username, action, password and clientMetadata.KEY"

func (d *decoder) decodeColumns(n *yamldoc.Node, exclude bool) []column {
	pairs, ok := d.pairs(n, "columns")
	columns := []column{}
	hasName := false
	for _, f := range pairs {
		name := f.key.Value
		hasName = hasName || name == "username"
		switch {
		case name == "signOut":
			d.fault(f.key, "", "%s is not supported yet", name)
		case !isRowField(name) || exclude && name != "username":
			d.fault(f.key, columnHint, "unknown field %s", quote(name))
		default:
			if header, ok := d.scalar(f.value, "the column of "+quote(name)); ok {
				columns = append(columns, column{name, header, d.place(follow(f.value))})
			}
		}
	}
	if ok && !hasName {
		d.fault(follow(n), "say which column names the user, as columns: {username: email}", "columns has no username")
	}
	return columns
}

const metadataPrefix = "clientMetadata."

// isRowField reports whether a CSV may have a field of that name.
func isRowField(name string) bool {
	return name == "username" || name == "action" || name == "password" ||
		strings.HasPrefix(name, metadataPrefix) && name != metadataPrefix
}

func (d *decoder) decodeExclude(n *yamldoc.Node) {
	list, _ := d.list(n, "exclude")
	for _, n := range list {
		n = follow(n)
		switch {
		case n.Kind != yamldoc.Mapping:
			if name, ok := d.username(n); ok {
				d.job.excludes = append(d.job.excludes, item{entry: entry{username: name}})
			}
		case hasKey(n, "csv"):
			d.excludeSource(n, CSVSource, csvNames)
		case hasKey(n, "jsonl"):
			d.excludeSource(n, JSONLSource, jsonlNames)
		default:
			d.fault(n, "an entry of exclude is a username, {csv: PATH} or {jsonl: PATH}", "this is neither a username nor a source")
		}
	}
}

func (d *decoder) excludeSource(n *yamldoc.Node, kind string, keys []string) {
	if spec, ok := d.source(n, kind, keys, true); ok {
		d.job.excludes = append(d.job.excludes, item{source: spec})
	}
}
