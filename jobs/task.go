package jobs

import (
	"fmt"
	"time"
)

// Place is where something stands in a file. Line and Column count from 1,
// Column in characters; 0 is not known.
type Place struct {
	File         string // as the user named it; "-" is standard input
	Line, Column int
}

// String returns file:line:column, as far as known.
func (p Place) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Task is one action on one user, as the job asks for it.
type Task struct {
	Seq            int64 // place in the plan, from 1
	Username       string
	Action         Action
	Password       PasswordRef
	ClientMetadata map[string]string // shared between tasks: do not change it
	Place          Place             // where the user is named

	// What was decided about the task when it was planned. One of Skip and Fail
	// is set at most; with either, its action is not sent.
	Skip string // why it is left out: reported as skipped
	Fail string // why it cannot succeed: reported as failed

	// The steps beside the action. As All yields a task, Create and Enable say
	// what to do if the user is missing, or disabled; after Judge, that it is.
	Create  *Creation // the user is missing, and made first; nil: not
	Enable  bool      // the user is disabled, and enabled first
	Recheck bool      // the user is looked at just before the action, and left out where the job's where has ceased to hold
	SignOut SignOutRule
	Check   bool // a sign-in with the new password follows the action

	LastDone time.Time // when the action was ok last for the user, where Needs asks for it; zero: never

	Before *User // what the user looked like then; nil: nobody looked, or there was none
	Source int   // index in Tasks.Sources; 0 for a user of the job file itself
}

// PasswordKind says what a PasswordRef points to.
type PasswordKind uint8

// The kinds of PasswordRef. None is the zero value. Their numbers stand in run files.
const (
	NoPassword        PasswordKind = iota
	LiteralPassword                // a scalar of the job file: Line and Column
	EnvPassword                    // an environment variable: Name
	FilePassword                   // the whole of a file, less one line end: Name, relative to the job file
	RowPassword                    // the password field of the task's own row: Task.Source and Task.Place
	GeneratedPassword              // none yet: it is made when it is needed, as the Recipe whose text is Name says
)

// PasswordRef says where to read a task's password when it is needed. It holds no
// secret, is comparable, and may be stored.
type PasswordRef struct {
	Kind         PasswordKind
	Name         string
	Line, Column int
	Mark         uint32 // of Env, File and Row: 1 plus 16 bits of the password's SipHash under Job.Salt; 0 if not known
}
