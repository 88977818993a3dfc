package runfile

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// File is an open run file. Its methods may be called from several
// goroutines, and while its sequences are being read. Those that write fail
// with ErrReadOnly where it was opened with OpenReadOnly.
type File struct {
	path string
	db   *sql.DB
	lock *Lock   // nil where it is read-only
	w    *writer // nil where it is read-only

	mu     sync.Mutex // guards what follows
	looks  *looks
	frozen *reader

	warnings   []string
	companions []string // once it is closed

	closing sync.Once
	closed  error
}

// Is reports whether the file at path is a run file, or was one before it was
// damaged, by how it begins. It must not be used on a run file that this
// process has open: closing a second descriptor would drop SQLite's locks.
func Is(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 72)
	if _, err := io.ReadFull(f, head); err != nil {
		return false
	}
	id := []byte{applicationID >> 24, applicationID >> 16 & 0xff, applicationID >> 8 & 0xff, applicationID & 0xff}
	return bytes.HasPrefix(head, []byte("SQLite format 3\x00")) && bytes.Equal(head[68:72], id)
}

// OpenOptions are those of Open and OpenReadOnly. The zero value works.
type OpenOptions struct {
	// Place is the folder in which this machine keeps how far its runs have
	// come; empty is that of UserPlace. A run in a sandbox names another, so
	// that a rehearsal with a copy of a plan does not count.
	Place string

	// LookFirst lets Open take a file that is not whole. Pending then yields
	// every task of which it is not known better with a Doubt since the run
	// began, until a look at its user has settled it; the file counts as whole
	// again. OpenReadOnly takes such a file in any case.
	LookFirst bool
}

// Open opens a run file to carry it out, and holds its lock until Close. It
// fails with a *HeldError if another process has it open so, and with an
// *Error if the file cannot be used: one of kind ErrNotWhole where it has lost
// something that it once had.
func Open(path string, opt OpenOptions) (*File, error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, wrap(path, "opening it", err)
	}
	lock, err := lockRunFile(real)
	if err != nil {
		return nil, wrap(path, "locking it", err)
	}
	f := &File{path: path, lock: lock}
	if err := f.openToWrite(real); err != nil {
		return nil, errors.Join(wrap(path, "opening it", err), f.Close())
	}
	return f, nil
}

func (f *File) openToWrite(real string) (err error) {
	f.db, err = open(real, "mode=rw", "busy_timeout(10000)", "cell_size_check(1)", "synchronous(full)",
		"fullfsync(1)", "checkpoint_fullfsync(1)", "wal_autocheckpoint(4000)", "cache_size(-8000)")
	if err != nil {
		return err
	}
	s, err := newSession(f.db)
	if err != nil {
		return err
	}
	if err := check(s.conn); err != nil {
		return errors.Join(err, s.close())
	}
	f.w, err = newWriter(f.path, s)
	if err != nil {
		return errors.Join(err, s.close())
	}
	return nil
}

// OpenReadOnly opens a run file to look at it. It takes no lock that a run
// would notice, writes nothing, and works on a file and in a folder that
// cannot be written. A file that is not whole is read all the same: Warnings
// says so.
func OpenReadOnly(path string, opt OpenOptions) (*File, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = ErrNotRunFile
	}
	if err != nil {
		return nil, wrap(path, "opening it", err)
	}
	f, err := openToRead(path, "mode=ro")
	if errors.Is(err, ErrReadOnly) && !hasWAL(path) {
		f, err = openToRead(path, "mode=ro&immutable=1")
	}
	return f, err
}

func openToRead(path, mode string) (*File, error) {
	// writable_schema lets SQLite read what is left of a truncated file, unless
	// another pragma has looked at it before.
	db, err := open(path, mode, "busy_timeout(10000)", "cell_size_check(1)", "writable_schema(1)")
	if err != nil {
		return nil, wrap(path, "opening it", err)
	}
	f := &File{path: path, db: db}
	conn, err := db.Conn(background)
	if err == nil {
		err = errors.Join(checkHeader(conn), conn.Close())
	}
	if err != nil {
		return nil, errors.Join(wrap(path, "opening it", err), f.Close())
	}
	return f, nil
}

// hasWAL reports whether commits may lie in a log beside the file.
func hasWAL(path string) bool {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return true
	}
	info, err := os.Stat(real + "-wal")
	return err == nil && info.Size() > 0
}

// checkHeader tells a run file of a known version by SQLite's header.
func checkHeader(conn *sql.Conn) error {
	var id, version int64
	if err := conn.QueryRowContext(background, "PRAGMA application_id").Scan(&id); err != nil {
		return err
	}
	if err := conn.QueryRowContext(background, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	switch {
	case id != applicationID:
		return ErrNotRunFile
	case version > formatVersion:
		return fmt.Errorf("%w (format %d, this one knows %d)", ErrNewer, version, formatVersion)
	case version < 1:
		return damaged("it has no format version")
	}
	return nil
}

// check finds, before a run goes on, whether the counts that are kept in
// three places agree. It reads a row a block, not a row a task.
func check(conn *sql.Conn) error {
	if err := checkHeader(conn); err != nil {
		return err
	}
	var planned, inBlocks, inTally, endedBlocks, endedTally int64
	err := conn.QueryRowContext(background, `SELECT
		(SELECT tasks FROM plan),
		(SELECT coalesce(sum(tasks), 0) FROM block), (SELECT coalesce(sum(tasks), 0) FROM tally),
		(SELECT coalesce(sum(ended), 0) FROM block), (SELECT coalesce(sum(tasks), 0) FROM tally WHERE outcome > 0)`).
		Scan(&planned, &inBlocks, &inTally, &endedBlocks, &endedTally)
	if err != nil {
		return err
	}
	if planned != inBlocks || planned != inTally || endedBlocks != endedTally {
		return damaged("it counts %d, %d and %d tasks, and %d and %d that have ended", planned, inBlocks, inTally, endedBlocks, endedTally)
	}
	return nil
}

// Warnings are what a person should be told of the file, each in one line.
func (f *File) Warnings() []string { return f.warnings }

// Companions are, once Close has returned, the files that hold the run: the
// run file itself, and what has to be copied with it where a reader was in the
// way of a clean end.
func (f *File) Companions() []string { return f.companions }

// Close makes all that was recorded durable, closes the file and releases
// its lock. A file that was closed is complete in itself, without a -wal
// beside it, unless another process was reading it at that moment.
// Closing it again does nothing.
func (f *File) Close() error {
	f.closing.Do(func() { f.closed = wrap(f.path, "closing it", f.close()) })
	return f.closed
}

func (f *File) close() error {
	f.mu.Lock() // to the end, or another goroutine would open anew what is closed here
	defer f.mu.Unlock()
	var err error
	if f.looks != nil {
		err = f.looks.close()
		f.looks = nil
	}
	if f.frozen != nil {
		f.frozen.pinned = false
		err = errors.Join(err, f.frozen.end(), f.frozen.close())
		f.frozen = nil
	}
	if f.w != nil {
		err = errors.Join(err, f.w.close())
	}
	if f.db != nil {
		err = errors.Join(err, f.db.Close())
	}
	if f.lock != nil {
		err = errors.Join(err, f.lock.Unlock())
	}
	return err
}
