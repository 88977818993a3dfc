package engine

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"cogpass/jobs"
	"cogpass/runner"
)

// A crowd carries batches out as workers would, by the environment's clock.
type crowd struct {
	mu      sync.Mutex
	batches []Batch
	at      []time.Time
	now     func() time.Time
	of      func(b Batch) (Batched, error) // nil: all are ok
	end     Ended
}

// simulated is an environment with a crowd, in which a batch takes ten seconds.
func simulated(c *crowd) *testsuite.TestWorkflowEnvironment {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(5 * time.Minute)
	env.SetWorkerOptions(patient)
	env.RegisterWorkflow(RunWorkflow)
	var w *Workers
	env.RegisterActivity(w)
	c.now = env.Now
	env.OnActivity(w.RunBatch, mock.Anything, mock.Anything).After(10 * time.Second).Return(func(_ context.Context, b Batch) (Batched, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.batches, c.at = append(c.batches, b), append(c.at, c.now())
		if c.of != nil {
			return c.of(b)
		}
		return allOK(b), nil
	})
	env.OnActivity(w.EndRun, mock.Anything, mock.Anything, mock.Anything).Return(func(_ context.Context, _ string, end Ended) error {
		c.end = end
		return nil
	})
	return env
}

func allOK(b Batch) (done Batched) {
	done.Object = doneKey(&b, 1)
	done.Counts[runner.OK] = b.Last - b.First + 1
	done.Requests = done.Counts[runner.OK]
	return done
}

func simulatedRun(tasks int64) Run {
	return Run{ID: "spread-1", Name: "spread", Plan: "sha256:0", Pool: poolID, Tasks: tasks, Batch: BatchSize, Rate: 40, Concurrency: 64}
}

// A million users take several executions, each far below Temporal's limits, and no more
// than one event and 50 bytes a user.
func TestMillionUsersStayBelowTheLimits(t *testing.T) {
	t.Parallel()
	run := simulatedRun(1_000_000)
	var executions, bytes, begun int64
	for next := run; ; executions++ {
		c := &crowd{}
		env := simulated(c)
		env.ExecuteWorkflow(RunWorkflow, next)
		events := int64(len(c.batches)) * 6 // scheduled, started, completed; and those of the workflow task that this leads to
		begun += int64(len(c.batches))
		if events > 10_000 {
			t.Errorf("execution %d has %d events", executions, events)
		}
		for i := range c.batches {
			in, _ := json.Marshal(c.batches[i])
			out, _ := json.Marshal(allOK(c.batches[i]))
			bytes += int64(len(in) + len(out))
		}
		var again *workflow.ContinueAsNewError
		err := env.GetWorkflowError()
		if !errors.As(err, &again) {
			if err != nil || c.end.State != Done || c.end.Counts[runner.OK] != run.Tasks {
				t.Fatalf("got %v, %+v", err, c.end)
			}
			break
		}
		if err := converter.GetDefaultDataConverter().FromPayloads(again.Input, &next); err != nil {
			t.Fatal(err)
		}
	}
	if want := run.Tasks / BatchSize; begun != want {
		t.Errorf("got %d batches, want %d", begun, want)
	}
	if a := bytes / (run.Tasks / 1000); a > 10_000 {
		t.Errorf("the batches alone are %d bytes for a thousand users", a)
	}
	t.Logf("%d executions, %.3f events and %.1f bytes of batches a user", executions+1, float64(begun)*6/float64(run.Tasks), float64(bytes)/float64(run.Tasks))
}

