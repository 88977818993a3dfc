package runner

import "fmt"

// Class says what an error means for the task and for the run.
type Class uint8

// The classes of an Error. The zero value is InDoubt: of an error that nobody
// has classified, nothing is known but that a request may have left.
const (
	// InDoubt: the request left, and no answer tells what became of it. A
	// timeout, a reset, EOF, a body cut off; for a request that changes
	// something any HTTP 5xx, from whomever. Settled as the action's
	// DoubtRule says; many in a row over all tasks are an outage.
	InDoubt Class = iota

	// Throttled: not carried out, for it was one too many. Slows the lane;
	// the task is tried again and not charged for it.
	Throttled

	// Transient: surely not carried out. Refused, reset before anything was
	// sent, TLS that failed; any HTTP 5xx for a look. Tried again after a
	// backoff; many in a row over all tasks are an outage.
	Transient

	UserFault     // the user, or the request for it, is not as it should be: the task fails
	PasswordFault // the password was refused: the task fails
	HistoryFault  // the password is one the user had before: the task fails, unless an attempt with it is in doubt
	LambdaFault   // a trigger failed: tried once more; many in a row stop the run

	// Budget: a quota of messages is used up, or the role that sends them is
	// broken. LimitExceededException for the daily e-mail limit,
	// InvalidSmsRole*, InvalidEmailRole*. Stops the run.
	Budget

	// Fatal: nothing will work. No credentials or permission, no such pool,
	// an answer that is not Cognito's (a redirect, HTML with a 4xx). Stops the
	// run at once.
	Fatal

	// UserLimit: a limit of this user's is used up. LimitExceededException of
	// any other text. The task fails; many in a row stop the run.
	UserLimit

	// Host: surely not sent, for want of something on this machine. Too many
	// open files, no memory, no route, a name that does not resolve. Tried
	// again and never charged to a task; many in a row are an outage. Where
	// Err is EMFILE, ENFILE, ENOMEM or ENOBUFS (errors.Is), fewer requests
	// are kept in flight from then on.
	Host

	// Unreadable: answered with success, in a form that cannot be read. In
	// doubt as InDoubt is, but no sign of an outage.
	Unreadable

	// Exists: the user that was to be made is there already. For any other
	// step than Create it is what UserFault is.
	Exists

	// Undelivered: carried out, as far as is known, but the message that goes
	// with it was not delivered. Of a creation, a look tells whether there is
	// a user; for any other step it is what UserFault is.
	Undelivered

	// Hung: a hand-off's program did not end in time, and was killed; what it was to
	// do may be done. Tried once more, as that does no harm; no sign of an outage.
	// Where it ends for nobody, the run stops.
	Hung
)

// Error is a request that was not answered with success.
type Error struct {
	Class   Class
	Code    string // AWS's error code, such as "UserNotFoundException"; may be empty
	Message string // one line, without secrets
	Answer  Answer // zero where there was no answer
	Err     error  // the cause; may be nil

	// Unproven: it was said by somebody in between, or does not tell by whom.
	// The request may have been carried out all the same, so that its task is
	// in doubt, whatever else the class means.
	Unproven bool
}

func (e *Error) Error() string {
	if e.Code == "" {
		return e.Message
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Message)
}

func (e *Error) Unwrap() error { return e.Err }
