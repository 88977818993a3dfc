package runfile

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"cogpass/runner"
)

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
	var written, inBlocks, endedBlocks, stepsBlocks int64
	err := conn.QueryRowContext(background, `SELECT json, sum, (SELECT coalesce(sum(tasks), 0) FROM block),
		(SELECT coalesce(sum(ended), 0) FROM block), (SELECT coalesce(sum(steps), 0) FROM block) FROM head`).
		Scan(&text, &written, &inBlocks, &endedBlocks, &stepsBlocks)
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
	if err := checkAttempts(conn, plan.Tasks); err != nil {
		return err
	}
	var counted, ended int64
	for _, t := range p.tallies {
		counted += t.tasks
		if t.outcome != runner.Pending {
			ended += t.tasks
		}
	}
	for _, t := range p.steps {
		stepsBlocks -= t.steps
	}
	if stepsBlocks != 0 {
		return damaged("it counts steps beside actions in two ways that differ by %d", stepsBlocks)
	}
	if plan.Tasks != inBlocks || plan.Tasks != counted || endedBlocks != ended {
		return damaged("it counts %d, %d and %d tasks, and %d and %d that have ended", plan.Tasks, inBlocks, counted, endedBlocks, ended)
	}
	return nil
}

// checkAttempts finds whether attempts can be lost: nothing counts them, and a task
// whose attempt is not found would not be in doubt. They are few.
func checkAttempts(conn *sql.Conn, tasks int64) error {
	var found string
	if err := conn.QueryRowContext(background, "PRAGMA integrity_check(attempt)").Scan(&found); err != nil {
		return err
	}
	if found != "ok" {
		return damaged("its attempts: %s", found)
	}
	var first, last int64
	err := conn.QueryRowContext(background, "SELECT coalesce(min(seq), 1), coalesce(max(seq), 0) FROM attempt").Scan(&first, &last)
	if err == nil && (first < 1 || last > tasks) { // which no reading of a task would find
		err = damaged("there is an attempt of a task that is not in the plan")
	}
	return err
}
