package jobs

import "fmt"

// guards holds the users that must not be touched, by their folded names.
type guards struct {
	names map[nameHash]*guard // the first that names a user
	all   []*guard
}

// guard is an entry of exclude or protect.
type guard struct {
	of    *part
	place Place
	used  bool // it kept somebody out, or repeats another
}

func newGuards() *guards { return &guards{names: map[nameHash]*guard{}} }

// of returns the guard of an entry: a list is one, and each name of the file
// itself.
func (g *guards) of(of *part, place Place) *guard {
	if last := len(g.all) - 1; last >= 0 && of.index > 0 && g.all[last].of == of {
		return g.all[last]
	}
	if of.index > 0 {
		place = of.place
	}
	g.all = append(g.all, &guard{of: of, place: place})
	return g.all[len(g.all)-1]
}

func (g *guards) add(key string, to *guard) {
	hash := hashKey(key)
	if first := g.names[hash]; first != nil {
		to.used = to.used || first != to
		return
	}
	g.names[hash] = to
}

func (g *guards) find(key string) *guard {
	if len(g.names) == 0 {
		return nil
	}
	return g.names[hashKey(key)]
}

// why a task is kept out by a guard.
const (
	excluded  = "excluded by the job"
	protected = "protected from all jobs"
)

// guardOf returns why one of the names of a user keeps it out; "" if none does.
func (t *Tasks) guardOf(names ...string) string {
	if len(t.guards.names) == 0 && len(t.fromPool.names) == 0 {
		return ""
	}
	why := ""
	for _, name := range names {
		key := t.fold.key(name)
		for _, g := range [...]*guard{t.guards.find(key), t.fromPool.find(key)} {
			switch {
			case g == nil:
			case !g.of.protect:
				g.used = true
				return excluded
			default:
				g.used = true
				why = protected
			}
		}
	}
	if why == protected && t.allowed(names) {
		return ""
	}
	return why
}

// allowed reports whether a protected user may be acted on all the same.
func (t *Tasks) allowed(names []string) bool {
	for _, allowed := range t.job.opt.AllowProtected {
		for _, name := range names {
			if t.fold.key(name) == t.fold.key(allowed) {
				t.let[allowed] = true
				return true
			}
		}
	}
	return false
}

// Guard keeps a user of the pool out: one of a source of Needs that is a guard.
// Give all of them before the first task goes to Judge.
func (t *Tasks) Guard(source int, user *User) {
	for i := range t.job.excludes {
		of := &t.job.excludes[i]
		if of.index != source {
			continue
		}
		g := t.fromPool.of(of, of.place)
		t.fromPool.add(t.fold.key(user.Username), g)
		if user.Sub != "" {
			t.fromPool.add(t.fold.key(user.Sub), g)
		}
	}
}

// guardWarnings warns of guards that kept nobody out: they may name people
// differently from users.
func (t *Tasks) guardWarnings() (warnings []Fault) {
	var names [2][]*guard // of the files themselves, by whether they are the job's
	for _, g := range t.guards.all {
		switch {
		case g.used:
		case g.of.index > 0:
			warnings = append(warnings, Fault{Place: g.place, Message: "none of the users is in this list, so it keeps nobody out",
				Hint: "does it name them as users does, or in another column?"})
		case g.of.protect:
			names[1] = append(names[1], g)
		default:
			names[0] = append(names[0], g)
		}
	}
	for _, unused := range names {
		if len(unused) == 0 {
			continue
		}
		message := "none of the users has this name, so it keeps nobody out"
		if n := len(unused); n > 1 {
			message = fmt.Sprintf("%s here, of which this is the first, are of none of the users, so they keep nobody out", plural(n, "name"))
		}
		warnings = append(warnings, Fault{Place: unused[0].place, Message: message, Hint: "is it written as the users are?"})
	}
	for _, allowed := range t.job.opt.AllowProtected {
		if !t.let[allowed] {
			warnings = append(warnings, Fault{Place: Place{File: "--allow-protected " + Visible(allowed)}, Message: "no user of this job is protected under this name",
				Hint: "is it written as the users are?"})
		}
	}
	return append(warnings, t.poolGuardWarnings()...)
}

// poolGuardWarnings warns of groups and filters in which the pool has nobody,
// once it was asked.
func (t *Tasks) poolGuardWarnings() (warnings []Fault) {
	if !t.judging {
		return nil
	}
	for i := range t.job.excludes {
		of := &t.job.excludes[i]
		if _, ok := of.source.(*poolSource); ok && len(t.fromPool.among(of)) == 0 {
			warnings = append(warnings, Fault{Place: of.place, Message: "the pool has no such user, so this keeps nobody out"})
		}
	}
	return warnings
}

func (g *guards) among(of *part) (found []*guard) {
	for _, one := range g.all {
		if one.of == of {
			found = append(found, one)
		}
	}
	return found
}
