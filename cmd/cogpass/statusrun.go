package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"

	"cogpass/cmd/bulk"
	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner"
	"cogpass/runner/runfile"
)

// statusOf prints how a run is that was opened to be read. What failed, and why,
// is told of one that nobody carries out any more: it takes reading all of it.
func (s *system) statusOf(ctx context.Context, r *bulk.Recorded, format string) error {
	standing, err := standingOf(ctx, r)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil: // what was counted is known all the same
		s.warn("%s", report.Visible(err.Error()))
	}
	return s.stream(func(w io.Writer) error {
		if format == "json" {
			return standing.json(w)
		}
		return standing.text(w, s.outWidth())
	})
}

// A standing is what status says of a run.
type standing struct {
	account
	run  *bulk.Recorded
	pace bulk.Pace // of one that is going on
}

func standingOf(ctx context.Context, r *bulk.Recorded) (*standing, error) {
	st := &standing{run: r, account: account{Figures: bulk.Figures{Ending: r.Ending()}, runFile: r.Path}}
	var err error
	if st.Ending.Running {
		st.pace, err = r.Pace()
		return st, err
	}
	st.reports = r.Reports()
	if r.Info.State != runfile.Planned {
		st.Figures, err = r.Figures(ctx)
	}
	return st, err
}

// text says it to a person: a line for each thing that there is to know, and
// then what failed.
func (st *standing) text(w io.Writer, width int) error {
	const name = 11 // a label and its blank
	line := func(label, format string, args ...any) {
		if text := fmt.Sprintf(format, args...); text != "" {
			fmt.Fprintf(w, "%-10s %s\n", label, report.Wrap(report.Visible(text), strings.Repeat(" ", name), width-name))
		}
	}
	r, e := st.run, &st.Ending
	line("run", "%s", r.Info.Name)
	line("pool", "%s", strings.TrimSpace(r.Info.UserPoolID+" "+r.Info.PoolName))
	line("as", "%s", r.Info.Credentials)
	line("state", "%s", e.Run.State)
	line("because", "%s", r.Info.Reason)
	if r.Holder != nil {
		line("process", "%d, since %s", r.Holder.PID, moment(r.Holder.Since))
	}
	line("done", "%s", counted(r.Counts))
	if n := r.Counts.InDoubt; n > 0 {
		line("in doubt", "%s", plural(n, "task"))
	}
	line("requests", "%s, %s throttled", report.Number(r.Counts.Requests), report.Number(r.Counts.Throttled))
	line("rate", "%s asked%s%s", jobs.Rate(r.Info.AskedRate), controlled(r.Control), st.actual())
	line("left", "%s", st.left())
	line("started", "%s", moment(r.Info.StartedAt))
	line("finished", "%s", moment(r.Info.FinishedAt))
	line("plan", "%s", r.Info.PlanDigest)
	for _, path := range st.reports {
		fmt.Fprintf(w, "%-10s %s\n", "report", report.Visible(path))
	}
	if a := report.AdviseStop(r.Info.Reason); a.Title != "" && e.Run.State == runfile.Stopped.String() {
		line("to do", "%s %s", a.Means, a.Do)
	}
	lines := st.failures(width)
	if next := e.Next(); next.Args != nil {
		if next.Mind != "" {
			lines = append(lines, report.Wrap(next.Mind, "  ", width))
		}
		label := "to go on"
		if len(next.Args) > 1 && strings.HasPrefix(next.Args[1], "--retry") {
			label = "to retry"
		}
		lines = append(lines, fmt.Sprintf("%-10s %s", label, next.Command(st.runFile)))
	}
	for _, l := range lines {
		fmt.Fprintln(w, l)
	}
	return nil
}

// actual is the rate that there was in fact, after what was asked for.
func (st *standing) actual() string {
	switch {
	case st.Ending.Running && (st.run.Control.Paused || st.pace.Rate == 0):
	case st.Ending.Running:
		said := fmt.Sprintf(", %.1f/s now", st.pace.Rate)
		if asked := ceiling(st.run); st.pace.Held > 0 && st.pace.Held < asked*0.99 {
			said += ", held to " + pace(st.pace.Held) + " by throttling"
		}
		return said
	case st.Summary.Actual() != "":
		return ", " + st.Summary.Actual() + " actual"
	}
	return ""
}

// ceiling is the rate that the run may have at most by now.
func ceiling(r *bulk.Recorded) float64 {
	if r.Control.Rate > 0 {
		return r.Control.Rate
	}
	return r.Info.AskedRate
}

// left is how long a run that is going on will take yet.
func (st *standing) left() string {
	switch {
	case !st.Ending.Running:
		return ""
	case st.run.Control.Paused:
		return "paused; `cogpass resume` goes on"
	case !st.pace.Known:
		return "no telling yet"
	}
	return "about " + roughly(st.pace.Left)
}

