package jobs

import "slices"

// Needs is what has to be known of the pool before the tasks of a job can be
// decided upon. The zero value is nothing.
type Needs struct {
	LookUp  bool        // each named user: give what is found to Tasks.Judge
	Sources []PoolUsers // sources whose users the pool has, in the order of the job, guards among them

	// LastDone is not known of the pool but of runs before: set Task.LastDone before
	// the task goes to Judge, or else to JudgeUnseen.
	LastDone bool
}

// PoolUsers is a source whose users are in the pool.
type PoolUsers struct {
	Index int  // in Tasks.Sources
	Guard bool // of exclude or protect: give each of its users to Tasks.Guard; the others are for Tasks.OfPool
	Query PoolQuery
	Place Place
}

// Any reports whether anything is needed of the pool.
func (n *Needs) Any() bool { return n.LookUp || len(n.Sources) > 0 }

// Sweep is one listing of users, and the sources that it serves. Group and
// Filter are what the pool selects by; both are empty for a listing of all.
type Sweep struct {
	Group, Filter string
	Sources       []PoolUsers
}

// Sweeps returns the listings that the sources need, as few as can be. all says
// that the whole pool is to be listed anyway.
func (n *Needs) Sweeps(all bool) []Sweep {
	var sweeps []Sweep
	var plain []PoolUsers // which a listing of all can serve
	same := true
	for _, s := range n.Sources {
		if s.Query.Group == "" && s.Query.Filter == "" {
			plain = append(plain, s)
			_, first := plain[0].Query.Server()
			_, filter := s.Query.Server()
			same = same && filter == first
			continue
		}
		group, filter := s.Query.Server()
		at := slices.IndexFunc(sweeps, func(w Sweep) bool { return w.Group == group && w.Filter == filter })
		if at < 0 {
			at = len(sweeps)
			sweeps = append(sweeps, Sweep{Group: group, Filter: filter})
		}
		sweeps[at].Sources = append(sweeps[at].Sources, s)
	}
	if len(plain) == 0 && !all {
		return sweeps
	}
	whole := Sweep{Sources: plain}
	if same && !all {
		_, whole.Filter = plain[0].Query.Server()
	}
	return slices.Insert(sweeps, 0, whole)
}

// Needs returns what has to be known of the pool. Call it once All has ended
// without an error.
func (t *Tasks) Needs() Needs {
	j := t.job
	n := Needs{LookUp: t.lookUp || j.Where.Any() || j.onImpossible != 0, LastDone: !j.Where.LastDoneBefore.IsZero()}
	for _, of := range slices.Concat(j.users, j.excludes) {
		if s, ok := of.source.(*poolSource); ok {
			n.Sources = append(n.Sources, PoolUsers{Index: of.index, Guard: s.guard, Query: s.query, Place: of.place})
		}
	}
	n.LookUp = t.named > 0 && (n.LookUp || len(n.Sources) > 0)
	return n
}
