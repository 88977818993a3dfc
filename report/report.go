// Package report gives views of a run: JSON, JSONL, CSV and text, and the
// skeletons that a dry run prints.
//
// Invariants: a view is made from results alone, in the order of Seq, so the
// same run gives the same bytes; it streams, so a million tasks need no more
// memory than a thousand; usernames are hostile text, and no view lets them
// reach a terminal, a shell or a spreadsheet as anything but text.
package report

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strings"
	"time"

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
}

// Results is a run's results in the order of Seq, pending tasks among them.
// It is ranged over more than once, for a report begins with the summary, and
// must give the same each time.
type Results = iter.Seq2[runner.Result, error]

// Format is a kind of report.
type Format string

// The formats.
const (
	JSON  Format = "json"  // one object: run, summary, results
	JSONL Format = "jsonl" // a result a line
	CSV   Format = "csv"   // a header, and a result a row
	Text  Format = "text"  // for people: the summary, and the tasks that failed, are unknown or were skipped
)

var errHTML = errors.New("html reports are not supported yet")

// ParseFormat returns the format of that name.
func ParseFormat(name string) (Format, error) {
	switch f := Format(name); f {
	case JSON, JSONL, CSV, Text:
		return f, nil
	case "html":
		return "", errHTML
	}
	return "", fmt.Errorf("unknown report format %q: use json, jsonl, csv or text", name)
}

// FormatOf returns the format that the extension of a path asks for: .json,
// .jsonl, .csv or .txt.
func FormatOf(path string) (Format, error) {
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".json", ".jsonl", ".csv":
		return Format(ext[1:]), nil
	case ".txt", ".text":
		return Text, nil
	case ".html", ".htm":
		return "", errHTML
	}
	return "", fmt.Errorf("%q does not end in .json, .jsonl, .csv or .txt: no telling which report it is", path)
}

// Write writes a report. An error of results ends it, and what was written
// until then is not a whole report.
func Write(w io.Writer, f Format, run Run, results Results) error {
	out := bufio.NewWriterSize(w, 1<<16)
	var err error
	switch f {
	case JSON:
		err = writeJSON(out, run, results)
	case JSONL:
		err = writeRows(out, results, appendJSONLRow)
	case CSV:
		out.WriteString(csvHeader)
		err = writeRows(out, results, appendCSVRow)
	case Text:
		err = writeText(out, run, results)
	default:
		_, err = ParseFormat(string(f))
	}
	if err != nil {
		return err
	}
	return out.Flush()
}

// writeRows writes each result as appendRow forms it.
func writeRows(out *bufio.Writer, results Results, appendRow func([]byte, *runner.Result) []byte) error {
	var row []byte
	for r, err := range results {
		if err != nil {
			return err
		}
		row = appendRow(row[:0], &r)
		if _, err := out.Write(row); err != nil {
			return err
		}
	}
	return nil
}

// timeForm is RFC 3339 in UTC with milliseconds; 24 characters in all.
const timeForm = "2006-01-02T15:04:05.000Z"

// took is the time from a task's first request to its end, in the
// milliseconds that the report shows for both; a clock set back gives 0.
func took(r *runner.Result) (ms int64, ok bool) {
	if r.StartedAt.IsZero() || r.FinishedAt.IsZero() {
		return 0, false
	}
	return max(0, r.FinishedAt.UnixMilli()-r.StartedAt.UnixMilli()), true
}
