package jobs

// guards holds the users that must not be touched, by their folded names.
type guards struct {
	lists map[nameHash]*part // the first list that names a user
	used  map[*part]bool     // lists that excluded somebody, or repeat another
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

// warn warns of lists that excluded nobody: they may name people differently
// from users. A single name may well be there just in case.
func (g *guards) warn(excludes []part, warn reporter) {
	for i := range excludes {
		of := &excludes[i]
		if of.index > 0 && !g.used[of] {
			warn(Fault{Place: of.place, Message: "none of the users is in this list, so it excludes nobody",
				Hint: "does it name them as users does, or in another column?"})
		}
	}
}
