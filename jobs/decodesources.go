package jobs

import (
	"path/filepath"
	"strings"

	"cogpass/jobs/yamldoc"
)

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
