package report

import (
	"bufio"
	"io"
	"slices"
	"strconv"

	"cogpass/runner"
)

// failureColumns are what a list of failures says of each.
var failureColumns = []string{"seq", "username", "action", "outcome", "code", "reason"}

// WriteFailures lists results, which are those that Failed reports: a table for
// people, for which they are read twice, or JSON lines.
func WriteFailures(w io.Writer, asJSON bool, results Results) error {
	out := bufio.NewWriterSize(w, 1<<16)
	write := writeFailureTable
	if asJSON {
		write = writeFailureLines
	}
	if err := write(out, checked(results)); err != nil {
		return err
	}
	return out.Flush()
}

func writeFailureLines(out *bufio.Writer, results Results) error {
	var some []column
	for _, c := range columns {
		if slices.Contains(failureColumns, c.name) {
			some = append(some, c)
		}
	}
	return writeRows(out, results, func(b []byte, r *runner.Result) []byte { return append(appendJSONColumns(b, some, r), '\n') })
}

func writeFailureTable(out *bufio.Writer, results Results) error {
	table := newTable("SEQ", "USERNAME", "ACTION", "OUTCOME", "CODE", "REASON")
	cells := func(r *runner.Result) []string {
		code := r.Code
		if r.Outcome == runner.OK { // it is of an attempt before the last
			code = ""
		}
		return []string{strconv.FormatInt(r.Seq, 10), Visible(r.Username), r.Action.String(), r.Outcome.String(), Visible(code), Visible(reason(r))}
	}
	for r, err := range results {
		if err != nil {
			return err
		}
		table.fit(cells(&r))
	}
	table.write(out, table.header)
	for r, err := range results {
		if err != nil {
			return err
		}
		table.write(out, cells(&r))
	}
	return nil
}
