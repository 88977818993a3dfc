package jobs

import (
	"cmp"
	"fmt"
	"io"
	"iter"
	"maps"
	"path/filepath"
)

// Tasks yields each task once, in the order of the plan, numbered from 1.
// Every source is read to its last line. Once a fault is found no more tasks
// are yielded, but reading goes on to find the others, and the last pair
// carries all of them as a *Faults: tasks that came before it must not be
// acted on. Sources are read anew by each call, but standard input.
func (j *Job) Tasks() iter.Seq2[Task, error] {
	return func(yield func(Task, error) bool) {
		r := &reading{job: j, yield: yield, excluded: map[nameHash]bool{}, checked: map[PasswordRef]checkedRef{}}
		r.faults = Faults{List: append([]Fault(nil), j.faults.List...), More: j.faults.More}
		defer r.names.close()
		r.readAll()
		if err := r.faults.orNil(); err != nil && !r.stopped {
			newSnippets(j.text).addTo(&r.faults, j.Path)
			yield(Task{}, err)
		}
	}
}

// reading is one pass over a job and its sources.
type reading struct {
	job      *Job
	yield    func(Task, error) bool
	stopped  bool // the caller wants no more
	faults   Faults
	seq      int64
	sending  int64 // tasks that are not excluded
	names    names
	excluded map[nameHash]bool
	checked  map[PasswordRef]checkedRef // the passwords from outside that were looked at
	merged   mergedMetadata
}

func (r *reading) readAll() {
	j := r.job
	for i := range j.Sources {
		j.Sources[i].Passwords = 0
	}
	for _, x := range j.excludes {
		r.each(x, func(e entry, _ *sourceSpec, _ rowReader) { r.excluded[hashName(e.username)] = true })
	}
	for _, it := range j.items {
		r.each(it, r.task)
		if r.stopped {
			return
		}
	}
	err := r.names.repeated(func(first, again namedAt) {
		r.faults.add(Fault{Place: r.placeOf(again), Message: "this user was named before, at " + Visible(r.placeOf(first).String()),
			Hint: "name each user once"})
	})
	if err != nil {
		r.faults.add(Fault{Place: Place{File: j.Path}, Message: "looking for users named twice: " + reasonOf(err)})
	}
	if most := j.Limits.MaxUsers; most > 0 && r.sending > int64(most) {
		r.faults.add(Fault{Place: j.maxUsers, Message: fmt.Sprintf("the job has %d users, more than maxUsers, %d", r.sending, most)})
	}
}

// each calls do for the user, or for each row of the source, that is free of
// faults.
func (r *reading) each(it item, do func(entry, *sourceSpec, rowReader)) {
	if it.source == nil {
		do(it.entry, nil, nil)
		return
	}
	spec := it.source
	from, err := r.open(spec)
	if err != nil {
		r.faults.add(Fault{Place: spec.place, Message: "cannot read " + quote(spec.path) + ": " + reasonOf(err)})
		return
	}
	defer from.Close()
	in := newInput(from, 0, true)
	source := &r.job.Sources[spec.index]
	rows, ok := r.rows(in, spec, source)
	for ok && !r.stopped {
		e, good, err := rows.next()
		if err == io.EOF {
			source.Digest, source.Size = in.hash.Sum(nil), in.next
			return
		} else if err != nil {
			return
		}
		if good {
			do(e, spec, rows)
		}
	}
}

func (r *reading) open(spec *sourceSpec) (readerAt, error) {
	if spec.path == "-" {
		return r.job.stdin.open(r.job.opt.Stdin)
	}
	return openFile(r.job.resolve(spec.path))
}

// resolve returns where a path that the job names is.
func (j *Job) resolve(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(j.Path), path)
}

func (r *reading) rows(in *input, spec *sourceSpec, source *Source) (rowReader, bool) {
	if spec.kind == JSONLSource {
		return newJSONLRows(in, spec.path, r.job.UserPoolID, r.faults.add), true
	}
	rows, ok := newCSVRows(in, spec, r.faults.add)
	if ok {
		source.PasswordColumn = rows.passwordColumn()
	}
	return rows, ok
}

