package runner

import "fmt"

// Class says what an error means for the task and for the run.
type Class uint8

// The classes of an Error. The zero value is InDoubt: of an error that nobody
// has classified, nothing is known but that a request may have left.
const (
	InDoubt       Class = iota // the request may have been carried out: settled by looking
	Throttled                  // slows the run; the task is tried again and not charged for it
	Transient                  // not carried out: tried again after a backoff
	UserFault                  // the task fails
	PasswordFault              // the password was refused: the task fails
	HistoryFault               // the password is one the user had before: the task fails, unless an attempt with it is in doubt
	LambdaFault                // a trigger failed: tried once more; many in a row stop the run
	Budget                     // a quota of messages is used up: stops the run
	Fatal                      // nothing will work: stops the run
)

// Error is a request that was not answered with success.
type Error struct {
	Class   Class
	Code    string // AWS's error code, such as "UserNotFoundException"; may be empty
	Message string // one line, without secrets
	Answer  Answer // zero where there was no answer
	Err     error  // the cause; may be nil
}

func (e *Error) Error() string {
	if e.Code == "" {
		return e.Message
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Message)
}

func (e *Error) Unwrap() error { return e.Err }
