package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"cogpass/runner"
	"cogpass/runner/runfile"
)

// A worker that dies, and one whose claim is refused, leave what they have claimed to
// the next, and nobody is reset twice, whatever moment that is.
func TestNextWorkerSettlesWhatIsInDoubt(t *testing.T) {
	for at := 2; at <= 8; at += 2 {
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			const users = 40
			w := newWorld(t, users)
			w.beats.refuse = func(n int) error {
				if n == at {
					return errRefused
				}
				return nil
			}
			run := w.stow("action: reset\nlimits: {rate: max, concurrency: 4}\n"+everyone(users), nil)
			env := w.environment()
			env.ExecuteWorkflow(RunWorkflow, run)
			var got Going
			if err := env.GetWorkflowResult(&got); err != nil {
				t.Fatal(err)
			}
			if got.State != Done || got.Counts[runner.OK]+got.Counts[runner.Unknown] != users {
				t.Errorf("got %+v", got)
			}
			for n := range users {
				if got := w.pool.Counts(poolID, username(n)).Resets; got != 1 {
					t.Errorf("user %d was reset %d times", n, got)
				}
			}
			if r := w.collect(run); r.Counts.ByOutcome[runner.Pending] != 0 {
				t.Errorf("collected %+v", r.Counts)
			}
		})
	}
}

// An attempt that is refused sends nothing more: of users whose intents were not taken,
// none is touched.
func TestRefusedAttemptSendsNothing(t *testing.T) {
	const users = 40
	w := newWorld(t, users)
	w.beats.refuse = func(n int) error {
		if n >= 4 {
			return errRefused
		}
		return nil
	}
	run := w.stow("action: reset\nlimits: {rate: max, concurrency: 4}\n"+everyone(users), nil)
	err := w.attempt(run)
	if err == nil || !strings.Contains(err.Error(), errRefused.Error()) {
		t.Errorf("got %v", err)
	}
	entries, err := decode(w.beats.details)
	if err != nil {
		t.Fatal(err)
	}
	for n := range users {
		claimed := slices.ContainsFunc(entries, func(e entry) bool { return e.Seq == int64(n+1) })
		if got := w.pool.Counts(poolID, username(n)).Resets; got > 0 && !claimed {
			t.Errorf("user %d was reset without a claim", n)
		}
	}
	if last, _ := w.depot.Run(run.ID).Last(t.Context(), "done/"); last != "" {
		t.Errorf("it has left %s, which is not its to say any more", last)
	}
}

// What a worker has claimed is not lost without a word.
func TestLostClaimsStopTheRun(t *testing.T) {
	const users = 40
	w := newWorld(t, users)
	w.beats.forget = true
	w.beats.refuse = func(n int) error {
		if n == 4 {
			return errRefused
		}
		return nil
	}
	run := w.stow("action: reset\nlimits: {rate: max, concurrency: 4}\n"+everyone(users), nil)
	env := w.environment()
	env.ExecuteWorkflow(RunWorkflow, run)
	var got Going
	if err := env.GetWorkflowResult(&got); err != nil {
		t.Fatal(err)
	}
	if got.State != Stopped || got.Stop == nil || got.Stop.Class != fatalType {
		t.Errorf("got %+v with %+v", got, got.Stop)
	}
	for n := range users {
		if got := w.pool.Counts(poolID, username(n)).Resets; got > 1 {
			t.Errorf("user %d was reset %d times", n, got)
		}
	}
	if r := w.collect(run); r.Counts.InDoubt != users {
		t.Errorf("collected %+v, want all in doubt", r.Counts)
	}
}

// What is called back finishes what is in flight, and goes on later.
func TestCalledBackBatchGoesOn(t *testing.T) {
	const users = 60
	w := newWorld(t, users)
	w.beats.cancel = func(n int) bool { return n == 3 || n == 6 }
	run := w.stow("action: reset\nlimits: {rate: max, concurrency: 4}\n"+everyone(users), nil)
	env := w.environment()
	env.ExecuteWorkflow(RunWorkflow, run)
	var got Going
	if err := env.GetWorkflowResult(&got); err != nil {
		t.Fatal(err)
	}
	if got.State != Done || got.Counts[runner.OK] != users || got.Requests != users {
		t.Errorf("got %+v", got)
	}
	for n := range users {
		if got := w.pool.Counts(poolID, username(n)).Resets; got != 1 {
			t.Errorf("user %d was reset %d times", n, got)
		}
	}
	if r := w.collect(run); r.Info.State != runfile.Done || r.Counts.ByOutcome[runner.OK] != users {
		t.Errorf("collected %v with %+v", r.Info.State, r.Counts)
	}
}

// Of a workflow that was terminated, what its workers had not written down is in doubt in
// what is collected, and nothing else is.
func TestTerminatedRunIsCollectedInDoubt(t *testing.T) {
	const users = BatchSize + 20
	w := newWorld(t, users)
	w.beats.refuse = func(n int) error {
		if n > 4 {
			return errRefused
		}
		return nil
	}
	run := w.stow("action: reset\nlimits: {rate: max, concurrency: 4}\n"+everyone(users), nil)
	_ = w.attempt(run)
	r := w.collect(run)
	if r.Counts.InDoubt != BatchSize || r.Counts.ByOutcome[runner.Pending] != users || r.Info.State != runfile.Stopped {
		t.Errorf("collected %v with %+v, want the %d of the batch that was begun in doubt", r.Info.State, r.Counts, BatchSize)
	}
}

// An answer that stops a run stops all of it, and says so without naming anybody.
func TestFatalAnswerStopsTheRun(t *testing.T) {
	w := newWorld(t, 5)
	run := w.stow("action: reset\nlimits: {rate: max}\n"+everyone(5), nil)
	w.workers.Options.EndpointURL += "/" // another pool, for all that is known
	env := w.environment()
	env.ExecuteWorkflow(RunWorkflow, run)
	var got Going
	if err := env.GetWorkflowResult(&got); err != nil {
		t.Fatal(err)
	}
	if got.State != Stopped || got.Stop == nil || got.Stop.Class != fatalType || got.Counts[runner.Pending] != 5 {
		t.Errorf("got %+v with %+v", got, got.Stop)
	}
	if r := w.collect(run); r.Info.State != runfile.Stopped || r.Counts.InDoubt != 0 {
		t.Errorf("collected %v with %+v", r.Info.State, r.Counts)
	}
}