// task makes a task of a user, with what its source and the job say.
func (r *reading) task(e entry, spec *sourceSpec, rows rowReader) {
	var of defaults
	source := 0
	if spec != nil {
		of, source = spec.defaults, spec.index
	}
	hash := hashName(e.username)
	if err := r.names.add(hash, namedAt{source, e.place.Line, e.place.Column}); err != nil {
		r.entryFault(e, rows, e.place, "noting the user: "+reasonOf(err), "")
	}
	t := Task{Username: e.username, Place: e.place, Source: source, Offset: e.offset, Excluded: r.excluded[hash]}
	t.Action = cmp.Or(e.action, of.action, r.job.defaults.action)
	switch {
	case t.Action == 0:
		if !r.actionFaulty(e, of) {
			r.entryFault(e, rows, e.place, "no action for "+quote(e.username), "give the user, its source or the job an action")
		}
	case t.Action == Reset:
		if e.password.ref.Kind != NoPassword {
			r.entryFault(e, rows, e.at(e.password.place), "a reset takes no password: the user chooses one with the code", "")
		}
		t.ClientMetadata = r.merged.of(r.job.defaults.metadata, of.metadata, e.metadata)
	default:
		if len(e.metadata) > 0 {
			r.entryFault(e, rows, e.at(e.metadataPlace), "clientMetadata is for a reset only: setting a password has no such field", "")
		}
		t.Password = r.password(e, rows, of)
	}
	r.emit(t)
}

// actionFaulty reports whether an action was given and its fault is recorded.
func (r *reading) actionFaulty(e entry, of defaults) bool {
	return e.actionFaulty || of.actionFaulty || r.job.defaults.actionFaulty
}

// at returns place, or that of the username where it is not known.
func (e entry) at(place Place) Place {
	if place.Line == 0 {
		return e.place
	}
	return place
}

// password returns the password of a set action, having checked one that
// comes from outside the sources.
func (r *reading) password(e entry, rows rowReader, of defaults) PasswordRef {
	for _, from := range [...]given{e.password, of.password, r.job.defaults.password} {
		switch from.ref.Kind {
		case NoPassword:
			continue
		case EnvPassword, FilePassword:
			checked, known := r.checked[from.ref]
			if !known {
				checked = r.checkOutside(from.ref)
				r.checked[from.ref] = checked
				if checked.found() {
					r.faults.add(Fault{Place: e.at(from.place), Message: checked.message, Hint: checked.hint})
				}
			}
			return checked.ref
		}
		return from.ref
	}
	r.entryFault(e, rows, e.place, "no password for "+quote(e.username), "give the user, its source or the job a password")
	return PasswordRef{}
}

// entryFault records a fault of a user, with the row where that is safe.
func (r *reading) entryFault(e entry, rows rowReader, at Place, message, hint string) {
	f := Fault{Place: at, Message: message, Hint: hint}
	if rows != nil && e.showable && len(r.faults.List) < maxFaults {
		f.Snippet = rows.snippet(e.offset, at.Column)
	}
	r.faults.add(f)
}

// placeOf returns the place of a user.
func (r *reading) placeOf(at namedAt) Place {
	file := r.job.Path
	if at.source > 0 {
		file = r.job.Sources[at.source].Path
	}
	return Place{file, at.line, at.column}
}

func (r *reading) emit(t Task) {
	r.seq++
	t.Seq = r.seq
	if !t.Excluded {
		r.sending++
	}
	switch t.Password.Kind {
	case LiteralPassword:
		r.job.Sources[0].Passwords++
	case RowPassword:
		r.job.Sources[t.Source].Passwords++
	}
	if r.faults.Len() == 0 && !r.stopped {
		r.stopped = !r.yield(t, nil)
	}
}

// mergedMetadata adds up the metadata of a job, a source and a user, and
// gives neighbours that get the same the same map.
type mergedMetadata struct{ last map[string]string }

func (m *mergedMetadata) of(levels ...map[string]string) map[string]string {
	var only map[string]string
	said := 0
	for _, level := range levels {
		if len(level) > 0 {
			only = level
			said++
		}
	}
	if said > 1 {
		only = map[string]string{}
		for _, level := range levels {
			maps.Copy(only, level)
		}
	}
	if maps.Equal(m.last, only) {
		return m.last
	}
	m.last = only
	return only
}
