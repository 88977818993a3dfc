package runfile

import (
	"fmt"
	"slices"
	"time"

	"cogpass/runner"
)

// stepOrder is the order in which a task's steps are done. A step that is not in
// it leaves nothing in a run file.
var stepOrder = [...]runner.Step{runner.Recheck, runner.Prepare, runner.Create, runner.Enable, runner.Act, runner.Conclude,
	runner.SignOut, runner.Check}

func rank(s runner.Step) int { return slices.Index(stepOrder[:], s) }

func known(s runner.Step) bool { return rank(s) >= 0 }

const selectSteps = `SELECT seq, step, outcome, attempts, throttled, code, reason, request_id, started_at, finished_at, latency_us, sum FROM step`

// takeStep reads a row of step, which must match its sum.
func (r *reader) takeStep(e *entry, f fields) error {
	s := runner.StepResult{
		Step:       runner.Step(f.int(1)),
		Outcome:    runner.Outcome(f.int(2)),
		Attempts:   int(f.int(3)),
		Throttled:  int(f.int(4)),
		RequestID:  f.uuid(7),
		StartedAt:  fromMillis(f.int(8)),
		FinishedAt: fromMillis(f.int(9)),
		Latency:    time.Duration(f.int(10)) * time.Microsecond,
	}
	var err error
	if s.Code, err = r.text(f.int(5)); err != nil {
		return err
	}
	if s.Reason, err = r.text(f.int(6)); err != nil {
		return err
	}
	check, b := sumStep(r.encoded, e.task.Seq, &s)
	r.encoded = b
	switch {
	case check != f.int(11):
		e.fault = damaged("how a step of task %d ended does not match its sum", f.int(0))
	case !known(s.Step):
		e.fault = fmt.Errorf("%w: a step has ended that this version does not know, of task %d", ErrNewer, f.int(0))
	default:
		i := 0
		for i < len(e.steps) && rank(e.steps[i].Step) < rank(s.Step) {
			i++
		}
		e.steps = slices.Insert(e.steps, i, s)
	}
	return nil
}

// retry says which ended tasks are taken up again, and of these the steps that
// are done again.
type retry struct{ failed, unknown bool }

func (r retry) takes(o runner.Outcome) bool {
	return r.failed && o == runner.Failed || r.unknown && o == runner.Unknown
}

// done returns the steps of a task that are not done again, and whether anything
// is left to do.
func (r retry) done(e *entry) (done []runner.StepResult, wanted bool) {
	if e.result.Outcome == runner.Pending {
		return slices.Clone(e.steps), true
	}
	return r.left(e.acted(), e.result.Beside)
}

// acted is how the action of a task that has an outcome ended.
func (e *entry) acted() runner.StepResult {
	r := &e.result
	return runner.StepResult{Step: runner.Act, Outcome: r.Outcome, Attempts: r.Attempts, Throttled: r.Throttled, Code: r.Code, Reason: r.Reason,
		RequestID: r.RequestID, StartedAt: r.StartedAt, FinishedAt: r.FinishedAt, Latency: r.Latency}
}

// left is done for a task that has an outcome. An action that is done again
// takes along what was to come after it, and the look just before it; a step
// before an action that was not carried out takes the action along.
func (r retry) left(act runner.StepResult, beside []runner.StepResult) (done []runner.StepResult, wanted bool) {
	again := r.takes(act.Outcome)
	for i := range beside {
		before := rank(beside[i].Step) < rank(runner.Act)
		if before && r.takes(beside[i].Outcome) && (act.Outcome == runner.Failed || act.Outcome == runner.Skipped) {
			again = true
		}
	}
	wanted = again
	acted := false
	for i := range beside {
		s := &beside[i]
		if !again && !acted && rank(s.Step) > rank(runner.Act) {
			done, acted = append(done, act), true
		}
		if r.takes(s.Outcome) || again && (s.Step == runner.Recheck || s.Step == runner.Prepare || rank(s.Step) > rank(runner.Act)) {
			wanted = true
			continue
		}
		done = append(done, *s)
	}
	if !again && !acted {
		done = append(done, act)
	}
	return done, wanted
}

// addSteps adds what progress says of steps.
func (c *Counts) addSteps(p *progress) {
	c.Beside = p.beside
	c.Steps = map[runner.Step]map[runner.Outcome]int64{}
	for _, t := range p.steps {
		c.Requests += t.requests
		c.Throttled += t.throttled
		if t.step == runner.Act {
			continue
		}
		if c.Steps[t.step] == nil {
			c.Steps[t.step] = map[runner.Outcome]int64{}
		}
		c.Steps[t.step][t.outcome] += t.steps
	}
}
