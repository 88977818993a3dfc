package main

import (
	"fmt"
	"strings"
	"time"

	"cogpass/cmd/bulk"
	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner"
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
	var parts []string
	for _, o := range []runner.Outcome{runner.OK, runner.Failed, runner.Skipped, runner.Unknown, runner.Pending} {
		if n := c.ByOutcome[o]; n > 0 || o == runner.OK {
			parts = append(parts, report.Number(n)+" "+o.String())
		}
	}
	said := strings.Join(parts, ", ") + " of " + plural(c.Tasks, "task")
	if c.Beside > 0 {
		said += "; of " + plural(c.Beside, "task") + " a step beside the action failed or is unknown"
	}
	return said
}

// someEnded reports whether any task, or step beside one, has ended so.
func someEnded(c *runfile.Counts, o runner.Outcome) bool {
	some := c.ByOutcome[o] > 0
	for _, steps := range c.Steps {
		some = some || steps[o] > 0
	}
	return some
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

// goOn is the command line that goes on with a run.
func goOn(info *runfile.Info, path string, flags ...string) string {
	words := append([]string{"run"}, flags...)
	if bulk.BegunInSandbox(info) {
		words = append(words, "--sandbox")
	}
	return report.Command(append(words, report.PathArgument(path))...)
}