// Orders take effect, and one that is meant for another run does not.
func TestOrders(t *testing.T) {
	t.Parallel()
	c := &crowd{}
	env := simulated(c)
	order := func(after time.Duration, o Order) {
		env.RegisterDelayedCallback(func() { env.SignalWorkflow(OrderSignal, o) }, after)
	}
	order(15*time.Second, Order{Run: "another", Do: Cancel})
	order(25*time.Second, Order{Run: "spread-1", Do: Pause})
	order(1000*time.Second, Order{Run: "spread-1", Do: SetRate, Rate: 20})
	order(2000*time.Second, Order{Run: "spread-1", Do: Resume})
	began := env.Now()
	env.ExecuteWorkflow(RunWorkflow, simulatedRun(2000))
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	if c.end.State != Done || c.end.Counts[runner.OK] != 2000 {
		t.Errorf("got %+v", c.end)
	}
	for i, b := range c.batches {
		switch at := c.at[i].Sub(began); {
		case at > 40*time.Second && at < 2000*time.Second:
			t.Errorf("batch %d was carried out %s after the beginning, in the pause", b.Number, at)
		case at < 2000*time.Second && b.Rate*4 != 40, at > 2000*time.Second && b.Rate*2 != 20:
			t.Errorf("batch %d has the rate %v at %s", b.Number, b.Rate, at)
		}
	}
}

// A run that is cancelled, by an order or by Temporal's own means, ends as interrupted, with
// what was done.
func TestCancelledRunEndsAsInterrupted(t *testing.T) {
	t.Parallel()
	for name, cancel := range map[string]func(*testsuite.TestWorkflowEnvironment){
		"by an order": func(env *testsuite.TestWorkflowEnvironment) {
			env.SignalWorkflow(OrderSignal, Order{Run: "spread-1", Do: Cancel})
		},
		"by Temporal": func(env *testsuite.TestWorkflowEnvironment) { env.CancelWorkflow() },
	} {
		c := &crowd{}
		env := simulated(c)
		env.RegisterDelayedCallback(func() { cancel(env) }, 35*time.Second)
		env.ExecuteWorkflow(RunWorkflow, simulatedRun(100_000))
		if err := env.GetWorkflowError(); err != nil {
			t.Fatal(err)
		}
		if done := c.end.Counts[runner.OK]; c.end.State != Interrupted || done == 0 || done > 3000 || done+c.end.Counts[runner.Pending] != 100_000 {
			t.Errorf("%s: got %+v", name, c.end)
		}
	}
}

// A run stops above the failures that its job allows, and a batch that is called back
// goes on from what it has left.
func TestRunStopsForFailures(t *testing.T) {
	t.Parallel()
	c := &crowd{of: func(b Batch) (done Batched, _ error) {
		done.Object = doneKey(&b, 1)
		done.Counts[runner.Failed] = 20
		done.Counts[runner.OK] = 80
		return done, nil
	}}
	env := simulated(c)
	run := simulatedRun(10_000)
	run.MaxFailures = jobs.MaxFailures{Given: true, Count: 50}
	env.ExecuteWorkflow(RunWorkflow, run)
	if err := env.GetWorkflowError(); err != nil {
		t.Error(err)
	}
	if c.end.State != Stopped || c.end.Stop == nil || c.end.Stop.Class != "maxFailures" || c.end.Counts[runner.Failed] <= 50 {
		t.Errorf("got %+v with %+v", c.end, c.end.Stop)
	}
}

// What a batch has left is what its next try begins with, and it is counted once.
func TestLeftBatchIsCountedOnce(t *testing.T) {
	t.Parallel()
	c := &crowd{of: func(b Batch) (done Batched, _ error) {
		done.Object = doneKey(&b, 7)
		done.Counts[runner.OK] = b.Last - b.First + 1
		if b.Try < 3 {
			done.Counts[runner.OK], done.Counts[runner.Pending] = 10*int64(b.Try), b.Last-b.First+1-10*int64(b.Try)
		}
		return done, nil
	}}
	env := simulated(c)
	env.ExecuteWorkflow(RunWorkflow, simulatedRun(150))
	if c.end.State != Done || c.end.Counts != [5]int64{runner.OK: 150} {
		t.Errorf("got %+v", c.end)
	}
	n := slices.IndexFunc(c.batches, func(b Batch) bool { return b.Number == 1 && b.Try == 3 })
	if n < 0 || c.batches[n].After != "done/00000001/0002-000007" || c.batches[n].First != 101 || c.batches[n].Last != 150 {
		t.Errorf("got %+v", c.batches)
	}
}
