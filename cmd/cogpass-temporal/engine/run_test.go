package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"

	"cogpass/runner"
	"cogpass/runner/runfile"
)

// A run goes through its batches, and each user is reset once; what is collected agrees.
func TestRunGoesThroughItsBatches(t *testing.T) {
	const users = 250
	w := newWorld(t, users)
	run := w.stow("action: reset\nlimits: {rate: max}\n"+everyone(users), nil)
	env := w.environment()
	history := listen(env)
	env.ExecuteWorkflow(RunWorkflow, run)
	var got Going
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	if err := env.GetWorkflowResult(&got); err != nil {
		t.Fatal(err)
	}
	if got.State != Done || got.Counts[runner.OK] != users || got.Counts[runner.Pending] != 0 {
		t.Errorf("got %+v", got)
	}
	for n := range users {
		if got := w.pool.Counts(poolID, username(n)).Resets; got != 1 {
			t.Errorf("user %d was reset %d times", n, got)
		}
	}
	if at := strings.Index(history.String()+string(w.beats.details), "private-name"); at >= 0 {
		t.Error("the history names a user")
	}
	r := w.collect(run)
	if r.Info.State != runfile.Done || r.Counts.ByOutcome[runner.OK] != users || r.Counts.Requests != users {
		t.Errorf("collected %v with %+v", r.Info.State, r.Counts)
	}
}

// listen gathers what goes into the history.
func listen(env *testsuite.TestWorkflowEnvironment) *bytes.Buffer {
	history := new(bytes.Buffer)
	env.SetOnActivityStartedListener(func(_ *activity.Info, _ context.Context, args converter.EncodedValues) {
		var b Batch
		if args.Get(&b) == nil {
			text, _ := json.Marshal(b)
			history.Write(text)
		}
	})
	env.SetOnActivityCompletedListener(func(_ *activity.Info, result converter.EncodedValue, err error) {
		var b Batched
		if err == nil && result.Get(&b) == nil {
			text, _ := json.Marshal(b)
			history.Write(text)
		} else if err != nil {
			history.WriteString(err.Error())
		}
	})
	return history
}

// A workflow that is reset begins again with batches that it has had done. What they have
// left counts, and nothing is sent again.
func TestResetWorkflowSendsNothingAgain(t *testing.T) {
	const users = 120
	w := newWorld(t, users)
	w.beats.cancel = func(n int) bool { return n == 5 }
	run := w.stow("action: reset\nlimits: {rate: max, concurrency: 4}\n"+everyone(users), nil)
	for range 2 {
		env := w.environment()
		env.ExecuteWorkflow(RunWorkflow, run)
		var got Going
		if err := env.GetWorkflowResult(&got); err != nil || got.State != Done || got.Counts[runner.OK] != users {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	for n := range users {
		if got := w.pool.Counts(poolID, username(n)).Resets; got != 1 {
			t.Errorf("user %d was reset %d times", n, got)
		}
	}
}
