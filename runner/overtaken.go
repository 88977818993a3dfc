package runner

import (
	"slices"
	"time"
)

// Overtaken has a task that an earlier run has left know that another run has
// set the user's password at a time, by this machine's clock. Where that was
// surely after the attempt that is in doubt, nothing is sent any more and the task
// is Skipped, why says why: by now the other run's password is the user's, and a look
// could take what that run did for this one's. Where it was after the action
// has ended, no store is told of this task's password, nor is it tried.
func (t *Task) Overtaken(at time.Time, c *Clock, why string) {
	if !t.Action.Sets() || at.IsZero() {
		return
	}
	if n := slices.IndexFunc(t.Done, func(r StepResult) bool { return r.Step == Act }); n >= 0 {
		if act := t.Done[n]; act.Outcome == OK && at.After(act.FinishedAt) {
			t.leaveOut(Conclude, t.Generated, at, why)
			t.leaveOut(Check, t.Check, at, why)
		}
		return
	}
	if d := t.Doubt; d != nil && d.Step != Prepare && d.Step != Conclude {
		server, slack := c.Server(at)
		if server.Add(-slack).After(d.Began.Add(d.Slack)) {
			t.Skip, t.Doubt = why, nil
		}
	}
}

// leaveOut has a step count as Skipped, where the task has it and it has not ended.
func (t *Task) leaveOut(step Step, has bool, at time.Time, why string) {
	if has && !slices.ContainsFunc(t.Done, func(r StepResult) bool { return r.Step == step }) {
		if t.Doubt != nil && t.Doubt.Step == step {
			t.Doubt = nil
		}
		t.Done = append(slices.Clip(t.Done), StepResult{Step: step, Outcome: Skipped, Reason: why, FinishedAt: at})
	}
}
