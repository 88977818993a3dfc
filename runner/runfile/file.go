package runfile

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"unicode/utf8"

	"cogpass/runner"
)

// File is an open run file. Its methods may be called from several
// goroutines, and while its sequences are being read. Those that write fail
// with ErrReadOnly where it was opened with OpenReadOnly.
type File struct {
	path string
	real string // without symbolic links
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
// damaged: by how it begins, or by its name where it is empty or no text.
func Is(path string) bool {
	head, err := headerOf(path, 72)
	if err == errInUse {
		return true
	}
	id := []byte{applicationID >> 24, applicationID >> 16 & 0xff, applicationID >> 8 & 0xff, applicationID & 0xff}
	if len(head) == 72 && bytes.HasPrefix(head, []byte("SQLite format 3\x00")) && bytes.Equal(head[68:], id) {
		return true
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && filepath.Ext(path) == ".run" &&
		(len(head) == 0 || bytes.IndexByte(head, 0) >= 0 || !utf8.Valid(head))
}

// mustBeFile says what of a file can be told without reading it.
func mustBeFile(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return ErrNotRunFile
	case info.Size() == 0:
		return damaged("it is empty")
	}
	return nil
}

// OpenOptions are those of Open and OpenReadOnly. The zero value works.
type OpenOptions struct {
	// Place is the folder in which this machine keeps how far its runs have
	// come; empty is that of UserPlace. A run in a sandbox names another, so
	// that a rehearsal with a copy of a plan does not count.
	Place string

	// LookFirst lets Open take a file that is not whole. Pending then yields
	// each task with a Doubt since the run began, until a look at its user has
	// settled it, also in later runs of the file, which counts as whole again.
	// OpenReadOnly takes such a file in any case.
	LookFirst bool
}

// Open opens a run file to carry it out, and holds its lock until Close. It
// fails with a *HeldError if another process has it open so, and with an
// *Error if the file cannot be used: one of kind ErrNotWhole where it has lost
// something that it once had.
func Open(path string, opt OpenOptions) (*File, error) {
	if err := mustBeFile(path); err != nil {
		return nil, wrap(path, "opening it", err)
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, wrap(path, "opening it", err)
	}
	lock, err := lockRunFile(real)
	if err != nil {
		return nil, wrap(path, "locking it", err)
	}
	f := &File{path: path, real: real, lock: lock}
	s, err := probe(real, lock, &opt)
	if err == nil && (!opt.LookFirst || s.foreign()) {
		err = s.missing()
	}
	if err == nil {
		err = f.openToWrite(s, &opt)
	}
	if err == nil && opt.LookFirst {
		err = f.w.lookFirst(s)
	}
	if err != nil {
		closed := f.Close() // first: why it cannot be opened may have to be looked for
		return nil, join(wrap(path, "opening it", err), closed)
	}
	return f, nil
}

func (f *File) openToWrite(st *state, opt *OpenOptions) (err error) {
	f.db, err = open(f.real, "mode=rw", "busy_timeout(10000)", "cell_size_check(1)", "synchronous(full)",
		"fullfsync(1)", "checkpoint_fullfsync(1)", "wal_autocheckpoint(4000)", "cache_size(-8000)")
	if err != nil {
		return err
	}
	use(f.real, 1)
	s, err := newSession(f.db)
	if err != nil {
		return err
	}
	if err := checkCounts(s.conn); err != nil {
		return join(err, s.close())
	}
	watch, err := newWatch(f.real, f.lock.file)
	if err != nil {
		return join(err, s.close())
	}
	m := marks{files: []*os.File{f.lock.file}}
	if m.owned, err = openMark(opt, st.runID); err != nil {
		f.warnings = append(f.warnings, fmt.Sprintf("how far the run is cannot be noted outside its file (%v): "+
			"should an older copy take its place, that will not be noticed", err))
	} else {
		m.files = append(m.files, m.owned)
	}
	if err = m.set(mark{st.runID, max(st.commits, st.newest())}); err == nil {
		f.w, err = newWriter(f.path, s, m, st.runID, watch)
	}
	if err != nil {
		return join(err, m.close(), s.close())
	}
	return nil
}

// OpenReadOnly opens a run file to look at it. It takes no lock that a run
// would notice, writes nothing, and works on a file and in a folder that
// cannot be written. A file that is not whole is read all the same: Warnings
// says so.
func OpenReadOnly(path string, opt OpenOptions) (*File, error) {
	if err := mustBeFile(path); err != nil {
		return nil, wrap(path, "opening it", err)
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, wrap(path, "opening it", err)
	}
	s := seen(real)
	mode := "mode=ro"
	if s.foreign() {
		mode = alone
	}
	f, err := openToRead(path, real, mode, s, &opt)
	if errors.Is(err, ErrReadOnly) && !s.log {
		f, err = openToRead(path, real, alone, s, &opt)
	}
	return f, err
}

// alone opens a file as if nothing could lie beside it or change it.
const alone = "mode=ro&immutable=1"

func openToRead(path, real, mode string, s *state, opt *OpenOptions) (*File, error) {
	// writable_schema lets SQLite read what is left of a truncated file, unless
	// another pragma has looked at it before.
	db, err := open(real, mode, "busy_timeout(10000)", "cell_size_check(1)", "writable_schema(1)")
	if err != nil {
		return nil, wrap(path, "opening it", err)
	}
	use(real, 1)
	f := &File{path: path, real: real, db: db}
	conn, err := db.Conn(background)
	if err == nil {
		if err = checkHeader(conn); err == nil {
			f.warn(conn, s, opt)
		}
		err = join(err, conn.Close())
	}
	if err != nil {
		closed := f.Close() // first: why it cannot be opened may have to be looked for
		return nil, join(wrap(path, "opening it", err), closed)
	}
	return f, nil
}

// hasWAL reports whether commits may lie in a log beside the file.
func hasWAL(real string) bool {
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
	case version < formatVersion:
		return fmt.Errorf("%w (format %d, this one knows %d)", ErrOlder, version, formatVersion)
	}
	return nil
}

