package bulk

import (
	"fmt"
	"iter"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/runfile"
)

// Reached is the error of a run that a limit of its job has stopped. It can go
// on.
type Reached struct {
	Limit string // the key of limits: "canary", "maxFailures" or "messages"
	Err   error
	Again time.Time // when it may go on; zero is at any time
}

func (r *Reached) Error() string { return r.Err.Error() }
func (r *Reached) Unwrap() error { return r.Err }

// acted is how many tasks have ended that were acted on.
func acted(c *runfile.Counts) int64 {
	return c.ByOutcome[runner.OK] + c.ByOutcome[failed] + c.ByOutcome[unknown]
}

// canaryLeft returns how many tasks the canary still lets through; -1 is all.
// It is over once the run was stopped by it and is taken up again.
func (p *Plan) canaryLeft(before *runfile.Counts) int64 {
	canary, done := int64(p.Info.Canary), acted(before)
	switch {
	case canary == 0 || p.opt.RetryFailed || p.opt.RetryUnknown || done > canary:
		return -1
	case done == canary && p.Info.State != runfile.Running: // nor was it killed before it could stop
		return -1
	}
	return canary - done
}

// A canary lets the first tasks through that are acted on, and no more.
type canary struct {
	left    int64 // -1 is all
	reached bool  // there was one more
}

func (c *canary) cut(tasks iter.Seq2[runner.Task, error]) iter.Seq2[runner.Task, error] {
	if c.left < 0 {
		return tasks
	}
	return func(yield func(runner.Task, error) bool) {
		for task, err := range tasks {
			if err == nil && task.Skip == "" {
				if c.left == 0 {
					c.reached = true
					return
				}
				c.left--
			}
			if !yield(task, err) || err != nil {
				return
			}
		}
	}
}

// failures counts what fails since the run was taken up.
type failures struct{ failed, done int64 }

// add counts a result, and returns a *Reached where more have failed than may.
func (f *failures) add(r *runner.Result, most jobs.MaxFailures) error {
	if r.Outcome == skipped {
		return nil
	}
	f.done++
	if r.Outcome == failed || r.Outcome == unknown {
		f.failed++
	}
	if !most.Exceeded(f.failed, f.done) {
		return nil
	}
	return &Reached{Limit: "maxFailures", Err: fmt.Errorf("%d of %d have failed, and maxFailures is %s", f.failed, f.done, most)}
}
