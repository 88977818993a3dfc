package jobs

// guards are the users that are not to be touched, by what is the same in all
// forms of a name.
type guards struct {
	lists map[nameHash]*part // that name a user first
	used  map[*part]bool     // lists that have excluded somebody, or say what another has said
}

func newGuards() guards { return guards{map[nameHash]*part{}, map[*part]bool{}} }

func (g *guards) add(key string, of *part) {
	hash := hashKey(key)
	if first := g.lists[hash]; first != nil {
		g.used[of] = g.used[of] || first != of
		return
	}
	g.lists[hash] = of
}

func (g *guards) has(key string) bool {
	if len(g.lists) == 0 {
		return false
	}
	of := g.lists[hashKey(key)]
	if of != nil && !g.used[of] {
		g.used[of] = true
	}
	return of != nil
}

// warn tells of lists that have excluded nobody: they may name people in another
// way than the users are named. A single name is often there in case.
func (g *guards) warn(excludes []part, warn reporter) {
	for i := range excludes {
		of := &excludes[i]
		if of.index > 0 && !g.used[of] {
			warn(Fault{Place: of.place, Message: "none of the users is in this list, so it excludes nobody",
				Hint: "does it name them as users does, or in another column?"})
		}
	}
}