// checkCounts finds, before a run goes on, whether the counts that are kept in
// three places agree. It reads a row a block, not a row a task.
func checkCounts(conn *sql.Conn) error {
	var text string
	var written, inBlocks, endedBlocks int64
	err := conn.QueryRowContext(background, `SELECT json, sum, (SELECT coalesce(sum(tasks), 0) FROM block),
		(SELECT coalesce(sum(ended), 0) FROM block) FROM head`).Scan(&text, &written, &inBlocks, &endedBlocks)
	if err != nil {
		return err
	}
	plan, err := parseHead(text, written)
	if err != nil {
		return err
	}
	p, err := readProgress(conn.QueryRowContext(background, selectProgress))
	if err != nil {
		return err
	}
	var counted, ended int64
	for _, t := range p.tallies {
		counted += t.tasks
		if t.outcome != runner.Pending {
			ended += t.tasks
		}
	}
	if plan.Tasks != inBlocks || plan.Tasks != counted || endedBlocks != ended {
		return damaged("it counts %d, %d and %d tasks, and %d and %d that have ended", plan.Tasks, inBlocks, counted, endedBlocks, ended)
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
// beside it, unless another process was reading it at that moment, or
// something could not be recorded: see Companions. Closing it again does
// nothing.
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
		err = join(err, f.frozen.end(), f.frozen.close())
		f.frozen = nil
	}
	whole := f.lock != nil && f.lock.made // and nothing was written
	if f.w != nil {
		var failed error
		whole, failed = f.w.close()
		err = join(err, failed)
	}
	if f.db != nil {
		err = join(err, f.db.Close())
		use(f.real, -1)
	}
	if f.lock == nil {
		return err
	}
	f.companions = []string{f.path}
	if whole {
		return join(err, f.lock.Unlock())
	}
	for _, ext := range []string{"-wal", ".lock"} {
		if _, missing := os.Lstat(f.real + ext); missing == nil {
			f.companions = append(f.companions, f.real+ext)
		}
	}
	return join(err, f.lock.leave())
}
