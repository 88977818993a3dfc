package jobs

import (
	"io"
	"slices"
	"strings"

	"cogpass/jobs/yamldoc"
)

// The kinds of a Source.
const (
	JobSource   = "job"
	CSVSource   = "csv"
	JSONLSource = "jsonl"
	PoolSource  = "pool" // users that the pool has; Path is that of the file that asks for them
)

// Source is a file that tasks were read from. It has all that is needed to read
// passwords from it again, and may be stored as JSON.
type Source struct {
	Kind      string // JobSource, CSVSource, JSONLSource or PoolSource
	Path      string // as written; of the job file, its last element; "-" is standard input
	Exclude   bool   // it names users that are not to be touched
	Digest    []byte // HMAC-SHA256 of its bytes under Job.Salt
	Size      int64
	Columns   []Column // of a CSV, as the job maps them; nil: its header names the fields
	Passwords int64    // how many tasks take their password from it
}

// Column says which column of a CSV holds a field.
type Column struct {
	Field  string // "username", "action", "password" or "clientMetadata.KEY"
	Header string
}

// source is where users come from.
type source interface {
	// open begins to read the users; the caller closes what it returns. A
	// source that cannot be read is reported, and ok is false.
	open(r *reading, of *part) (rows rowReader, ok bool)
}

// rowReader reads the users of a source, in order.
type rowReader interface {
	// next overwrites e, which is large, with the next user, and reports whether
	// it is free of faults; faults are reported as they are found. The error is
	// io.EOF at the end; any other is reported too, and ends the source.
	next(e *entry) (ok bool, err error)
	io.Closer
}

// reporter takes the faults of a source.
type reporter func(Fault)

// part is an element of users or exclude: a source and the defaults of its users.
type part struct {
	source
	index   int   // in Tasks.Sources; users of the job file itself have 0
	place   Place // of the path
	protect bool  // it is a guard of the list for all jobs
	defaults
}

// sourceKind is how a job asks for a source.
type sourceKind struct {
	key     string   // tells it from the others
	keys    []string // it may have
	exclude []string // it may have in exclude; nil if it cannot stand there
	decode  func(d *decoder, n *yamldoc.Node, k *sourceKind, exclude bool)
	rows    func(in *input, columns []Column, poolID string) (rowReader, bool) // of a file
}

// sourceKinds is the table of sources. The last entry is a user of the job file
// itself, which an element is taken for if it has none of the other keys.
var sourceKinds = [...]sourceKind{
	{key: PoolSource, keys: []string{PoolSource, "action", "password", "clientMetadata", "signOut", "enable"}, decode: decodePoolSource},
	{key: CSVSource, keys: with("csv", "columns"), exclude: []string{"csv", "columns"}, decode: decodeFile, rows: newCSVRows},
	{key: JSONLSource, keys: with("jsonl"), exclude: []string{"jsonl"}, decode: decodeFile, rows: newJSONLRows},
	{key: "group", exclude: []string{"group"}, decode: decodeGuardQuery},
	{key: "filter", exclude: []string{"filter"}, decode: decodeGuardQuery},
	{key: "username", keys: userKeys, decode: decodeUser},
}

// with adds to keys those that all sources have.
func with(keys ...string) []string {
	return append(keys, userKeys[1:]...)
}

// kindOfSource returns the table's entry for an element of users or exclude.
func kindOfSource(n *yamldoc.Node, exclude bool) *sourceKind {
	last := len(sourceKinds) - 1
	for i := range sourceKinds[:last] {
		if k := &sourceKinds[i]; hasKey(n, k.key) && (exclude || k.keys != nil) {
			return k
		}
	}
	return &sourceKinds[last]
}

// fileSource is a source that is a file: a CSV or JSON Lines.
type fileSource struct {
	path    string
	kind    *sourceKind
	columns []Column
}

func (s *fileSource) open(r *reading, of *part) (rowReader, bool) {
	from, err := r.openPath(s.path)
	if err != nil {
		hint := hintOf(err)
		if hint != "" {
			hint += `, or pipe it into standard input and name it "-"`
		} else if strings.HasPrefix(s.path, "~") {
			hint = "write the path out: only a shell knows ~"
		}
		r.report(Fault{Place: of.place, Message: "cannot read the file that " + s.kind.key + " names: " + reasonOf(err), Hint: hint})
		return nil, false
	}
	in := newInput(s.path, from, r.job.Salt)
	in.report, in.warn = r.report, r.warn
	rows, ok := s.kind.rows(in, s.columns, r.job.UserPoolID)
	if !ok {
		from.Close()
		return nil, false
	}
	return &fileRows{rowReader: rows, in: in, reading: r, index: of.index}, true
}

// fileRows records the digest of a file at its end, and refuses a file that names
// nobody.
type fileRows struct {
	rowReader
	in      *input
	reading *reading
	index   int
	some    bool // a row was read
}

func (f *fileRows) next(e *entry) (bool, error) {
	ok, err := f.rowReader.next(e)
	if err == io.EOF {
		if !f.some {
			f.in.report(Fault{Place: Place{File: f.in.path}, Message: "this list names no user", Hint: "was it written to its end? a list that is meant to be empty is left out of the job"})
		}
		f.reading.ended(f.index, f.in)
	}
	f.some = true
	return ok, err
}

func (f *fileRows) Close() error { return f.in.from.Close() }

// openRows reads the rows of a source again, for their passwords.
func (s *Source) openRows(from readerAt) (rowReader, bool) {
	at := slices.IndexFunc(sourceKinds[:], func(k sourceKind) bool { return k.key == s.Kind && k.rows != nil })
	if at < 0 {
		return nil, false
	}
	in := newInput(s.Path, from, nil)
	in.report, in.warn = func(Fault) {}, func(Fault) {}
	return sourceKinds[at].rows(in, s.Columns, "")
}
