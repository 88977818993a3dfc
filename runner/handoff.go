package runner

import (
	"context"

	"cogpass/jobs"
)

// A Handover is one password on its way to its readers.
type Handover struct {
	Seq      int64 // of the task
	Username string
	Version  string      // names the password: a UUID in lower case, the task's Task.Version
	Password jobs.Secret // to be stored, in Prepare; elsewhere only to be kept out of what is said, and often the zero Secret
}

// Handoff is where passwords are handed over to their readers, in two phases:
// Prepare before the request that sets the password, and Confirm once it is known
// to have been carried out, or Abandon once it is known that it was not. Where
// neither is known, neither is called.
//
// Each may be repeated with the same Version, with the effect of doing it once.
// They do not wait, retry or log, and are called from many goroutines. Their
// errors should be an *Error; any other is taken as InDoubt.
type Handoff interface {
	// Prepare stores a password durably, so that no reader takes it for the
	// user's yet.
	Prepare(ctx context.Context, h Handover) (Answer, error)

	// Confirm gives readers the password of that Version.
	Confirm(ctx context.Context, h Handover) (Answer, error)

	// Abandon says that the password of that Version is not the user's. One
	// that was never prepared is no error.
	Abandon(ctx context.Context, h Handover) (Answer, error)
}

// Fetcher is a Handoff that can be asked for what it has prepared, so that a run
// that goes on after a crash sets the same password again.
type Fetcher interface {
	// Fetch returns the password of a Version, or the zero Secret where the
	// store surely does not have it.
	Fetch(ctx context.Context, h Handover) (jobs.Secret, Answer, error)
}
