package report

import (
	"bufio"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"cogpass/runner"
)

// writeText writes the summary, and a table of the tasks that ended and are
// not ok. It reads the results once for the figures and the widths, and once
// for the table.
func writeText(out *bufio.Writer, run Run, results Results) error {
	var summary Summary
	var listed bool
	table := newTable("SEQ", "USERNAME", "ACTION", "OUTCOME", "TRIES", "WHY", "SOURCE")
	for r, err := range results {
		if err != nil {
			return err
		}
		summary.Add(&r)
		if isListed(&r) {
			listed = true
			table.fit(textCells(&r))
		}
	}
	writeTextRun(out, &run)
	writeTextSummary(out, &summary, run.AskedRate)
	if !listed {
		return nil
	}

	out.WriteString("\nFailed, unknown and skipped\n")
	table.write(out, table.header)
	for r, err := range results {
		if err != nil {
			return err
		}
		if isListed(&r) {
			table.write(out, textCells(&r))
		}
	}
	return nil
}

func isListed(r *runner.Result) bool {
	return r.Outcome != runner.OK && r.Outcome != runner.Pending || besideFails(r)
}

func textCells(r *runner.Result) []string {
	return []string{
		strconv.FormatInt(r.Seq, 10), Visible(r.Username), r.Action.String(), r.Outcome.String(),
		strconv.Itoa(r.Attempts), Visible(whyText(r)), Visible(r.Source),
	}
}

// whyText is the code and the reason.
func whyText(r *runner.Result) string {
	if r.Outcome == runner.OK {
		return reason(r) // the code is of an attempt before the last
	}
	return withCode(r.Code, reason(r))
}

func writeTextRun(out *bufio.Writer, run *Run) {
	line := func(label string, parts ...string) {
		var known []string
		for _, p := range parts {
			if p != "" {
				known = append(known, Visible(p))
			}
		}
		if known != nil {
			fmt.Fprintf(out, "%-11s%s\n", label, strings.Join(known, ", "))
		}
	}
	line("Run", run.Name, run.State, run.StopReason)
	line("Pool", run.PoolName, run.UserPoolID, run.Region)
	line("Account", run.Account)
	line("Actor", run.Actor)
	line("Job", run.JobDigest)
	line("Plan", run.PlanDigest)
	line("Planned", textTime(run.CreatedAt))
	line("Started", textTime(run.StartedAt))
	if run.FinishedAt.After(run.StartedAt) && !run.StartedAt.IsZero() {
		line("Finished", textTime(run.FinishedAt), "after "+textDuration(run.FinishedAt.Sub(run.StartedAt)))
	} else {
		line("Finished", textTime(run.FinishedAt))
	}
	line("Version", run.ToolVersion)
}

func writeTextSummary(out *bufio.Writer, s *Summary, asked float64) {
	if out.Buffered() > 0 {
		out.WriteByte('\n')
	}
	fmt.Fprintf(out, "%-11s%s\n", "Tasks", Number(s.Tasks))
	for _, c := range s.outcomeCounts() {
		if c.n > 0 {
			fmt.Fprintf(out, "  %-9s%s\n", c.name, Number(c.n))
		}
	}
	var actions []string
	for _, c := range s.actionCounts() {
		if c.n > 0 {
			actions = append(actions, Number(c.n)+" "+c.name)
		}
	}
	if actions != nil {
		fmt.Fprintf(out, "%-11s%s\n", "Actions", strings.Join(actions, ", "))
	}
	writeTextBeside(out, s)
	fmt.Fprintf(out, "%-11s%s, %s throttled\n", "Requests", Number(s.Requests), Number(s.Throttled))
	if rate := s.Rate(); rate > 0 {
		fmt.Fprintf(out, "%-11s%s, asked %s\n", "Rate", textRate(rate), textRate(asked))
	}
	if s.Latency(1) > 0 {
		fmt.Fprintf(out, "%-11s", "Latency")
		for i, q := range quantiles {
			if i > 0 {
				out.WriteString(", ")
			}
			fmt.Fprintf(out, "%s %s", q.name, textDuration(s.Latency(q.q)))
		}
		out.WriteByte('\n')
	}
	for i, c := range s.codeCounts() {
		label := ""
		if i == 0 {
			label = "Codes"
		}
		fmt.Fprintf(out, "%-11s%s %s\n", label, Number(c.n), Visible(c.name))
	}
}

func textTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// textDuration keeps three figures or so: what a person takes in.
func textDuration(d time.Duration) string {
	unit := time.Duration(1)
	switch {
	case d >= time.Minute:
		unit = time.Second
	case d >= time.Second:
		unit = 10 * time.Millisecond
	case d >= 10*time.Millisecond:
		unit = time.Millisecond / 10
	case d >= time.Millisecond:
		unit = 10 * time.Microsecond
	case d >= time.Microsecond:
		unit = time.Microsecond
	}
	return d.Round(unit).String()
}

func textRate(r float64) string {
	switch {
	case math.IsInf(r, 1):
		return "max"
	case r >= 100:
		return Number(int64(math.Round(r))) + "/s"
	case r > 0:
		return fmt.Sprintf("%.3g/s", r)
	}
	return "unknown"
}

// Number writes 1234567 as 1,234,567.
func Number(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// A table aligns cells whose widths it has seen; one that is wider than
// maxCell pushes the rest of its row to the right.
type table struct {
	header []string
	widths []int
}

const maxCell = 48

func newTable(header ...string) *table {
	t := &table{header: header, widths: make([]int, len(header))}
	t.fit(header)
	return t
}

func (t *table) fit(cells []string) {
	for i, c := range cells {
		t.widths[i] = max(t.widths[i], min(utf8.RuneCountInString(c), maxCell))
	}
}

func (t *table) write(out *bufio.Writer, cells []string) {
	padding := 0
	for i, c := range cells {
		if c == "" {
			padding += t.widths[i] + 2
			continue
		}
		for range padding {
			out.WriteByte(' ')
		}
		out.WriteString(c)
		padding = max(0, t.widths[i]-utf8.RuneCountInString(c)) + 2
	}
	out.WriteByte('\n')
}
