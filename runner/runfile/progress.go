package runfile

import (
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"

	"cogpass/jobs"
	"cogpass/runner"
)

// progress is what each commit changes in the row of run.
type progress struct {
	commits   int64 // made so far: what tells an older state from a newer one
	lookFirst int64 // when the file was last taken up though it was not whole, in milliseconds; 0 is never
	tallies   []tally
	steps     []stepTally
	beside    int64 // tasks that are ok or skipped and have a step beside the action that is neither
}

// tally counts the tasks of one action with one outcome, and their requests.
type tally struct {
	action                     jobs.Action
	outcome                    runner.Outcome
	tasks, requests, throttled int64
}

// MarshalJSON is a list of five numbers.
func (t tally) MarshalJSON() ([]byte, error) {
	return json.Marshal([5]int64{int64(t.action), int64(t.outcome), t.tasks, t.requests, t.throttled})
}

// UnmarshalJSON is the inverse.
func (t *tally) UnmarshalJSON(b []byte) error {
	var n [5]int64
	if err := json.Unmarshal(b, &n); err != nil {
		return err
	}
	*t = tally{jobs.Action(n[0]), runner.Outcome(n[1]), n[2], n[3], n[4]}
	return nil
}

// add counts more tasks of a kind, or with negative numbers fewer.
func (p *progress) add(t tally) {
	for i := range p.tallies {
		have := &p.tallies[i]
		if have.action == t.action && have.outcome == t.outcome {
			have.tasks += t.tasks
			have.requests += t.requests
			have.throttled += t.throttled
			return
		}
	}
	p.tallies = append(p.tallies, t)
}

// stepTally counts the steps of a kind that have ended with one outcome, and
// their requests. The action's own are among them while their task goes on.
type stepTally struct {
	step                       runner.Step
	outcome                    runner.Outcome
	steps, requests, throttled int64
}

// MarshalJSON is a list of five numbers.
func (t stepTally) MarshalJSON() ([]byte, error) {
	return json.Marshal([5]int64{int64(t.step), int64(t.outcome), t.steps, t.requests, t.throttled})
}

// UnmarshalJSON is the inverse.
func (t *stepTally) UnmarshalJSON(b []byte) error {
	var n [5]int64
	if err := json.Unmarshal(b, &n); err != nil {
		return err
	}
	*t = stepTally{runner.Step(n[0]), runner.Outcome(n[1]), n[2], n[3], n[4]}
	return nil
}

// addStep counts more steps of a kind, or with negative numbers fewer.
func (p *progress) addStep(t stepTally) {
	for i := range p.steps {
		have := &p.steps[i]
		if have.step == t.step && have.outcome == t.outcome {
			have.steps += t.steps
			have.requests += t.requests
			have.throttled += t.throttled
			return
		}
	}
	p.steps = append(p.steps, t)
}

// columns returns the row's commits, look_first, counts, steps, beside and sum.
func (p *progress) columns() ([]any, error) {
	counts, err := json.Marshal(p.tallies)
	if err != nil {
		return nil, err
	}
	steps := []byte("[]")
	if p.steps != nil {
		if steps, err = json.Marshal(p.steps); err != nil {
			return nil, err
		}
	}
	return []any{p.commits, p.lookFirst, string(counts), string(steps), p.beside, sumProgress(p, counts, steps)}, nil
}

func sumProgress(p *progress, counts, steps []byte) int64 {
	b := append(counts[:len(counts):len(counts)], steps...)
	for _, n := range [...]int64{p.commits, p.lookFirst, p.beside} {
		b = binary.AppendVarint(b, n)
	}
	return sum(b)
}

const selectProgress = "SELECT commits, look_first, counts, steps, beside, sum FROM run"

func readProgress(row *sql.Row) (progress, error) {
	var p progress
	var counts, steps []byte
	var written int64
	err := row.Scan(&p.commits, &p.lookFirst, &counts, &steps, &p.beside, &written)
	if errors.Is(err, sql.ErrNoRows) {
		return p, damaged("it does not say how far its run is")
	}
	if err != nil {
		return p, err
	}
	if sumProgress(&p, counts, steps) != written {
		return p, damaged("how far its run is does not match its sum")
	}
	if err := join(json.Unmarshal(counts, &p.tallies), json.Unmarshal(steps, &p.steps)); err != nil {
		return p, damaged("how far its run is: %v", err)
	}
	for _, t := range p.tallies {
		if !t.action.Known() {
			return p, unknownAction(t.action)
		}
		if t.outcome > runner.Unknown {
			return p, damaged("it counts tasks of %v", t.outcome)
		}
	}
	return p, nil
}
