package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"cogpass/cmd/bulk"
	"cogpass/report"
	"cogpass/runner"
	"cogpass/runner/runfile"
)

// listRuns lists the runs of the state folder, the newest first.
func (s *system) listRuns(format string) error {
	dir := s.stateDir()
	if dir == "" {
		return noStateDir()
	}
	runs, err := bulk.List(dir)
	if err != nil {
		return err
	}
	if format == "json" {
		return s.stream(func(w io.Writer) error { return listJSON(w, runs) })
	}
	if len(runs) == 0 {
		s.info("no runs in %s", report.Visible(dir))
		return nil
	}
	return s.stream(func(w io.Writer) error { return listText(w, runs, time.Now()) })
}

func listText(w io.Writer, runs []*bulk.Recorded, now time.Time) error {
	table := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "RUN\tSTATE\tBEGUN\tTASKS")
	for _, r := range runs {
		done := counted(r.Counts)
		if r.Err != nil {
			done = unreadable(r.Err)
		}
		if bulk.BegunInSandbox(&r.Info) {
			done += "; in the sandbox"
		}
		begun := "?" // of a file that is not even there to be looked at
		if at := r.When(); !at.IsZero() {
			begun = age(now.Sub(at))
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", report.Visible(r.Name()), r.State(), begun, done)
	}
	return table.Flush()
}

// A listedRun is a run in the list as JSON, which docs/commands.md describes.
type listedRun struct {
	Name       string           `json:"name"`
	RunFile    string           `json:"run_file"`
	State      string           `json:"state"`
	Error      string           `json:"error,omitempty"` // why the file cannot be read; then nothing follows
	Run        string           `json:"run,omitempty"`
	UserPoolID string           `json:"user_pool_id,omitempty"`
	Sandbox    bool             `json:"sandbox,omitempty"`
	PID        int              `json:"pid,omitempty"`
	CreatedAt  string           `json:"created_at,omitempty"`
	StartedAt  string           `json:"started_at,omitempty"`
	FinishedAt string           `json:"finished_at,omitempty"`
	StopReason string           `json:"stop_reason,omitempty"`
	Tasks      int64            `json:"tasks"`
	Outcomes   map[string]int64 `json:"outcomes,omitempty"`
	InDoubt    int64            `json:"in_doubt,omitempty"`
	Beside     int64            `json:"beside,omitempty"`
}

func listed(r *bulk.Recorded) listedRun {
	one := listedRun{Name: r.Name(), RunFile: r.Path, State: r.State()}
	if r.Err != nil {
		one.Error = unreadable(r.Err)
		return one
	}
	one.Run, one.UserPoolID, one.Sandbox = r.Info.Name, r.Info.UserPoolID, bulk.BegunInSandbox(&r.Info)
	one.CreatedAt, one.StartedAt, one.FinishedAt = moment(r.Info.CreatedAt), moment(r.Info.StartedAt), moment(r.Info.FinishedAt)
	one.StopReason, one.Tasks, one.InDoubt, one.Beside = r.Info.Reason, r.Counts.Tasks, r.Counts.InDoubt, r.Counts.Beside
	if r.Holder != nil {
		one.PID = r.Holder.PID
	}
	one.Outcomes = map[string]int64{}
	for _, o := range []runner.Outcome{runner.OK, runner.Failed, runner.Skipped, runner.Unknown, runner.Pending} {
		one.Outcomes[o.String()] = r.Counts.ByOutcome[o]
	}
	return one
}

func listJSON(w io.Writer, runs []*bulk.Recorded) error {
	lines := json.NewEncoder(printing{w})
	for _, r := range runs {
		if err := lines.Encode(listed(r)); err != nil {
			return err
		}
	}
	return nil
}

// unreadable says in a few words why a run file cannot be read.
func unreadable(err error) string {
	var file *runfile.Error
	if errors.As(err, &file) {
		err = file.Err // without the path, which stands beside it
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return report.Visible(text)
}
