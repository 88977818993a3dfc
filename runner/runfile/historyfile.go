package runfile

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// OpenHistory opens the ledger at path. Where there is none, its error is
// fs.ErrNotExist; one that cannot be used is an *Error.
func OpenHistory(path string) (*History, error) {
	h := &History{path: path, last: map[int]*sql.Stmt{}}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, h.wrap("opening it", err)
	case !info.Mode().IsRegular():
		return nil, h.wrap("opening it", ErrNotLedger)
	case info.Size() == 0:
		return nil, h.wrap("opening it", damaged("it is empty"))
	}
	if err := h.open(path); err != nil {
		return nil, join(h.wrap("opening it", err), h.Close())
	}
	return h, nil
}

// open opens a ledger by a path that may be temporary. Its journal is a plain
// one, beside it only while something is appended: the ledger is one file.
func (h *History) open(path string, more ...string) (err error) {
	h.db, err = open(path, "mode=rw", append(more, "busy_timeout(10000)", "cell_size_check(1)", "journal_mode(delete)",
		"synchronous(full)", "fullfsync(1)", "cache_size(-4000)")...)
	if err != nil {
		return err
	}
	if h.s, err = newSession(h.db); err != nil || len(more) > 0 {
		return err
	}
	var id, version int64
	if err := h.s.conn.QueryRowContext(background, "SELECT application_id, user_version FROM pragma_application_id, pragma_user_version").Scan(&id, &version); err != nil {
		return err
	}
	switch {
	case id != historyID:
		return ErrNotLedger
	case version > historyVersion:
		return fmt.Errorf("%w (format %d, this one knows %d)", ErrNewer, version, historyVersion)
	case version < historyVersion:
		return damaged("it has no format version")
	}
	return nil
}

// Check looks at the whole file for damage, and whether a row is found by each of
// its indexes: one that is not would count as never done. That takes some seconds
// for a million rows.
func (h *History) Check() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var found string
	err := h.s.conn.QueryRowContext(background, "PRAGMA integrity_check(1)").Scan(&found)
	if err == nil && found != "ok" {
		err = damaged("%s", found)
	}
	return h.wrap("checking it", err)
}

// CreateHistory makes an empty ledger, with mode 0600, and opens it. Where
// there is one by now, it opens that.
func CreateHistory(path string) (*History, error) {
	unlock, err := lockHistory(path)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if _, err := os.Lstat(path); err == nil {
		return OpenHistory(path)
	}
	temp, err := newHistory(path, func(*History) error { return nil })
	if err == nil {
		err = place(temp, path)
	}
	if err != nil {
		return nil, join((&History{path: path}).wrap("making it", err), removeTemp(temp))
	}
	return OpenHistory(path)
}

// newHistory makes a ledger under a temporary name beside path.
func newHistory(path string, fill func(*History) error) (temp string, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp") // of mode 0600
	if err != nil {
		return "", err
	}
	if err := f.Close(); err != nil {
		return f.Name(), err
	}
	h := &History{path: path, last: map[int]*sql.Stmt{}}
	err = h.open(f.Name(), fmt.Sprintf("application_id(%d)", historyID), fmt.Sprintf("user_version(%d)", historyVersion))
	if err == nil {
		err = h.s.exec("BEGIN;" + historyTables + "COMMIT")
	}
	if err == nil {
		err = fill(h)
	}
	return f.Name(), join(err, h.Close())
}

func removeTemp(temp string) error {
	if temp == "" {
		return nil
	}
	if err := os.Remove(temp); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// lockHistory keeps other processes from writing the ledger at path: SQLite's
// own locks are the file's, and a rebuilt one is another file.
func lockHistory(path string) (unlock func(), err error) {
	const patience = 10 * time.Second // others hold it for a moment, or while they rebuild it
	h := &History{path: path}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, h.wrap("locking it", err)
	}
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, h.wrap("locking it", err)
	}
	for began := time.Now(); ; time.Sleep(2 * time.Millisecond) {
		err := tryExclusive(f)
		switch {
		case err == nil:
			return func() { _ = f.Close() }, nil // and the lock ends
		case !errors.Is(err, errHeld):
			return nil, join(h.wrap("locking it", err), f.Close())
		case time.Since(began) > patience:
			return nil, join(h.wrap("locking it", ErrBusy), f.Close())
		}
	}
}

// Close closes the ledger.
func (h *History) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var err error
	if h.s != nil {
		err = h.s.close()
	}
	if h.db != nil {
		err = join(err, h.db.Close())
	}
	h.s, h.db = nil, nil
	return h.wrap("closing it", err)
}

// ErrNotLedger is that a file is no ledger.
var ErrNotLedger = errors.New("not a ledger")

const (
	hintRebuild = "`cogpass ledger --rebuild` makes it anew from the run files"
	hintNewer   = "use the version of cogpass that wrote it, or a newer one"
)

// wrap is the package's wrap for a ledger.
func (h *History) wrap(doing string, err error) error {
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	kind, hint := kindOf(err), ""
	switch {
	case errors.Is(err, fs.ErrNotExist), cannotOpen(err):
	case kind == ErrNewer:
		hint = hintNewer
	case errors.Is(err, ErrNotLedger), kind == ErrDamaged, kind == ErrNotRunFile:
		hint = hintRebuild
	case kind == ErrReadOnly:
		hint = "make it and its folder writable"
	case kind == ErrBusy:
		hint = "another run, or cogpass ledger --rebuild, keeps it; try again"
	default:
		hint = hintOf(kind)
	}
	if kind == ErrNotRunFile && !errors.Is(err, ErrNotLedger) { // what SQLite says of a file that is no database
		err = fmt.Errorf("%w (%w)", ErrNotLedger, err)
	} else if kind != nil && !errors.Is(err, kind) {
		err = fmt.Errorf("%w (%w)", kind, err)
	}
	return &Error{Path: h.path, Err: fmt.Errorf("%s: %w", doing, err), Hint: hint, what: "ledger"}
}
