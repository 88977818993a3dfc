package report

import (
	"slices"
	"strings"

	"cogpass/runner"
)

// reasonRow is a group of tasks, as the page shows it.
type reasonRow struct {
	Step, Code, Reason, Outcome string
	Means, Do, First            string
	Tasks                       int64
	Width                       int // of the bar, of 1000
}

// maxReasons bounds the list.
const maxReasons = 40

func reasonRows(groups []Group) (rows []reasonRow) {
	groups = groups[:min(len(groups), maxReasons)]
	most := int64(1)
	for _, g := range groups {
		most = max(most, g.Count)
	}
	for _, g := range groups {
		row := reasonRow{
			Code: Visible(g.Code), Reason: shortened(Visible(g.Reason)), Outcome: g.Outcome.String(), Means: g.Advice.Means, Do: g.Advice.Do,
			First: shortened(Visible(g.First)), Tasks: g.Count, Width: int(max(1, 1000*g.Count/most)),
		}
		for _, b := range besides {
			if b.step == g.Step {
				row.Step = b.words
			}
		}
		if g.Reason == "" && g.Code == "" {
			row.Reason = "several reasons"
		}
		if rest, found := strings.CutPrefix(row.Reason, row.Code+": "); found {
			row.Reason = rest // or it stands there twice
		}
		rows = append(rows, row)
	}
	return rows
}

func (g *Groups) skips() []Group {
	return slices.DeleteFunc(g.List(), func(of Group) bool { return of.Outcome != runner.Skipped })
}

// nextStep is something to do now, and the command for it where there is one.
type nextStep struct{ Text, Command string }

// Next is what to do now.
func (p *page) Next() (steps []nextStep) {
	e := p.survey.Ending(*p.Run)
	if p.Run.State == "stopped" {
		if a := AdviseStop(p.Run.StopReason); a.Do != "" {
			steps = append(steps, nextStep{Text: a.Means + " " + a.Do})
		}
	}
	if len(p.Reasons) > 0 {
		steps = append(steps, nextStep{Text: "See to what failed: the list below says what each reason means and what to do about it."})
	}
	file := p.Run.File
	if file == "" {
		file = "RUN_FILE"
	}
	switch next := e.Next(); {
	case next.Args != nil:
		steps = append(steps, nextStep{strings.ToUpper(next.Why[:1]) + next.Why[1:] + ":", next.Command(file)})
		if next.Mind != "" {
			steps = append(steps, nextStep{Text: next.Mind})
		}
	case e.Running:
		steps = append(steps, nextStep{Text: "The run is going on. This page shows how it stood when the page was made."})
	case steps == nil:
		steps = append(steps, nextStep{Text: "Nothing is left to do."})
	}
	return steps
}

// Sentence says the run in one sentence.
func (p *page) Sentence() string {
	e := p.survey.Ending(*p.Run)
	return e.Sentence()
}
