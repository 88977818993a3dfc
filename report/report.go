// Package report gives views of a run: JSON, JSONL, CSV, HTML and text, and the
// skeletons that a dry run prints.
//
// # Writing a report
//
// Write takes a Run, which is what there is to say of the whole, and Results, a
// sequence that can be ranged over more than once; WriteFile puts the report in
// place in one step. Schema describes the JSON report. Summarize gives the figures
// alone, and a Summary can be added to while a run goes on.
//
// # Adding to it
//
// A new format is an entry of forms, in format.go, and a file that writes it; a new
// column one of columns, in columns.go, and of schema.json.
//
// Invariants: a view is made from results alone, in the order of Seq, so the
// same run gives the same bytes; it streams, so a million tasks need no more
// memory than a thousand; usernames are hostile text, and no view lets them
// reach a terminal, a shell, a browser or a spreadsheet as anything but text.
package report

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

// Run is what a report says of the run as a whole. A field that is zero is
// not known.
type Run struct {
	Name        string // of the job
	UserPoolID  string
	PoolName    string
	Region      string
	Account     string
	Actor       string // the access key that the requests were signed with
	JobDigest   string
	PlanDigest  string
	ToolVersion string
	CreatedAt   time.Time // when the plan was frozen
	StartedAt   time.Time
	FinishedAt  time.Time // zero while it runs
	State       string    // "running", "done", "stopped", "interrupted", …
	StopReason  string    // one line
	AskedRate   float64   // requests a second; +Inf is max
	Tasks       int64     // in the plan
	Sandbox     bool      // it acts on a stand-in of Cognito, and goes on there only
	Redacted    bool      // see Redact
	Samples     []Sample  // how fast it went, in order of time; where it was recorded
	File        string    // name of the run file, for commands; where there is one
}

// Results is a run's results in the order of Seq, pending tasks among them.
// It is ranged over more than once, for a report begins with the summary, and
// must give the same each time.
type Results = iter.Seq2[runner.Result, error]

// Write writes a report. An error of results ends it, as does an action that
// is not known, and what was written until then is not a whole report.
func Write(w io.Writer, f Format, run Run, results Results) error {
	known, err := f.known()
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 1<<16)
	if err := known.write(out, run, checked(results)); err != nil {
		return err
	}
	return out.Flush()
}

// checked makes it an error that a result has an action which no view knows.
func checked(results Results) Results {
	return func(yield func(runner.Result, error) bool) {
		for r, err := range results {
			if err == nil && !r.Action.Known() {
				err = unknownAction(r.Seq, r.Action)
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

func unknownAction(seq int64, a jobs.Action) error {
	return fmt.Errorf("task %d: unknown action %d", seq, uint8(a))
}

// writeRows writes each result as appendRow forms it.
func writeRows(out *bufio.Writer, results Results, appendRow func([]byte, *runner.Result) []byte) error {
	var row []byte
	var current runner.Result // one for all rows: its address goes where the compiler cannot follow
	for r, err := range results {
		if err != nil {
			return err
		}
		current = r
		row = appendRow(row[:0], &current)
		if _, err := out.Write(row); err != nil {
			return err
		}
	}
	return nil
}
