package report

import (
	"strings"
	"testing"

	"cogpass/runner"
)

func TestEndingSaysTheRunAndTheOneCommand(t *testing.T) {
	type outcomes = map[runner.Outcome]int64
	for _, tt := range []struct {
		name              string
		ending            Ending
		sentence, command string
		mind              bool
	}{
		{"all ok", Ending{Run: Run{Name: "spring", State: "done"}, Outcomes: outcomes{runner.OK: 1}},
			"spring is done: 1 ok of 1 task.", "", false},
		{"some failed", Ending{Run: Run{Name: "spring", State: "done"}, Outcomes: outcomes{runner.OK: 1234, runner.Failed: 2, runner.Unknown: 1}},
			"spring is done: 1,234 ok, 2 failed, 1 unknown of 1,237 tasks.", "cogpass run --retry-failed 'a b.run'", true},
		{"only unknown", Ending{Run: Run{State: "done", Sandbox: true}, Outcomes: outcomes{runner.Unknown: 1}},
			"the run is done: 0 ok, 1 unknown of 1 task.", "cogpass run --retry-unknown --sandbox 'a b.run'", true},
		{"a sign-out failed", Ending{Run: Run{Name: "x", State: "done"}, Outcomes: outcomes{runner.OK: 2}, Beside: 1, BesideFailed: true},
			"x is done: 2 ok of 2 tasks; of 1 task a step beside the action failed or is unknown.", "cogpass run --retry-failed 'a b.run'", false},
		{"a store was not told", Ending{Run: Run{Name: "x", State: "done"}, Outcomes: outcomes{runner.OK: 2}, Beside: 1, BesideUnknown: true},
			"x is done: 2 ok of 2 tasks; of 1 task a step beside the action failed or is unknown.", "cogpass run --retry-unknown 'a b.run'", false},
		{"stopped", Ending{Run: Run{Name: "x", State: "stopped", StopReason: "no\x1b[2J more."}, Outcomes: outcomes{runner.Failed: 2, runner.Pending: 9}},
			`x was stopped: 0 ok, 2 failed, 9 pending of 11 tasks, because no\x1b[2J more.`, "cogpass run 'a b.run'", false},
		{"going on", Ending{Run: Run{Name: "x", State: "running"}, Running: true, Outcomes: outcomes{runner.Pending: 9}},
			"x is going on: 0 ok, 9 pending of 9 tasks.", "", false},
		{"died", Ending{Run: Run{Name: "x", State: "died"}, Outcomes: outcomes{runner.Pending: 9}},
			"x was killed: 0 ok, 9 pending of 9 tasks.", "cogpass run 'a b.run'", false},
		{"no reports yet", Ending{Run: Run{Name: "x", State: "stopped", StopReason: "out.csv: no"}, Outcomes: outcomes{runner.Failed: 9}},
			"x was stopped: 0 ok, 9 failed of 9 tasks, because out.csv: no.", "cogpass run 'a b.run'", false},
		{"planned", Ending{Run: Run{Name: "x", State: "planned"}, Outcomes: outcomes{runner.Pending: 9}},
			"x has not begun: 0 ok, 9 pending of 9 tasks.", "cogpass run 'a b.run'", false},
	} {
		next := tt.ending.Next()
		if got := tt.ending.Sentence(); got != tt.sentence {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.sentence)
		}
		if got := next.Command("a b.run"); got != tt.command {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.command)
		}
		if warned := strings.Contains(next.Mind, "second code"); warned != tt.mind {
			t.Errorf("%s: it is said that a user may get a second code: %v, want %v", tt.name, warned, tt.mind)
		}
		if (next.Why == "") != (next.Args == nil) || strings.Contains(next.Command("x"), "\n") {
			t.Errorf("%s: %+v", tt.name, next)
		}
	}
}
