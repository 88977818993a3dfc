package runfile

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// What an Error may be, for errors.Is.
var (
	ErrNotRunFile = errors.New("not a run file")
	ErrNewer      = errors.New("written by a newer version of cogpass")
	ErrOlder      = errors.New("in a format that this version of cogpass no longer reads")
	ErrDamaged    = errors.New("damaged")
	ErrNotWhole   = errors.New("not whole")
	ErrGone       = errors.New("gone from its place")
	ErrUnreadable = errors.New("cannot be read")
	ErrReadOnly   = errors.New("cannot be written")
	ErrFull       = errors.New("no space is left for it")
	ErrIO         = errors.New("reading or writing it failed")
	ErrBusy       = errors.New("another program keeps it locked")
	ErrOpenFiles  = errors.New("too many files are open")
	ErrClosed     = errors.New("closed")
)

// Error is a run file, or a ledger, that cannot be used.
type Error struct {
	Path string
	Err  error
	Hint string // what to do about it; may be empty

	what string // it is; empty: a run file
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s %s: %v", cmp.Or(e.what, "run file"), e.Path, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// kinds are the errors above, each with its hint. Of an error that is two of
// them, the first one counts.
var kinds = []struct {
	err  error
	hint string
}{
	{ErrNotRunFile, "a run file is made by `cogpass plan` or `cogpass run`; if this was one, restore it from a copy"},
	{ErrNewer, "use the version of cogpass that wrote it, or a newer one"},
	{ErrOlder, "make a new plan; the version of cogpass that wrote it can still carry this one out and report it"},
	{ErrNotWhole, "put back what belongs to it; where that is gone, `cogpass run --look-first RUN_FILE` looks at every pending user before it sends anything"},
	{ErrGone, "put it back under its name, with the -wal and .lock files that belong to it, and run it again; where it was deleted, a new plan would act on everybody anew"},
	{ErrDamaged, "restore it from a copy; `cogpass report` shows what is still readable"},
	{ErrFull, "make space and run it again: nothing that was recorded is lost"},
	{ErrOpenFiles, "raise the limit (ulimit -n), or lower limits.concurrency, and run it again: nothing that was recorded is lost"},
	{ErrUnreadable, "run cogpass as the user whose file it is, or have its mode changed"},
	{ErrReadOnly, "make the file and its folder writable, or copy it to a folder that is, together with its -wal and .lock files if there are any"},
	{ErrIO, "check the disk and run it again: nothing that was recorded is lost"},
	{ErrBusy, "close the program that has it open and run it again"},
}

// hintOf returns the hint of one of the errors above, or "".
func hintOf(kind error) string {
	for _, k := range kinds {
		if k.err == kind {
			return k.hint
		}
	}
	return ""
}

// join is errors.Join with an error that is one line.
func join(errs ...error) error {
	var all joined
	for _, err := range errs {
		if err != nil {
			all = append(all, err)
		}
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return all
}

type joined []error

func (j joined) Error() string {
	text := j[0].Error()
	for _, err := range j[1:] {
		text += "; " + err.Error()
	}
	return text
}

func (j joined) Unwrap() []error { return j }

// wrap makes an error of SQLite's one that says what it means for the run
// file at path.
func wrap(path, doing string, err error) error {
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	kind := kindOf(err)
	if kind == nil && cannotOpen(err) {
		kind = whyNotOpen(path)
	}
	if kind == nil {
		return &Error{Path: path, Err: fmt.Errorf("%s: %w", doing, err)}
	}
	if errors.Is(err, kind) { // it says so itself
		return &Error{Path: path, Err: fmt.Errorf("%s: %w", doing, err), Hint: hintOf(kind)}
	}
	return &Error{Path: path, Err: fmt.Errorf("%s: %w (%w)", doing, kind, err), Hint: hintOf(kind)}
}

// kindOf returns which of the errors above err is, or nil.
func kindOf(err error) error {
	for _, k := range kinds {
		if errors.Is(err, k.err) {
			return k.err
		}
	}
	switch { // an error of the system, beside the database
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return ErrReadOnly
	case errors.Is(err, syscall.ENOSPC):
		return ErrFull
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return ErrOpenFiles
	}
	var failure *sqlite.Error
	if !errors.As(err, &failure) {
		return nil
	}
	switch failure.Code() & 0xff {
	case sqlite3.SQLITE_NOTADB:
		return ErrNotRunFile
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR: // a query is wrong only where a table is gone
		return ErrDamaged
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return ErrReadOnly
	case sqlite3.SQLITE_FULL:
		return ErrFull
	case sqlite3.SQLITE_IOERR:
		return ErrIO
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return ErrBusy
	}
	return nil
}

func cannotOpen(err error) bool {
	var failure *sqlite.Error
	return errors.As(err, &failure) && failure.Code()&0xff == sqlite3.SQLITE_CANTOPEN
}

// whyNotOpen finds out what SQLite does not say.
func whyNotOpen(path string) error {
	folder, err := os.Open(filepath.Dir(path)) // which takes a descriptor, as a file does
	if err == nil {
		folder.Close()
	}
	if kind := kindOf(err); kind == ErrOpenFiles {
		return kind
	}
	if _, err := os.Stat(path); err != nil {
		return ErrGone
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		if _, err := headerOf(real, 1); errors.Is(err, fs.ErrPermission) {
			return ErrUnreadable
		}
	}
	return ErrReadOnly // what it needs beside it cannot be made
}

// damaged says what of the file does not fit.
func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}
