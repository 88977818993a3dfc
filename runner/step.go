package runner

import (
	"context"
	"fmt"
	"time"

	"cogpass/jobs"
)

// Step is one request of a task. A task is a short list of steps; each has a
// lane, an intent and a way of settling doubt of its own.
type Step uint8

// The steps. Their numbers stand in run files: a new one is added at the end.
const (
	Act     Step = iota // the request of the task's action
	Look                // a look at the user, which changes nothing and so has no intent
	Create              // making a user that is missing, before the action
	Enable              // enabling a disabled user, before the action
	SignOut             // ending all of the user's sessions, after the action
	Recheck             // a look just before the action, which may leave the task out
)

// StepResult is how a step beside the action ended. Its zero value is that of
// a step that has not ended, or that the task does not have.
type StepResult struct {
	Step                Step
	Outcome             Outcome // Pending where it has not ended
	Attempts, Throttled int
	Code, Reason        string
	RequestID           string
	StartedAt           time.Time // of the first attempt
	FinishedAt          time.Time
	Latency             time.Duration
}

// Intent is an attempt that is about to be sent. A task and a step have one at
// most: the last.
type Intent struct {
	Seq       int64
	Step      Step          // of the task
	Attempts  int           // the step's attempts, this one among them
	Throttled int           // the step's throttled attempts before this one
	StartedAt time.Time     // of the step's first attempt
	Began     time.Time     // of this attempt, by the server's clock as far as it is known
	Slack     time.Duration // how far Began may be off, either way
}

// A kind is all that the engine knows of a step: another step is one more
// entry in kinds, and the methods that it names.
type kind struct {
	category func(*jobs.ActionSpec) jobs.Category // whose lane its requests take
	intent   bool                                 // it may change something: the journal has to have it first
	send     func(*engine, context.Context, Task) (Sight, error)
	answered func(*engine, answer, *Error) // error is nil where it was carried out
}

// kinds returns the table of steps.
func kinds() []kind {
	return []kind{
		Act: {
			category: func(a *jobs.ActionSpec) jobs.Category { return a.Category },
			intent:   true,
			send: func(e *engine, ctx context.Context, t Task) (s Sight, err error) {
				s.Answer, err = e.dir.Do(ctx, t)
				return s, err
			},
			answered: (*engine).attempted,
		},
		Look: {
			category: func(*jobs.ActionSpec) jobs.Category { return jobs.UserList },
			send: func(e *engine, ctx context.Context, t Task) (Sight, error) {
				return e.looker.Look(ctx, t.Username)
			},
			answered: (*engine).looked,
		},
	}
}

// check returns why a task cannot be carried out at all: it was planned by a
// program that knows more than this one.
func (e *engine) check(t Task) error {
	if !t.Action.Known() {
		return fmt.Errorf("task %d: there is no action with number %d", t.Seq, uint8(t.Action))
	}
	if d := t.Doubt; d != nil && (int(d.Step) >= len(e.kinds) || !e.kinds[d.Step].intent) {
		return fmt.Errorf("task %d: there is no step with number %d that could be in doubt", t.Seq, uint8(d.Step))
	}
	return nil
}
