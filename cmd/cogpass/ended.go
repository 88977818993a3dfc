package main

import (
	"fmt"
	"math"
	"strings"

	"cogpass/cmd/bulk"
	"cogpass/report"
	"cogpass/runner"
)

// account says what a run has come to and what to do about it: at its end, and
// when somebody asks later.
type account struct {
	bulk.Figures
	runFile string
	reports []string
}

// shownGroups is how many groups of failures are shown on a screen.
const shownGroups = 5

// lines are for a person: what failed and why, what that means and what to do,
// and what the run took.
func (a *account) lines(width int) []string {
	lines := a.failures(width)
	if a.Summary.Requests > 0 {
		lines = append(lines, report.Wrap(a.Summary.Effort(&a.Ending.Run), "  ", width))
	}
	return lines
}

// failures are the groups and their advice, in lines of no more than width where
// that is known.
func (a *account) failures(width int) (lines []string) {
	wrapped := func(indent, text string) {
		lines = append(lines, indent+report.Wrap(text, indent+"  ", width-len(indent)))
	}
	advised := map[string]bool{}
	for i, g := range a.Failures {
		if i == shownGroups {
			rest := int64(0)
			for _, g := range a.Failures[i:] {
				rest += g.Count
			}
			wrapped("", fmt.Sprintf("%s more for %s: `cogpass status --failed` lists all", report.Number(rest), plural(int64(len(a.Failures)-i), "other reason")))
			break
		}
		wrapped("", g.Headline())
		if !advised[g.Advice.Title] {
			wrapped("  ", g.Advice.Means)
			wrapped("  ", g.Advice.Do)
		}
		advised[g.Advice.Title] = true
	}
	return lines
}

// next are the lines that end an account: the one command, which is never
// broken; or else the run file, which nobody has named yet.
func (a *account) next(width int) []string {
	next := a.Ending.Next()
	if next.Args == nil {
		return []string{"run file: " + report.Visible(a.runFile)}
	}
	var lines []string
	if next.Mind != "" {
		lines = append(lines, report.Wrap(next.Mind, "  ", width))
	}
	return append(lines, next.Why+": "+next.Command(a.runFile))
}

// messages are the same for a log: an event for each group, and one for the run.
func (a *account) messages(code int) (all []bulk.Message) {
	for _, g := range a.Failures {
		all = append(all, bulk.Message{Event: failures, Text: g.Headline(), Keys: []any{
			"count", g.Count, "step", report.StepName(g.Step), "outcome", g.Outcome.String(), "code", g.Code, "reason", g.Reason,
			"first", g.First, "means", g.Advice.Means, "do", g.Advice.Do}})
	}
	e, s := &a.Ending, &a.Summary
	run, next := &e.Run, e.Next()
	m := bulk.Message{Event: runEnded, Text: "the run has ended: " + e.Counted(), Keys: []any{
		"run_file", a.runFile, "run", run.Name, "user_pool_id", run.UserPoolID, "state", run.State, "tasks", run.Tasks}}
	for _, outcome := range []runner.Outcome{runner.OK, runner.Failed, runner.Skipped, runner.Unknown, runner.Pending} {
		m.Keys = append(m.Keys, outcome.String(), e.Outcomes[outcome])
	}
	m.Keys = append(m.Keys, "beside", e.Beside, "requests", s.Requests, "throttled", s.Throttled, "asked_rate", pace(run.AskedRate),
		"rate", math.Round(s.Rate()*10)/10, "seconds", math.Round(run.FinishedAt.Sub(run.StartedAt).Seconds()*10)/10,
		"reports", append([]string{}, a.reports...), "next", next.Command(a.runFile), "exit_code", code)
	if run.StopReason != "" {
		m.Keys = append(m.Keys, "because", run.StopReason)
	}
	return append(all, m)
}

// essential is the one line of a run that is to be quiet, and its hint.
func (a *account) essential() error {
	next := a.Ending.Next()
	hint := ""
	if len(a.Failures) > 0 {
		hint = a.Failures[0].Headline() + "; "
	}
	return withHint(exitSomeFailed, hint+next.Why+": "+next.Command(a.runFile), "%s", strings.TrimSuffix(a.Ending.Sentence(), "."))
}
