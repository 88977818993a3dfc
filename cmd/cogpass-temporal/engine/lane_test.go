package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"go.temporal.io/sdk/testsuite"

	"cogpass/jobs"
	"cogpass/runner"
)

// A tenant is a run as a lane knows it.
type tenant struct {
	run   string
	using float64 // the share that it may be using
	told  float64
	pace  float64
	gone  bool // it was terminated, and says nothing any more
}

// lanes is an environment with a lane and its tenants.
func lanes(tenants map[string]*tenant, seen func()) *testsuite.TestWorkflowEnvironment {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(5 * time.Minute)
	env.SetWorkerOptions(patient)
	env.RegisterWorkflow(LaneWorkflow)
	env.OnSignalExternalWorkflow(mock.Anything, mock.Anything, mock.Anything, ShareSignal, mock.Anything).Return(
		func(_, workflow, _, _ string, arg any) error {
			s := arg.(Share)
			who := tenants[workflow]
			if who == nil || who.gone {
				return fmt.Errorf("no such workflow")
			}
			who.told, who.pace = s.Share, s.Rate
			who.using = max(who.using, s.Share)
			seen()
			return nil
		})
	return env
}

// Whatever runs come, go, are slow to give up what they had, or die: what they may be using
// never comes to more than the lane, and in the end each has its fair part.
func TestLaneNeverGivesMoreThanAll(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		dice := rand.New(rand.NewPCG(seed, 0))
		tenants := map[string]*tenant{}
		check := func() {
			used := 0.0
			for _, who := range tenants {
				if !who.gone {
					used += who.using
				}
			}
			if used > 1+1e-6 {
				t.Errorf("seed %d: %v of the lane is in use", seed, used)
			}
		}
		env := lanes(tenants, check)
		say := func(at time.Duration, word func() *LaneWord) {
			env.RegisterDelayedCallback(func() {
				if w := word(); w != nil {
					env.SignalWorkflow(LaneSignal, *w)
				}
			}, at)
		}
		for n := range 5 {
			id := fmt.Sprintf("run/%d", n)
			who := &tenant{run: id}
			joins := time.Duration(dice.IntN(600)) * time.Second
			ends := joins + time.Duration(60+dice.IntN(3000))*time.Second
			say(joins, func() *LaneWord {
				tenants[id] = who
				return &LaneWord{Workflow: id, Run: id, Say: "join", Rate: float64(10 + n)}
			})
			// It says that it keeps to its share some time after it was told.
			for at := joins + time.Second; at < ends; at += time.Duration(1+dice.IntN(60)) * time.Second {
				say(at, func() *LaneWord {
					if who.using <= who.told {
						return nil
					}
					who.using = who.told
					return &LaneWord{Workflow: id, Run: id, Say: "keep", Share: who.told}
				})
			}
			dies := dice.IntN(3) == 0
			say(ends, func() *LaneWord {
				who.using, who.gone = 0, true
				if dies {
					return nil
				}
				return &LaneWord{Workflow: id, Run: id, Say: "leave"}
			})
		}
		// At the end one run has it all, however the others went.
		last := &tenant{run: "last"}
		say(4000*time.Second, func() *LaneWord {
			tenants["run/last"] = last
			return &LaneWord{Workflow: "run/last", Run: "last", Say: "join", Rate: 30}
		})
		say(5000*time.Second, func() *LaneWord {
			if last.told < 1-1e-6 || last.pace != 30 {
				t.Errorf("seed %d: the last run has %v of %v/s", seed, last.told, last.pace)
			}
			return &LaneWord{Workflow: "run/last", Run: "last", Say: "leave"}
		})
		env.ExecuteWorkflow(LaneWorkflow, Lane{})
		if err := env.GetWorkflowError(); err != nil || !env.IsWorkflowCompleted() {
			t.Errorf("seed %d: got %v", seed, err)
		}
	}
}

