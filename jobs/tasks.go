package jobs

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"
)

// Tasks reads the tasks of a job. It is used from one goroutine.
type Tasks struct {
	ctx      context.Context
	job      *Job
	sources  []Source
	warnings []Fault
}

// Tasks returns the job's tasks, which All reads. When ctx is done, All ends with
// its cause.
func (j *Job) Tasks(ctx context.Context) *Tasks { return &Tasks{ctx: ctx, job: j} }

// All yields each task once, in the order of the plan, numbered from 1. Every
// source is read to its last line. After the first fault no more tasks are
// yielded, but reading goes on to find the other faults, and the last pair has
// all of them as a *Faults: tasks yielded before must not be acted on. Each call
// reads the sources anew, except standard input, which is kept.
func (t *Tasks) All() iter.Seq2[Task, error] {
	return func(yield func(Task, error) bool) {
		r := &reading{Tasks: t, yield: yield, folder: newFolder(t.job.caseSensitive), guards: newGuards(), checked: map[PasswordRef]checkedRef{}}
		r.faults = Faults{List: slices.Clone(t.job.faults.List), More: t.job.faults.More}
		t.sources = slices.Clone(t.job.sources)
		t.warnings = slices.Clone(t.job.warnings)
		r.readAll()
		switch err := r.faults.orNil(); {
		case r.stopped:
		case t.ctx.Err() != nil:
			yield(Task{}, context.Cause(t.ctx))
		case err != nil:
			t.job.locate(&r.faults)
			yield(Task{}, err)
		}
	}
}

// Sources returns what tasks were read from, the job file first. Call it once All
// has ended without an error.
func (t *Tasks) Sources() []Source { return t.sources }

// Warnings returns what is odd but not wrong. Call it once All has ended without
// an error.
func (t *Tasks) Warnings() []Fault { return t.warnings }

// reading is one pass over a job and its sources.
type reading struct {
	*Tasks
	yield   func(Task, error) bool
	stopped bool // the caller wants no more
	faults  Faults
	seq     int64
	sending int64 // tasks that are not excluded
	names   names
	folder  folder
	guards  guards
	checked map[PasswordRef]checkedRef // the passwords from outside that were looked at
	merged  mergedMetadata
	again   bool // this is the second look at names: faults were reported before
}

func (r *reading) report(f Fault) {
	if !r.again {
		r.faults.add(f)
	}
}

func (r *reading) warn(f Fault) {
	if !r.again {
		r.warnings = append(r.warnings, f)
	}
}

func (r *reading) over() bool { return r.stopped || r.ctx.Err() != nil }

func (r *reading) readAll() {
	j := r.job
	for i := range j.excludes {
		of := &j.excludes[i]
		r.each(of, func(e *entry) { r.guards.add(r.folder.key(e.username), of) })
	}
	for i := range j.users {
		of := &j.users[i]
		r.each(of, func(e *entry) { r.task(e, of) })
	}
	if r.over() {
		return
	}
	r.guards.warn(j.excludes, r.warn)
	if hashes, more := r.names.repeated(); len(hashes) > 0 {
		r.lookAgain(hashes, more)
	}
	if most := j.Limits.MaxUsers; most > 0 && r.sending > int64(most) {
		r.report(Fault{Place: j.maxUsers, Message: fmt.Sprintf("the job has %d users, more than maxUsers, %d", r.sending, most)})
	}
}

// each calls do for each user of a source that is free of faults.
func (r *reading) each(of *part, do func(*entry)) {
	if r.over() {
		return
	}
	rows, ok := of.open(r, of)
	if !ok {
		return
	}
	defer rows.Close()
	var e entry // one for all rows: it is large
	for !r.over() {
		good, err := rows.next(&e)
		if err != nil {
			return
		}
		if good {
			do(&e)
		}
	}
}

func (r *reading) openPath(path string) (readerAt, error) {
	if path == "-" {
		return r.job.stdin.open(r.ctx, r.job.opt.Stdin)
	}
	return openFile(r.job.resolve(path))
}

