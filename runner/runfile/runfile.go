// Package runfile holds a run in one SQLite database: its plan, one row a
// task, the attempts that were sent and how each task ended. It is all that a
// run needs to go on, and all that a report is made from.
//
// Begin with Create and Draft, which make a file, and Open and File, which
// carry it out. A commit is made by writer (writer.go) from the SQL of
// commit.go; reader (reader.go) reads a block of tasks at a time; whole.go
// says whether a file is all that it was.
//
// Invariants: what Begin or Flush returned for outlives the process and the
// machine's power; a task has one outcome; no password is stored, only where
// to read it; what is read back is checked against sums written with it, so
// that a damaged file is an error and never another task; a file that has lost
// a commit is not carried out.
package runfile

import (
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

// Plan is the head of a plan. Create takes the upper part; the rest is filled
// in as the plan is committed. Its JSON form stands in the run file.
type Plan struct {
	Name        string        `json:"name"` // of the job
	UserPoolID  string        `json:"user_pool_id"`
	Region      string        `json:"region"`
	JobPath     string        `json:"job_path"` // the job file, as the user named it
	JobDir      string        `json:"job_dir"`  // the folder its relative paths start from
	JobDigest   string        `json:"job_digest"`
	ToolVersion string        `json:"tool_version"`
	CreatedAt   time.Time     `json:"created_at"` // kept in milliseconds, as all times here
	AskedRate   float64       `json:"-"`          // requests a second; +Inf for as fast as answers come
	Concurrency int           `json:"concurrency"`
	Attempts    int           `json:"attempts"`
	MaxDelay    time.Duration `json:"max_delay"`
	Timeout     time.Duration `json:"timeout"`
	Outage      time.Duration `json:"outage"`
	Report      []string      `json:"reports"`
	Salt        []byte        `json:"salt"`

	Rates          map[jobs.Category]float64 `json:"-"`                // of other categories, a second, where the job gives one; may be +Inf
	Canary         int                       `json:"canary,omitempty"` // stop after so many; 0 is no limit
	MaxFailures    jobs.MaxFailures          `json:"max_failures,omitzero"`
	Messages       int                       `json:"messages,omitempty"`        // e-mails a day; 0 is no limit
	WantAccount    string                    `json:"account,omitempty"`         // the only AWS account that it may run in; empty is any
	Credentials    jobs.Credentials          `json:"credentials,omitzero"`      // whose it says that they are
	Handoff        jobs.Handoff              `json:"handoff,omitzero"`          // of generated passwords; what it names is resolved
	PasswordPolicy *jobs.Policy              `json:"password_policy,omitempty"` // what the job says that the pool asks of passwords
	Check          *jobs.Check               `json:"check,omitempty"`           // how a new permanent password is tried
	Where          jobs.Conditions           `json:"where,omitzero"`            // what a user has to be like where it is looked at again

	// LastDoneBefore is the job's, by which some users are left out already; zero: none.
	LastDoneBefore time.Time `json:"last_done_before,omitzero"`

	RunID      string                `json:"run_id"` // random; copies of a file share it
	PlanDigest string                `json:"digest"` // of what the plan does, see Draft
	Tasks      int64                 `json:"tasks"`  // skipped ones too
	Counts     map[jobs.Action]int64 `json:"counts"` // tasks that are not skipped
	Skipped    int64                 `json:"skipped"`
	Skips      map[string]int64      `json:"skips,omitempty"`      // skipped tasks by reason; "" is any beyond the first 100
	Impossible map[string]int64      `json:"impossible,omitempty"` // tasks of Counts that fail without a request, likewise
	Steps      map[runner.Step]int64 `json:"steps,omitempty"`      // tasks that have the step beside the action
	Invites    int64                 `json:"invites,omitempty"`    // those whose creation sends an invitation
	Sources    []jobs.Source         `json:"sources"`

	Readers []string `json:"readers,omitempty"` // who may read sealed passwords, as sealed.ParseRecipients takes them
}

// Info describes a run: its plan, and how far it is.
type Info struct {
	Plan

	PoolName, Account, Actor string // see SetIdentity
	TemporaryDays            int    // that temporary passwords are good; 0 is not known
	Approvals                []Approval
	State                    State
	Reason                   string // why it is in this state; may be empty
	StartedAt                time.Time
	FinishedAt               time.Time // zero while it runs
}

// Approval is somebody's word that a plan may be carried out. See File.Approve.
type Approval struct {
	Who    string
	Digest string // of the plan that was approved
	At     time.Time
}

// State is how far a run is.
type State uint8

// The states. A file whose state is Running and that nobody holds (see
// Holder) was left by a process that died.
const (
	Planned     State = iota
	Running           // some process carries it out
	Done              // every task has an outcome
	Stopped           // by a limit or a fatal error, which Reason tells; it can go on
	Interrupted       // by its user; it can go on
)

var stateNames = [...]string{"planned", "running", "done", "stopped", "interrupted"}

// String returns the state's name.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown"
}

// Row is a task that is to be done, and what happened to it so far.
type Row struct {
	jobs.Task // its maps are shared between rows; Place.File is set; Before has no Names and no Attributes

	Outcome             runner.Outcome      // Pending, or that of a task that a retry takes up again
	Attempts, Throttled int                 // of the action
	StartedAt           time.Time           // of its first attempt; zero where there is none
	Done                []runner.StepResult // steps that have ended and are not to be done again, in their order; that of the action among them
	Made                []runner.Made       // passwords that were generated for it, in their order
	Doubt               *runner.Intent      // the attempt that left and was not answered, or may have (see OpenOptions.LookFirst)
}

// Counts says how far a run is.
type Counts struct {
	Tasks     int64
	ByOutcome map[runner.Outcome]int64
	ByAction  map[jobs.Action]map[runner.Outcome]int64
	InDoubt   int64                                    // pending tasks with an attempt that was not answered, or not yet
	Requests  int64                                    // attempts begun, of all tasks and steps
	Throttled int64                                    // how many of them were throttled
	Beside    int64                                    // tasks that are ok or skipped and have a step beside the action that failed or is unknown
	Steps     map[runner.Step]map[runner.Outcome]int64 // steps beside the action that have ended, of all tasks
}

// Control is what another process asks of a run that is going on.
type Control struct {
	Rate      float64 // requests a second, +Inf for max; 0 is the plan's own
	Paused    bool
	ChangedAt time.Time // zero where it never was
}
