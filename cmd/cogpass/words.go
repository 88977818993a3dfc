package main

import (
	"fmt"
	"strings"
	"time"

	"cogpass/cmd/bulk"
	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner/runfile"
)

// roughly writes a duration as a person would say it.
func roughly(d time.Duration) string {
	switch {
	case d < time.Second:
		return "1s"
	case d < 10*time.Minute:
		return d.Round(time.Second).String()
	case d < 48*time.Hour:
		return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	}
	return fmt.Sprintf("%.1f days", d.Hours()/24)
}

func plural(n int64, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return report.Number(n) + " " + word + "s"
}

func orUnknown(s string) string {
	if s == "" {
		return "(unknown)"
	}
	return s
}

// moment writes a time, or nothing where there is none.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// counted says how far a run is, in one line.
func counted(c runfile.Counts) string {
	e := report.Ending{Outcomes: c.ByOutcome, Beside: c.Beside}
	return e.Counted()
}

// tallied says what a plan does, in one line.
func tallied(t *bulk.Tally) string {
	parts := []string{plural(t.Tasks, "user")}
	for _, a := range jobs.Actions() {
		if n := t.Actions[a]; n > 0 {
			parts = append(parts, report.Number(n)+" "+a.String())
		}
	}
	if t.Skipped > 0 {
		parts = append(parts, report.Number(t.Skipped)+" skipped")
	}
	return strings.Join(parts, ", ")
}

// and writes a list as people say it.
func and(all []string) string {
	if last := len(all) - 1; last > 0 {
		return strings.Join(all[:last], ", ") + " and " + all[last]
	}
	return strings.Join(all, "")
}
