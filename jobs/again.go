package jobs

import "slices"

// lookAgain reads all users a second time, to tell real duplicates from names
// whose hashes collide. hashes are those seen more than once, and more is how
// many users repeat one.
func (r *reading) lookAgain(hashes []uint64, more int) {
	r.again = true
	first := map[nameHash]namedAt{}
	for i := range r.job.users {
		of := &r.job.users[i]
		r.each(of, func(e *entry) {
			key := r.folder.key(e.username)
			if _, there := slices.BinarySearch(hashes, r.names.hash(key)); !there || r.faults.More > 0 {
				return
			}
			at := namedAt{of.index, e.place.Line, e.place.Column, hashKey(e.username)}
			before, named := first[hashKey(key)]
			if !named {
				first[hashKey(key)] = at
				return
			}
			more--
			hint := "name each user once"
			if before.exact != at.exact {
				hint = "the names differ in case or Unicode form only, which makes them one user unless the job says caseSensitive: true"
			}
			r.faults.add(Fault{Place: e.place, Message: "this user was named before, at " + Visible(r.placeOf(before).String()), Hint: hint})
		})
	}
	if r.faults.More > 0 {
		r.faults.More += more
	}
	r.again = false
}

// namedAt is where a user is named.
type namedAt struct {
	source, line, column int
	exact                nameHash // of the name as it stands there
}

// placeOf turns it into a Place for messages.
func (r *reading) placeOf(at namedAt) Place {
	file := r.job.Path
	if at.source > 0 {
		file = r.sources[at.source].Path
	}
	return Place{file, at.line, at.column}
}