// resolve returns where a path that the job names is.
func (j *Job) resolve(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(j.Path), path)
}

// ended records the digest of a source that was read to its end.
func (r *reading) ended(index int, in *input) {
	s := &r.sources[index]
	digest := in.hash.Sum(nil)
	if r.again && !slices.Equal(digest, s.Digest) {
		r.faults.add(Fault{Place: Place{File: s.Path}, Message: "it was changed while it was read", Hint: "wait until it is written, and try again"})
	}
	s.Digest, s.Size = digest, in.next
}

// task makes a user into a task, with the defaults of its source and the job.
func (r *reading) task(e *entry, of *part) {
	key := r.folder.key(e.username)
	r.names.add(key)
	t := Task{Username: strings.Clone(e.username), Place: e.place, Source: of.index} // a row holds more than the name
	t.Excluded = r.guards.has(key)
	t.Action = r.action(e, of)
	spec := t.Action.Spec()
	if !t.Action.Known() {
		if !e.actionFaulty && !of.actionFaulty && !r.job.defaults.actionFaulty {
			r.report(Fault{Place: e.place, Message: "no action for this user", Hint: "give the user, its source or the job an action"})
		}
		r.emit(t)
		return
	}
	if spec.Password {
		t.Password = r.password(e, of)
	} else if e.password.ref.Kind != NoPassword {
		r.report(Fault{Place: e.at(e.password.place), Message: t.Action.String() + " takes no password", Hint: "leave it out, or choose another action"})
	}
	if spec.Metadata {
		t.ClientMetadata = r.merged.of(r.job.defaults.metadata, of.metadata, e.metadata)
	} else if len(e.metadata) > 0 {
		r.report(Fault{Place: e.at(e.metadataPlace), Message: t.Action.String() + " takes no clientMetadata", Hint: "leave it out, or choose another action"})
	}
	r.emit(t)
}

// action returns a user's action. A row must not contradict its source or the
// job: one in the form of the AWS CLI without a password would become a reset.
func (r *reading) action(e *entry, of *part) Action {
	stated := cmp.Or(of.action, r.job.defaults.action)
	if of.index > 0 && e.action != 0 && stated != 0 && e.action != stated {
		r.report(Fault{Place: e.place, Message: fmt.Sprintf("this row is for %s, and its source or the job says %s", e.action, stated),
			Hint: "let the rows say it, and neither the source nor the job; or give this row what they say"})
	}
	return cmp.Or(e.action, stated)
}

// at returns a place within the entry, or that of the username if it is not
// known.
func (e *entry) at(place Place) Place {
	if place.Line == 0 {
		return e.place
	}
	return place
}

// password returns where a user's password is. It checks one that is in a file or
// the environment.
func (r *reading) password(e *entry, of *part) PasswordRef {
	for _, from := range [...]*given{&e.password, &of.password, &r.job.defaults.password} {
		switch from.ref.Kind {
		case NoPassword:
			continue
		case EnvPassword, FilePassword:
			checked, known := r.checked[from.ref]
			if !known {
				checked = r.checkOutside(from.ref)
				r.checked[from.ref] = checked
				if checked.found() {
					r.report(Fault{Place: e.at(from.place), Message: checked.message, Hint: checked.hint})
				}
			}
			return checked.ref
		case RowPassword:
			return PasswordRef{Kind: RowPassword, Mark: mark(r.job.Salt, from.row)}
		}
		return from.ref
	}
	r.report(Fault{Place: e.place, Message: "no password for this user", Hint: "give the user, its source or the job a password"})
	return PasswordRef{}
}

func (r *reading) emit(t Task) {
	r.seq++
	t.Seq = r.seq
	if !t.Excluded {
		r.sending++
	}
	switch t.Password.Kind {
	case LiteralPassword:
		r.sources[0].Passwords++
	case RowPassword:
		r.sources[t.Source].Passwords++
	}
	if r.faults.Len() == 0 && !r.stopped {
		r.stopped = !r.yield(t, nil)
	}
}
