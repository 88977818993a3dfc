package bulk

import "fmt"

// Kind says what an Error is about, for whoever has advice to give.
type Kind uint8

// The kinds of an Error. Of all but Unrecorded, Unreported, Internal and
// Damaged, nothing was sent.
const (
	Refused         Kind = iota // the options do not fit, or one of them refuses the job
	NobodyToAsk                 // neither Options.Yes nor Options.Confirm
	RunFileExists               // there is a file at Options.RunFile
	NoStateDir                  // Options.StateDir is empty, and was needed
	BadStateDir                 // Options.StateDir cannot be made
	InSandbox                   // the run was begun in the sandbox and cannot go on at AWS
	NotInSandbox                // the other way round
	Unreachable                 // the pool could not be asked about
	NoFiles                     // the system lets the process open too few files
	Unrecorded                  // the run was stopped, because its run file cannot be written
	Unreported                  // the run has ended, and some report could not be written
	BadReport                   // a report would replace what it must not, or cannot be written
	Internal                    // a fault of the program; what was in flight is in doubt
	NoRecovery                  // a reset in a pool where only administrators recover accounts
	TooManyMessages             // more e-mails than a day has room for
	NoLedger                    // the count of the day's messages cannot be kept
	Protected                   // users of a plan that was made before are protected by now
	NoGuard                     // what a guard needs to know cannot be had
	NoHistory                   // the job asks the ledger who was done before, and there is none
	Overtaken                   // another run has done users of the plan since it was made
	NoCheck                     // the app client of the job's check does not allow the sign-in
	Behind                      // the run before it, for the same pool, has stopped
	Damaged                     // some results of a run file could not be read; the others were
)

// Error is why a run did not begin, or did not end as it should.
type Error struct {
	Kind    Kind
	RunFile string // where there is one
	Err     error
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

func fail(k Kind, format string, args ...any) error {
	return &Error{Kind: k, Err: fmt.Errorf(format, args...)}
}

// unrecorded is the end of a run whose run file cannot be written any more.
func (p *Plan) unrecorded(err error) error {
	return &Error{Unrecorded, p.path, fmt.Errorf("stopped, because what happens cannot be recorded: %w", err)}
}
