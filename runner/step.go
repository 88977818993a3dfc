package runner

import (
	"context"
	"fmt"
	"slices"
	"time"

	"cogpass/jobs"
)

// Step is one request of a task. A task is a short list of steps; each has a
// lane, an intent and a way of settling doubt of its own.
type Step uint8

// The steps. Their numbers stand in run files: a new one is added at the end.
const (
	Act      Step = iota // the request of the task's action
	Look                 // a look at the user, which changes nothing and so has no intent
	Create               // making a user that is missing, before the action
	Enable               // enabling a disabled user, before the action
	SignOut              // ending all of the user's sessions, after the action
	Recheck              // a look just before the action, which may leave the task out
	Prepare              // handing a generated password over, before a request that sets it
	Conclude             // saying which password it is, after the action
	Check                // a sign-in with the new password, after the action
	Fetch                // asking the store for a password that an earlier run has prepared; it changes nothing
	Probe                // a sign-in on behalf of an action in doubt; it changes nothing
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
	Version             string // of an Act that is OK: of the password that it has set, where that was generated
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

	// Of a step whose request carries a generated password, its version and
	// itself; and what is known of all that were made for the task.
	Version  string
	Password jobs.Secret
	Username string
	Made     []Made
}

// A kind is all that the engine knows of a step: another step is one more
// entry in kinds and in order, and the methods that it names.
type kind struct {
	category func(*jobs.ActionSpec) jobs.Category // whose lane its requests take
	wanted   func(*work) bool                     // it is to be done, is not done yet, and may be done now
	intent   bool                                 // it may change something: the journal has to have it first
	message  func(*work) bool                     // it sends an e-mail, of which Options.Budget knows; nil: never
	send     func(*engine, context.Context, Task) (Sight, error)
	answered func(*engine, answer, *Error) // error is nil where it was carried out

	doubt func(*jobs.ActionSpec) jobs.DoubtRule  // what to do about a request that got no answer
	seen  func(*engine, *work, Sight, time.Time) // what a look means for one in doubt; nil: looks do not tell
	ended func(*work, StepResult)                // takes down how it ended, of a task that may go on
}

// kinds returns the table of steps. Passwords are handed over in the lane of a
// category of its own.
func kinds(handoff jobs.Category) []kind {
	return []kind{
		Act: {
			category: func(a *jobs.ActionSpec) jobs.Category { return a.Category },
			wanted:   func(w *work) bool { return w.acted == nil },
			intent:   true,
			message:  func(w *work) bool { return w.spec.Message },
			send:     doing(Act),
			answered: (*engine).attempted,
			doubt:    func(a *jobs.ActionSpec) jobs.DoubtRule { return a.Doubt },
			seen:     (*engine).seenActed,
			ended:    func(w *work, r StepResult) { w.acted = &r },
		},
		Look: {
			category: func(*jobs.ActionSpec) jobs.Category { return jobs.UserList },
			send: func(e *engine, ctx context.Context, t Task) (Sight, error) {
				return e.looker.Look(ctx, t.Username)
			},
			answered: (*engine).looked,
		},
		Create:  creation,
		Enable:  enabling,
		SignOut: signingOut,
		Recheck: rechecking,

		Prepare:  handing(handoff),
		Conclude: concluding(handoff),
		Check:    checking,
		Fetch:    fetching(handoff),
		Probe:    probing,
	}
}

// doing returns what sends a step's request through Directory.Do.
func doing(step Step) func(*engine, context.Context, Task) (Sight, error) {
	return func(e *engine, ctx context.Context, t Task) (s Sight, err error) {
		t.Step = step
		s.Answer, err = e.dir.Do(ctx, t)
		return s, err
	}
}

// check returns why a task cannot be carried out at all: it was planned by a
// program that knows more than this one, or needs what the run lacks.
func (e *engine) check(t *Task) error {
	if !t.Action.Known() {
		return fmt.Errorf("task %d: there is no action with number %d", t.Seq, uint8(t.Action))
	}
	for _, r := range t.Done {
		if int(r.Step) >= len(e.kinds) {
			return fmt.Errorf("task %d: there is no step with number %d that could have ended", t.Seq, uint8(r.Step))
		}
	}
	if d := t.Doubt; d != nil {
		if int(d.Step) >= len(e.kinds) || !e.kinds[d.Step].intent || d.Step == Create && t.Create == nil ||
			slices.Index(order[:], d.Step) > slices.Index(order[:], Act) && t.Fail == "" && t.Skip == "" && !slices.ContainsFunc(t.Done, func(r StepResult) bool { return r.Step == Act }) {
			return fmt.Errorf("task %d: there is no step with number %d that could be in doubt", t.Seq, uint8(d.Step))
		}
	}
	if t.Generated && e.opt.Generate == nil || (t.Generated || t.Check) && !t.Action.Sets() {
		return fmt.Errorf("task %d: there is no way to make its password", t.Seq)
	}
	if t.Recheck && (e.opt.Recheck == nil || e.looker == nil) {
		return fmt.Errorf("task %d: its user is to be looked at before the action, and there is no way to do that", t.Seq)
	}
	return nil
}
