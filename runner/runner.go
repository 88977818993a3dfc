// Package runner carries out a plan: it sends the request of each task at a
// pace, tries again what is worth it, settles what is in doubt, and says how
// each task ended. It works on any Directory, with or without a Journal, and
// knows neither SQL nor the AWS SDK.
//
// Invariants: a task has one outcome; nothing is sent whose intent is not in
// the Journal; a Reset in doubt is sent again only after two looks have shown
// that it did not happen.
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
	Password       jobs.Secret       // of a set action
	ClientMetadata map[string]string // of a Reset; not changed
	Source         string            // file:line, for the report
	Skip           string            // if not empty, the task is not sent and ends as Skipped for this reason

	Attempts, Throttled int       // made in earlier runs of the task
	StartedAt           time.Time // of the first attempt made earlier; zero where there is none
	Doubt               *Intent   // the attempt an earlier run left in doubt
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
	Attempts, Throttled int    // requests made; how many of them were throttled
	Code                string // AWS's error code, of the last attempt that failed
	Reason              string // one line; what made it fail, be skipped or stay unknown
	RequestID           string // of the last attempt that was answered
	StartedAt           time.Time
	FinishedAt          time.Time
	Latency             time.Duration // of the last attempt's answer
	StatusBefore        Status        // where it was looked up
	Source              string        // file:line
}

// Directory is what a run acts on: a user pool, or another store of users.
// Do is one request; it does not wait, retry or log. It is called from many
// goroutines. Its error should be an *Error; any other is taken as InDoubt.
type Directory interface {
	Do(ctx context.Context, t Task) (Answer, error)
}

// Looker is a Directory that can also be looked at. Without it, a reset in
// doubt, and a set in doubt for a minute, ends as Unknown.
type Looker interface {
	// Look is one request; its error is as that of Directory.Do.
	Look(ctx context.Context, username string) (Sight, error)
}

// Answer is what comes back of a request.
type Answer struct {
	RequestID string
	Date      time.Time // the server's clock, in whole seconds; zero where it did not say
}

// Sight is what a look at a user showed.
type Sight struct {
	Answer
	Found    bool
	Username string // the directory's own name for the user
	Sub      string
	Status   Status
	Enabled  bool
	Modified time.Time // by the server's clock
}

// Status is a user's state in the directory.
type Status = jobs.Status

// The states that decide what became of a request in doubt.
const (
	Confirmed           = jobs.Confirmed
	ResetRequired       = jobs.ResetRequired
	ForceChangePassword = jobs.ForceChangePassword
	ExternalProvider    = jobs.ExternalProvider
)

// Step is one request of a task. A task is a short list of steps; each has a
// lane, an intent and a way of settling doubt of its own.
type Step uint8

// The steps. Their numbers stand in run files.
const (
	Act  Step = iota // the request of the task's action
	Look             // a look at the user, which changes nothing and so has no intent
)

// Intent is an attempt that is about to be sent.
type Intent struct {
	Seq       int64
	Step      Step          // of the task
	Attempts  int           // the step's attempts, this one among them
	Throttled int           // the step's throttled attempts before this one
	StartedAt time.Time     // of the step's first attempt
	Began     time.Time     // of this attempt, by the server's clock as far as it is known
	Slack     time.Duration // how far Began may be off, either way
}

// Journal remembers which attempts were sent, so that a run outlives its
// process. An engine that spreads a run over machines implements it too.
type Journal interface {
	// Begin records attempts that are about to be sent, and returns when a
	// crash cannot lose them. If it fails, none of them is sent and the run
	// stops. It is called from one goroutine at a time. It gives up, with
	// ctx's error, once ctx is done: nothing of what it did not return nil for
	// is sent.
	Begin(ctx context.Context, attempts []Intent) error

	// End records that an attempt was answered and did not change anything,
	// so that it is no longer in doubt; its task will be tried again. It
	// need not be durable at once. It is called from Run's own goroutine.
	End(ctx context.Context, i Intent) error
}