// Throttling slows all runs of a lane, once for a burst, and quiet lets them rise again.
func TestThrottlingSlowsAllOfALane(t *testing.T) {
	t.Parallel()
	a, b := &tenant{run: "a"}, &tenant{run: "b"}
	tenants := map[string]*tenant{"run/a": a, "run/b": b}
	env := lanes(tenants, func() {})
	say := func(at time.Duration, w LaneWord) {
		env.RegisterDelayedCallback(func() { env.SignalWorkflow(LaneSignal, w) }, at)
	}
	say(0, LaneWord{Workflow: "run/a", Run: "a", Say: "join", Rate: 30})
	say(time.Second, LaneWord{Workflow: "run/b", Run: "b", Say: "join", Rate: 20})
	say(2*time.Second, LaneWord{Workflow: "run/a", Run: "a", Say: "keep", Share: 0.5})
	say(60*time.Second, LaneWord{Workflow: "run/a", Run: "a", Say: "throttled"})
	say(61*time.Second, LaneWord{Workflow: "run/b", Run: "b", Say: "throttled"})
	env.RegisterDelayedCallback(func() {
		if a.told != 0.5 || b.told != 0.5 || a.pace != 14 || b.pace != 14 {
			t.Errorf("got %+v and %+v, want half of 14/s each", a, b)
		}
	}, 65*time.Second)
	env.RegisterDelayedCallback(func() {
		if a.pace != 20 || b.pace != 20 {
			t.Errorf("after ten quiet minutes: got %v/s and %v/s, want 20/s", a.pace, b.pace)
		}
	}, 11*time.Minute)
	say(12*time.Minute, LaneWord{Workflow: "run/a", Run: "a", Say: "leave"})
	say(12*time.Minute, LaneWord{Workflow: "run/b", Run: "b", Say: "leave"})
	env.ExecuteWorkflow(LaneWorkflow, Lane{})
	if err := env.GetWorkflowError(); err != nil {
		t.Error(err)
	}
}

// A run sends nothing before its lane has given it a part, keeps to less once its batches
// have ended, and leaves.
func TestRunKeepsToItsShare(t *testing.T) {
	t.Parallel()
	c := &crowd{}
	env := simulated(c)
	var said []LaneWord
	var w *Workers
	env.OnActivity(w.TellLane, mock.Anything, mock.Anything, mock.Anything).Return(func(_ context.Context, _ string, word LaneWord) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		said = append(said, word)
		return nil
	})
	run := simulatedRun(2000)
	run.Lane = LaneID("123456789012", "us-west-2", jobs.UserAccountRecovery, "")
	give := func(at time.Duration, share, rate float64) {
		env.RegisterDelayedCallback(func() { env.SignalWorkflow(ShareSignal, Share{run.ID, share, rate}) }, at)
	}
	began := env.Now()
	give(500*time.Second, 1, 40)
	give(525*time.Second, 0.5, 40)
	give(545*time.Second, 0.5, 40) // as one whose word was lost is told again
	env.ExecuteWorkflow(RunWorkflow, run)
	if err := env.GetWorkflowError(); err != nil {
		t.Fatal(err)
	}
	if c.end.State != Done || c.end.Counts[runner.OK] != 2000 || c.end.Joined {
		t.Errorf("got %+v", c.end)
	}
	for i, b := range c.batches {
		switch at := c.at[i].Sub(began); {
		case at < 500*time.Second:
			t.Errorf("batch %d was carried out %s after the beginning, without a share", b.Number, at)
		case b.Rate*4 != 40 && b.Rate*2 != 20:
			t.Errorf("batch %d has the rate %v", b.Number, b.Rate)
		}
	}
	var words []string
	for _, word := range said {
		words = append(words, word.Say)
	}
	if want := []string{"join", "keep", "keep", "leave"}; !slices.Equal(words, want) {
		t.Errorf("it said %v, want %v", words, want)
	}
}