// standingJSON is a standing as `cogpass status --format json` prints it, which
// docs/commands.md describes.
type standingJSON struct {
	Run        string           `json:"run"`
	Name       string           `json:"name"`
	RunFile    string           `json:"run_file"`
	UserPoolID string           `json:"user_pool_id"`
	PoolName   string           `json:"pool_name"`
	Account    string           `json:"account"`
	State      string           `json:"state"`
	StopReason string           `json:"stop_reason"`
	PID        int              `json:"pid"` // 0: nobody carries it out
	Sentence   string           `json:"sentence"`
	Tasks      int64            `json:"tasks"`
	Outcomes   map[string]int64 `json:"outcomes"`
	Beside     int64            `json:"beside"`
	InDoubt    int64            `json:"in_doubt"`
	Requests   int64            `json:"requests"`
	Throttled  int64            `json:"throttled"`
	AskedRate  *float64         `json:"asked_rate"`
	ActualRate *float64         `json:"actual_rate"`
	Paused     bool             `json:"paused"`
	Left       *float64         `json:"left_seconds"`
	CreatedAt  *string          `json:"created_at"`
	StartedAt  *string          `json:"started_at"`
	FinishedAt *string          `json:"finished_at"`
	PlanDigest string           `json:"plan_digest"`
	Reports    []string         `json:"reports"`
	Failures   []failuresJSON   `json:"failures"`
	Means      string           `json:"means"`
	Do         string           `json:"do"`
	Next       string           `json:"next"`
}

// failuresJSON is a group of failures, for status and for --notify-command.
type failuresJSON struct {
	Count   int64  `json:"count"`
	Step    string `json:"step"`
	Outcome string `json:"outcome"`
	Code    string `json:"code"`
	Reason  string `json:"reason"`
	First   string `json:"first"`
	Means   string `json:"means"`
	Do      string `json:"do"`
}

func failuresOf(groups []report.Group) []failuresJSON {
	all := []failuresJSON{}
	for _, g := range groups {
		all = append(all, failuresJSON{g.Count, report.StepName(g.Step), g.Outcome.String(), g.Code, g.Reason, g.First, g.Advice.Means, g.Advice.Do})
	}
	return all
}

// figure is one that JSON has as null where it is not known or has no bound.
func figure(x float64) *float64 {
	if !(x > 0) || math.IsInf(x, 1) {
		return nil
	}
	x = math.Round(x*1000) / 1000
	return &x
}

func known(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func (st *standing) document() standingJSON {
	r, e := st.run, &st.Ending
	next := e.Next()
	doc := standingJSON{
		Run: r.Info.Name, Name: r.Name(), RunFile: r.Path, UserPoolID: r.Info.UserPoolID, PoolName: r.Info.PoolName, Account: r.Info.Account,
		State: e.Run.State, StopReason: r.Info.Reason, Sentence: e.Sentence(), Tasks: r.Counts.Tasks, Outcomes: map[string]int64{},
		Beside: r.Counts.Beside, InDoubt: r.Counts.InDoubt, Requests: r.Counts.Requests, Throttled: r.Counts.Throttled,
		AskedRate: figure(ceiling(r)), ActualRate: figure(st.Summary.Rate()), Paused: r.Control.Paused,
		CreatedAt: known(moment(r.Info.CreatedAt)), StartedAt: known(moment(r.Info.StartedAt)), FinishedAt: known(moment(r.Info.FinishedAt)),
		PlanDigest: r.Info.PlanDigest, Reports: append([]string{}, st.reports...), Failures: failuresOf(st.Failures), Next: next.Command(st.runFile),
	}
	if r.Holder != nil {
		doc.PID = r.Holder.PID
	}
	if e.Running {
		doc.ActualRate = figure(st.pace.Rate)
		if left := st.pace.Left.Seconds(); st.pace.Known && !doc.Paused {
			doc.Left = &left
		}
	}
	for _, o := range []runner.Outcome{runner.OK, runner.Failed, runner.Skipped, runner.Unknown, runner.Pending} {
		doc.Outcomes[o.String()] = r.Counts.ByOutcome[o]
	}
	if e.Run.State == runfile.Stopped.String() {
		a := report.AdviseStop(r.Info.Reason)
		doc.Means, doc.Do = a.Means, a.Do
	}
	return doc
}

// json prints it as one line.
func (st *standing) json(w io.Writer) error {
	encoder := json.NewEncoder(printing{w})
	encoder.SetEscapeHTML(false)
	return encoder.Encode(st.document())
}

// failedOf lists what failed of a run, or is unknown.
func (s *system) failedOf(ctx context.Context, r *bulk.Recorded, format string) error {
	if r.Counts.ByOutcome[runner.Failed]+r.Counts.ByOutcome[runner.Unknown]+r.Counts.Beside == 0 {
		s.info("nothing has failed")
		return nil
	}
	return s.stream(func(w io.Writer) error { return report.WriteFailures(w, format == "json", r.Failures(ctx)) })
}
