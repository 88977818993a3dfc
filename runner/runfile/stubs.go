package runfile

import (
	"context"
	"errors"
	"iter"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

var errTODO = errors.New("not built yet")

// Draft is a plan that is being written.
type Draft struct{}

// Create starts the run file of a plan.
func Create(path string, info Info) (*Draft, error) { return nil, errTODO }

// Add adds a task.
func (d *Draft) Add(t jobs.Task) error { return errTODO }

// Commit puts the run file in place.
func (d *Draft) Commit(sources []Source) error { return errTODO }

// Discard removes what was written; after Commit it does nothing.
func (d *Draft) Discard() error { return errTODO }

// File is an open run file.
type File struct{}

// Open opens a run file to carry it out, and takes its lock.
func Open(path string) (*File, error) { return nil, errTODO }

// OpenReadOnly opens a run file to look at it.
func OpenReadOnly(path string) (*File, error) { return nil, errTODO }

// Is reports whether the file at path is a run file, by its content.
func Is(path string) bool { return false }

// Info describes the run, as it is now.
func (f *File) Info() (Info, error) { return Info{}, errTODO }

// SetState records how far the run is.
func (f *File) SetState(s State, reason string) error { return errTODO }

// SetIdentity records what is learned before the first request.
func (f *File) SetIdentity(poolName, account, actor string) error { return errTODO }

// Pending returns the tasks that are to be done.
func (f *File) Pending(retryFailed, retryUnknown bool) iter.Seq2[Row, error] { return nil }

// Begin implements runner.Journal.
func (f *File) Begin(ctx context.Context, attempts []runner.Intent) error { return errTODO }

// End implements runner.Journal.
func (f *File) End(i runner.Intent) error { return errTODO }

// Record takes down how a task ended.
func (f *File) Record(r runner.Result) error { return errTODO }

// Flush returns when all that was recorded is durable.
func (f *File) Flush() error { return errTODO }

// Failed is closed when a commit has failed.
func (f *File) Failed() <-chan struct{} { return nil }

// Err returns why Failed is closed, or nil.
func (f *File) Err() error { return errTODO }

// Results returns every task in order of Seq.
func (f *File) Results() iter.Seq2[runner.Result, error] { return nil }

// Count counts.
func (f *File) Count() (Counts, error) { return Counts{}, errTODO }

// Control returns what another process asked for.
func (f *File) Control() (Control, error) { return Control{}, errTODO }

// ChangeControl changes, from another process, what a run is asked for.
func ChangeControl(path string, change func(*Control)) error { return errTODO }

// Close makes all durable and closes the file.
func (f *File) Close() error { return errTODO }

// Lock is a lock that its process holds until Unlock or its end.
type Lock struct{}

// LockPool takes the lock of a user pool.
func LockPool(dir, poolID, runFile string) (*Lock, error) { return nil, errTODO }

// Unlock releases the lock.
func (l *Lock) Unlock() error { return errTODO }

// Holder says who holds the run file.
func Holder(path string) (*HeldError, error) { return nil, errTODO }

// HeldError is a lock that another process holds.
type HeldError struct {
	PID     int
	Since   time.Time
	RunFile string
}

func (e *HeldError) Error() string { return "held" }

// Error is a run file that cannot be used.
type Error struct {
	Path string
	Hint string
	Err  error
}

func (e *Error) Error() string { return e.Err.Error() }
