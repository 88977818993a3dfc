package report

import (
	"testing"

	"cogpass/runner"
)

// What a report says of steps that hand a password over, or try it.
func TestBesidePasswords(t *testing.T) {
	step := func(s runner.Step, o runner.Outcome, reason string) runner.StepResult {
		return runner.StepResult{Step: s, Outcome: o, Reason: reason}
	}
	for name, tt := range map[string]struct {
		reason                string
		beside                []runner.StepResult
		handoff, check, wants string
	}{
		"told":      {"", []runner.StepResult{step(runner.Prepare, runner.OK, ""), step(runner.Conclude, runner.OK, "")}, "ok", "", ""},
		"sealed":    {"", nil, "", "", ""},
		"not told":  {"", []runner.StepResult{step(runner.Prepare, runner.OK, ""), step(runner.Conclude, runner.Failed, "no room")}, "failed", "", "telling the store: no room"},
		"abandoned": {"not sent.", []runner.StepResult{step(runner.Prepare, runner.Unknown, "late"), step(runner.Conclude, runner.OK, "")}, "unknown", "", "not sent; handing over: late"},
		"refused":   {"is disabled.", []runner.StepResult{step(runner.Prepare, runner.OK, ""), step(runner.Conclude, runner.OK, "")}, "ok", "", "is disabled."},
		"a token is left": {"", []runner.StepResult{step(runner.Check, runner.OK, "its token could not be revoked")}, "", "ok",
			"check: its token could not be revoked"},
	} {
		t.Run(name, func(t *testing.T) {
			r := runner.Result{Reason: tt.reason, Beside: tt.beside}
			if got := handoff(&r).text; got != tt.handoff {
				t.Errorf("handoff: got %q, want %q", got, tt.handoff)
			}
			if got := beside(&r, runner.Check).text; got != tt.check {
				t.Errorf("check: got %q, want %q", got, tt.check)
			}
			if got := reason(&r); got != tt.wants {
				t.Errorf("reason: got %q, want %q", got, tt.wants)
			}
		})
	}
}
