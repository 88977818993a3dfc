package jobs

import (
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
)

// Tasks reads the tasks of a job. It is used from one goroutine.
type Tasks struct {
	// Naming says what the pool makes of names that differ in case or Unicode form
	// only. Set it before All; where the pool's answer comes later, call All again.
	Naming Naming

	ctx      context.Context
	job      *Job
	sources  []Source
	read     bool // All has ended without an error
	warnings []Fault
	guards   *guards         // names of exclude and protect
	let      map[string]bool // of Options.AllowProtected, those that have let somebody through
	fromPool *guards         // users of the pool that are in their groups and filters
	fold     folder          // for guards
	keys     folder          // for Key

	seq         int64
	named       int64 // tasks that are not left out
	alike       int64
	lookUp      bool
	templates   map[int]Task  // of pool sources
	found       map[int]int64 // users of them
	judging     bool
	sending     int64 // tasks that Judge has let pass
	unreachable int64 // of these, users to be made without a verified address
}

// Naming is how names are told apart that differ in case or Unicode form only. A
// job with caseSensitive: true tells them apart, whatever it is.
type Naming uint8

// The ways.
const (
	NamesFolded  Naming = iota // they are one user's, and naming both is a fault
	NamesUnknown               // nobody asked the pool: it is a warning, and Alike counts them
	NamesExact                 // they are two users'
)

// Key returns the same text for all names that are one user's, as Naming has it,
// so that a user of the pool is found by the name that a job uses. It may be
// called while another goroutine is in All.
func (t *Tasks) Key(name string) string {
	t.keys.exact = t.job.caseSensitive || t.Naming == NamesExact
	return t.keys.key(name)
}

// Tasks returns the job's tasks, which All reads. When ctx is done, All ends with
// its cause.
func (j *Job) Tasks(ctx context.Context) *Tasks {
	return &Tasks{ctx: ctx, job: j, fromPool: newGuards(), let: map[string]bool{}, fold: newFolder(j.caseSensitive), keys: newFolder(false), found: map[int]int64{}}
}

// All yields the tasks of users that the job or a list names, each once, in the order of the plan, numbered from 1. Every
// source is read to its last line. After the first fault no more tasks are
// yielded, but reading goes on to find the other faults, and the last pair has
// all of them as a *Faults: tasks yielded before must not be acted on. Each call
// reads the sources anew, except standard input, which is kept; one that has
// changed since the call before is a fault. Users of pool sources are not among
// them: see Needs.
func (t *Tasks) All() iter.Seq2[Task, error] {
	return func(yield func(Task, error) bool) {
		r := &reading{Tasks: t, yield: yield, folder: newFolder(t.job.caseSensitive || t.Naming == NamesExact), checked: map[PasswordRef]checkedRef{}}
		if t.read {
			r.before = t.sources
		}
		t.guards, t.templates = newGuards(), map[int]Task{}
		t.seq, t.named, t.alike, t.lookUp, t.read = 0, 0, 0, false, false
		t.judging, t.sending, t.unreachable = false, 0, 0
		clear(t.found)
		r.faults = Faults{List: slices.Clone(t.job.faults.List), More: t.job.faults.More}
		t.sources = slices.Clone(t.job.sources)
		t.warnings = slices.Clone(t.job.warnings)
		r.readAll()
		switch err := r.faults.OrNil(); {
		case r.stopped:
		case t.ctx.Err() != nil:
			yield(Task{}, context.Cause(t.ctx))
		case err != nil:
			t.job.locate(&r.faults)
			yield(Task{}, err)
		default:
			t.read = true
		}
	}
}

// Alike returns how many users have a name that differs from an earlier one in
// case or Unicode form only, where Naming is NamesUnknown. Ask the pool, and if
// there are any, call All again.
func (t *Tasks) Alike() int64 { return t.alike }

// Sources returns what tasks were read from, the job file first. Call it once All
// has ended without an error.
func (t *Tasks) Sources() []Source { return t.sources }

// Warnings returns what is odd but not wrong. Call it once All has ended without
// an error and, where the pool is asked, each task has been to Judge.
func (t *Tasks) Warnings() []Fault {
	warnings := append(slices.Clone(t.warnings), t.readableWarnings()...)
	if t.judging || !t.fromPools() { // else who there is, is not known yet
		warnings = append(warnings, t.guardWarnings()...)
	}
	for i := range t.job.users {
		of := &t.job.users[i]
		if _, ok := of.source.(*poolSource); ok && t.judging && t.found[of.index] == 0 {
			warnings = append(warnings, Fault{Place: of.place, Message: "no user of the pool is like this, or others before claim them all"})
		}
	}
	if t.unreachable > 0 {
		warnings = append(warnings, Fault{Place: Place{File: t.job.Path}, Message: fmt.Sprintf("%s to be made will have no verified address, so that no reset can reach them", plural(int(t.unreachable), "user")),
			Hint: "give the attributes email and email_verified: true"})
	}
	return warnings
}

// fromPools reports whether users of the pool are among the job's.
func (t *Tasks) fromPools() bool {
	return slices.ContainsFunc(t.job.users, func(of part) bool {
		_, is := of.source.(*poolSource)
		return is
	})
}

// reading is one pass over a job and its sources.
type reading struct {
	*Tasks
	yield     func(Task, error) bool
	stopped   bool // the caller wants no more
	faults    Faults
	before    []Source // as the call before found them; nil: there was none
	names     names
	folder    folder
	checked   map[PasswordRef]checkedRef // the passwords from outside that were looked at
	generated Place                      // of the first password that is to be made
	permanent bool                       // some user gets a permanent password
	again     bool                       // this is the second look at names: faults were reported before

	merged, attributes mergedMetadata
	lastCreation       *Creation // which the next user may share
}

func (r *reading) report(f Fault) {
	if !r.again {
		r.faults.Add(f)
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
		r.each(of, func(e *entry) { r.guards.add(r.fold.key(e.username), r.guards.of(of, e.place)) })
	}
	for i := range j.users {
		of := &j.users[i]
		r.each(of, func(e *entry) { r.task(e, of) })
	}
	if r.over() {
		return
	}
	if hashes, more := r.names.repeated(); len(hashes) > 0 {
		r.lookAgain(hashes, more)
	}
	r.checkHandoff()
	r.checkCheck()
	if needs := r.Needs(); !needs.Any() && !needs.LastDone {
		if f := r.tooMany(r.named); f != nil {
			r.report(*f)
		}
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
	if r.again && !slices.Equal(digest, s.Digest) || r.before != nil && !slices.Equal(digest, r.before[index].Digest) {
		r.faults.Add(Fault{Place: Place{File: s.Path}, Message: "it was changed while it was read", Hint: "wait until it is written, and try again"})
	}
	s.Digest, s.Size = digest, in.next
}
