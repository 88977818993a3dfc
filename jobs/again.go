package jobs

import "slices"

// lookAgain reads all users a second time, to tell real duplicates from names
// whose hashes collide. hashes are those seen more than once, and more is how
// many users repeat one.
func (r *reading) lookAgain(hashes []uint64, more int) {
	r.again = true
	named := namedUsers{exact: map[nameHash]namedAt{}, folded: map[nameHash]namedAt{}}
	for i := range r.job.users {
		of := &r.job.users[i]
		r.each(of, func(e *entry) {
			key := r.folder.key(e.username)
			if _, there := slices.BinarySearch(hashes, r.names.hash(key)); !there || r.faults.More > 0 {
				return
			}
			more -= r.sameName(&named, e, of, key)
		})
	}
	if r.faults.More > 0 {
		r.faults.More += more
	}
	r.again = false
}

// sameName reports a user that was named before. It returns how many faults or
// warnings that is.
func (r *reading) sameName(named *namedUsers, e *entry, of *part, key string) int {
	at := namedAt{of.index, e.place.Line, e.place.Column}
	before, same := named.exact[hashKey(e.username)]
	alike := same
	if !same {
		named.exact[hashKey(e.username)] = at
		before, alike = named.folded[hashKey(key)]
	}
	if !alike {
		named.folded[hashKey(key)] = at
		return 0
	}
	f := Fault{Place: e.place, Message: "this user was named before, at " + Visible(r.placeOf(before).String()), Hint: "name each user once"}
	switch {
	case same:
		r.faults.Add(f)
	case r.Naming == NamesUnknown:
		if r.alike++; r.alike > maxFaults {
			break
		}
		f.Message = "this may be the user who is named at " + Visible(r.placeOf(before).String())
		f.Hint = "the names differ in case or Unicode form only: they are one user unless the pool, or caseSensitive: true, tells them apart"
		r.warnings = append(r.warnings, f)
	default:
		f.Hint = "the names differ in case or Unicode form only, which makes them one user unless the job says caseSensitive: true"
		r.faults.Add(f)
	}
	return 1
}

// namedUsers are where users are named first.
type namedUsers struct{ exact, folded map[nameHash]namedAt }

// namedAt is where a user is named.
type namedAt struct{ source, line, column int }

// placeOf turns it into a Place for messages.
func (r *reading) placeOf(at namedAt) Place {
	file := r.job.Path
	if at.source > 0 {
		file = r.sources[at.source].Path
	}
	return Place{file, at.line, at.column}
}
