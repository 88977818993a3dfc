package report

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"cogpass/runner"
)

// Group is tasks that ended badly, or were skipped, for one reason.
type Group struct {
	Step    runner.Step    // that ended so; Act is the task's action
	Outcome runner.Outcome // Failed, Unknown or Skipped
	Code    string         // AWS's; may be empty
	Reason  string         // of the first task; "" where the group is of several reasons
	Count   int64
	Seq     int64  // of its first task
	First   string // username of its first task
	Advice  Advice
}

// Groups counts tasks by why they ended as they did: a fold over results, of
// bounded size. Reasons that differ in what belongs to one user only, as a name
// or a number, are one. A task is in several groups where several of its steps
// ended badly; where one that comes before the action has kept it from being
// sent, it is in that step's group only. The zero value is of nothing.
type Groups struct {
	byKind map[groupKind]*Group
	kinds  map[string]int // different reasons, by title of the advice
}

// maxKinds is how many reasons are told apart that have the same advice. A
// trigger may give a reason of its own for each user.
const maxKinds = 8

type groupKind struct {
	step         runner.Step
	outcome      runner.Outcome
	advice       string
	code, reason string
	several      bool
}

// Add counts a result.
func (g *Groups) Add(r *runner.Result) {
	kept := false // from being sent, by a step before it
	for i := range r.Beside {
		if s := &r.Beside[i]; fails(s.Outcome) {
			g.add(r, s.Step, s.Outcome, s.Code, s.Reason)
			kept = kept || before(s.Step)
		}
	}
	if r.Outcome == runner.Skipped || fails(r.Outcome) && !kept {
		g.add(r, runner.Act, r.Outcome, r.Code, r.Reason)
	}
}

// before reports whether a step comes before the action, which is not sent
// where the step did not succeed.
func before(s runner.Step) bool {
	return s == runner.Recheck || s == runner.Prepare || s == runner.Create || s == runner.Enable
}

func (g *Groups) add(r *runner.Result, step runner.Step, o runner.Outcome, code, reason string) {
	if g.byKind == nil {
		g.byKind, g.kinds = make(map[groupKind]*Group), make(map[string]int)
	}
	a := Advise(step, o, code, reason)
	kind := groupKind{step: step, outcome: o, advice: a.Title, code: code, reason: general(reason, r.Username, r.Sub)}
	of := g.byKind[kind]
	if of == nil && g.kinds[a.Title] >= maxKinds {
		kind.code, kind.reason, kind.several = "", "", true
		code, reason, of = "", "", g.byKind[kind]
	}
	if of == nil {
		of = &Group{Step: step, Outcome: o, Code: code, Reason: reason, Seq: r.Seq, First: r.Username, Advice: a}
		g.byKind[kind] = of
		if !kind.several {
			g.kinds[a.Title]++
		}
	}
	of.Count++
}

// List returns the groups, the greatest first, and of the same size in the order
// of the plan.
func (g *Groups) List() []Group {
	var all []Group
	for _, of := range g.byKind {
		all = append(all, *of)
	}
	slices.SortFunc(all, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Step, b.Step), cmp.Compare(a.Outcome, b.Outcome))
	})
	return all
}

// Failures are the groups of what failed or is unknown, as List has them.
func (g *Groups) Failures() []Group {
	return slices.DeleteFunc(g.List(), func(of Group) bool { return of.Outcome == runner.Skipped })
}

// general returns a reason without what belongs to one user: names, and words
// that have a digit or an @ in them, but for a status's number.
func general(reason, username, sub string) string {
	if reason == "" {
		return ""
	}
	for _, own := range []string{username, sub} {
		if len(own) > 4 { // or it may stand in any word
			reason = strings.ReplaceAll(reason, own, "*")
		}
	}
	words := strings.Fields(reason)
	for i, w := range words {
		if i > 0 && words[i-1] == "status" && !strings.Contains(w, "@") {
			continue
		}
		if strings.Trim(w, ".,:;'\"()") == username || strings.ContainsFunc(w, func(c rune) bool { return c == '@' || unicode.IsDigit(c) }) {
			words[i] = "*"
		}
	}
	return strings.Join(words, " ")
}
