// Package runner carries out a plan: it sends the request of each task at a
// pace, tries again what is worth it, settles what is in doubt, and says how
// each task ended. It works on any Directory, with or without a Journal, and
// knows neither SQL nor the AWS SDK.
//
// # Running tasks
//
// Call Run with a Directory, a sequence of tasks and Options, whose zero value
// works; it calls emit with each Result from its own goroutine. The examples have
// a Directory in memory. One of a user pool is in runner/cognito, and a plan and a
// journal on disk in runner/runfile; cmd/bulk puts all of it together.
//
// # A Directory of one's own
//
// Do is one request, and its error an *Error, whose Class is all that the runner
// goes by: UserFault fails the task, Throttled slows the lane, InDoubt has the
// request settled. With Look, a Looker, more can be settled. The package
// runnertest has a suite that holds a Directory to this contract.
//
// # Stopping and going on
//
// Once ctx is done no task is begun, and those in flight have Options.Grace to
// end. Tasks that were not done are handed to the next Run, with what was recorded
// of them: Task.Done, Task.Doubt, Task.Made. A Journal is what records it.
//
// # Inside
//
// A task is a list of steps (step.go; each has a
// file of its own), of which one at a time is done (steps.go, work.go); it waits
// in the lane of its quota category (lane.go, governor.go) for its turn. The
// engine moves tasks along (engine.go, collect.go); answer.go says what an
// answer means for its step, breaker.go what many mean together, and settle.go
// what a look means for a step in doubt.
//
// Invariants: a task has one outcome, which is its action's; no step is done
// that has ended; nothing is sent whose intent is not in the Journal; a request
// that sends a message is sent again only where it never left, or where two
// looks have shown that it was not carried out.
package runner

import (
	"context"
	"time"

	"cogpass/jobs"
)

// Task is one action on one user, with its password at hand.
type Task struct {
	Seq            int64 // place in the plan
	Username       string
	Action         jobs.Action
	Password       jobs.Secret       // of a set action; zero where it is Generated
	Generated      bool              // Options.Generate makes Password, and it is handed over
	Recipe         string            // what it is made of: whatever Options.Generate knows
	Version        string            // names Password where it is Generated: a UUID, filled in by Run
	ClientMetadata map[string]string // of a Reset; not changed
	Source         string            // file:line, for the report
	Skip           string            // if not empty, the action is not sent and the task ends as Skipped for this reason; with SignOutAlways, after that
	Fail           string            // the same, as Failed

	// The steps beside the action, as in a jobs.Task.
	Create  *jobs.Creation
	Enable  bool
	Recheck bool
	SignOut jobs.SignOutRule
	Check   bool         // a sign-in with the password follows the action
	Before  *jobs.User   // what the user looked like when the task was planned; nil: not known
	Done    []StepResult // steps that earlier runs have ended, the action among them; they are not done again
	Step    Step         // whose request Directory.Do is to send; Act, the zero value, is the action's

	Attempts, Throttled int       // made at the action in earlier runs
	StartedAt           time.Time // of the first attempt at it made earlier; zero where there is none
	Made                []Made    // passwords that earlier runs have generated for it, in their order
	// Doubt is the attempt that an earlier run left in doubt, or nil. Where it
	// is of a step before whose turn others would come that are not Done, all
	// of these are in doubt with it.
	Doubt *Intent
}

// Outcome is how a task ended.
type Outcome uint8

// The outcomes. A task that has not ended is Pending, the zero value.
const (
	Pending Outcome = iota
	OK
	Failed
	Skipped
	Unknown // a request left, no answer came, and looking did not settle it
)

