package jobs

import (
	"fmt"
	"slices"
	"strings"

	"cogpass/jobs/yamldoc"
)

// locate adds to the faults of the job file the keys that lead to their places.
// Unknown keys are left out, for they may be misplaced passwords.
func (j *Job) locate(faults *Faults) {
	root, err := yamldoc.Parse(j.text)
	if err != nil || root == nil {
		return
	}
	for i := range faults.List {
		if f := &faults.List[i]; f.File == j.Path && f.Line > 0 {
			path, _ := keyPath(root, f.Place, nil)
			if last := len(path) - 1; last >= 0 && strings.HasPrefix(f.Message, path[last]+" ") {
				path = path[:last] // the message says it
			}
			f.Path = strings.Join(path, ", ")
		}
	}
}

// keyPath finds the keys that lead to a place in or below a node; path leads to
// the node itself.
func keyPath(n *yamldoc.Node, at Place, path []string) ([]string, bool) {
	if n.Line == at.Line && n.Column == at.Column {
		return path, true
	}
	for i, child := range n.Content {
		below := slices.Clip(path)
		switch {
		case n.Kind == yamldoc.Sequence && len(path) > 0:
			last := len(path) - 1
			below = append(slices.Clip(path[:last]), fmt.Sprintf("%s #%d", path[last], i+1))
		case n.Kind == yamldoc.Mapping && i%2 == 1 && isKey(n.Content[i-1].Value):
			below = append(below, n.Content[i-1].Value)
		}
		if found, ok := keyPath(child, at, below); ok {
			return found, true
		}
	}
	return path, false
}

// isKey reports whether a job has a key of that name anywhere.
func isKey(name string) bool {
	for _, k := range sourceKinds {
		if slices.Contains(k.keys, name) {
			return true
		}
	}
	for _, keys := range [...][]string{jobKeys, limitKeys, retryKeys, whereKeys, poolKeys, ratedCategories, protectKeys,
		handoffKeys, ageKeys, secretKeys, recipeKeys, policyKeys, passwordKinds, checkKeys} {
		if slices.Contains(keys, name) {
			return true
		}
	}
	return false
}