// Result is a task's outcome and how it came to it.
type Result struct {
	Seq                 int64
	Username            string
	Sub                 string // where it was looked up
	Action              jobs.Action
	Outcome             Outcome
	Attempts, Throttled int    // requests made for the action; how many of them were throttled; none where the creation has carried it
	Code                string // AWS's error code, of the last attempt, where that was answered with one
	Reason              string // one line; what made it fail, be skipped or stay unknown
	RequestID           string // of the last attempt that was answered
	StartedAt           time.Time
	FinishedAt          time.Time
	Latency             time.Duration // of the last attempt's answer
	Version             string        // of the password that the user has, where that was generated and the outcome is OK
	ExpiresAt           time.Time     // of a temporary password; zero, and not known, as Run emits it
	StatusBefore        Status        // as Task.Before has it, or a look before the action
	Source              string        // file:line
	Beside              []StepResult  // how the task's steps beside the action ended, in their order; a look, or a step that was not begun, is not there
}

// Directory is what a run acts on: a user pool, or another store of users.
// Do is one request, that of the task's Step; it does not wait, retry or
// log. It is called from many goroutines. Its error should be an *Error; any
// other is taken as InDoubt.
type Directory interface {
	Do(ctx context.Context, t Task) (Answer, error)
}

// Looker is a Directory that can also be looked at. Without it, whatever is in
// doubt and may not simply be repeated ends as Unknown.
type Looker interface {
	// Look is one request; its error is as that of Directory.Do. Where it
	// finds no user, or several, its Sight is not Found.
	Look(ctx context.Context, username string) (Sight, error)
}

// Answer is what comes back of a request.
type Answer struct {
	RequestID string
	Date      time.Time // the server's clock, in whole seconds; zero where it did not say
	Note      string    // what is to be said of a success all the same, in one line without secrets; the step's reason
}

// Sight is what a look at a user showed. It counts as one of the user whose
// name was asked for only if that is, but for case, its Username, Sub or Alias.
type Sight struct {
	Answer
	Found    bool
	Username string // the directory's own name for the user
	Sub      string
	Alias    string // the user's e-mail address, phone number or such, where the look was by that
	Status   Status
	Modified time.Time // by the server's clock; zero, or 1970, where it did not say
	Enabled  bool      // the user may sign in; false where KnowsEnabled is
	// KnowsEnabled: the directory did say whether the user is enabled.
	KnowsEnabled bool

	// User is all that was shown; nil where the directory shows no more than
	// the above, or the user was not found.
	User *jobs.User

	secret jobs.Secret // that a Fetcher has returned
}

// Status is a user's state in the directory.
type Status = jobs.Status

// The states that a Sight can have.
const (
	Confirmed           = jobs.Confirmed
	ResetRequired       = jobs.ResetRequired
	ForceChangePassword = jobs.ForceChangePassword
	ExternalProvider    = jobs.ExternalProvider
)

// Journal remembers which attempts were sent, so that a run outlives its
// process. An engine that spreads a run over machines implements it too.
type Journal interface {
	// Begin records attempts that are about to be sent, and returns when a
	// crash cannot lose them. If it fails, none of them is sent and the run
	// stops. Of an attempt with a Version it also records that, with the
	// password where it is the journal that hands it over, sealed; and, unless the
	// Step is Prepare, that it is Tried. None is forgotten before a task's
	// Result says which it was. It is called from one goroutine at a time. Its ctx is done when
	// the grace after a stop is over: it gives up then, with ctx's error. Run
	// waits for it, and sends nothing for which it did not return nil.
	Begin(ctx context.Context, attempts []Intent) error

	// End records that an attempt was answered and did not change anything,
	// so that it is no longer in doubt; its task will be tried again. What
	// i.Made says of the task's passwords holds from then on. It
	// need not be durable at once. It is called from Run's own goroutine, and
	// gives up as Begin does.
	End(ctx context.Context, i Intent) error

	// Ended records how a step ended of a task that has another step to come,
	// so that a run that goes on later does not repeat it. Its attempt is no
	// longer in doubt. It is durable with the next Begin that returns nil;
	// until then, the step's intent stands for it. It is called from Run's own
	// goroutine, and gives up as Begin does.
	Ended(ctx context.Context, seq int64, r StepResult) error
}
