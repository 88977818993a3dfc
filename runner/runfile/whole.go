package runfile

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// A run file that was closed is whole by itself. While it is carried out, and
// after a crash, its latest commits are in the -wal beside it, which SQLite
// takes for as much as it finds of it, and for nothing where it is gone. So
// each commit counts up a number in the file, and then a mark of that number
// outside it, in two places (marks.go). What follows judges by these whether a
// file holds all that it once did.

// state is what a file and those beside it look like.
type state struct {
	mark          // what the file itself holds
	inWAL    bool // the file was not closed, or a reader was in the way
	log      bool // there is a -wal that is not empty
	lock     bool // there is a .lock
	beside   mark // in the .lock
	machine  mark // in the user's place on this machine
	readable bool // the file's own header could be read
}

// newest is the highest number that a mark outside the file has of its run,
// or -1.
func (s *state) newest() int64 {
	n := int64(-1)
	for _, m := range []mark{s.beside, s.machine} {
		if m.runID == s.runID {
			n = max(n, m.commits)
		}
	}
	return n
}

// foreign reports whether a -wal lies beside the file that cannot be its own:
// SQLite would take it for that.
func (s *state) foreign() bool { return s.readable && s.log && !s.inWAL }

// missing says what a file has lost, or nil.
func (s *state) missing() error {
	newest := s.newest()
	ahead := s.commits - newest // by one where the process died between a commit and its mark
	proven := newest >= 0 && (ahead == 0 || ahead == 1)
	switch {
	case s.foreign():
		return fmt.Errorf("%w: the -wal beside it is that of another copy", ErrNotWhole)
	case ahead < 0 && s.inWAL && !s.log:
		return fmt.Errorf("%w: its -wal is missing (it holds %d commits of %d)", ErrNotWhole, s.commits, newest)
	case ahead < 0 && s.inWAL:
		return fmt.Errorf("%w: its -wal is cut, damaged or an older one (%d commits of %d are there)", ErrNotWhole, s.commits, newest)
	case ahead < 0:
		return fmt.Errorf("%w: it is an older copy of a run that went on (it holds %d commits of %d)", ErrNotWhole, s.commits, newest)
	case s.inWAL && !s.log && !proven:
		return fmt.Errorf("%w: it was copied without its -wal, or that was lost", ErrNotWhole)
	case s.inWAL && !s.lock && !proven:
		return fmt.Errorf("%w: it was copied without its .lock, which tells whether its -wal is", ErrNotWhole)
	}
	return nil
}

// inUse counts the Files of this process by path. The header of a file that
// one of them has open is not read: closing what it is read with would drop
// SQLite's locks.
var inUse = struct {
	sync.Mutex
	paths map[string]int
}{paths: map[string]int{}}

func use(path string, n int) {
	inUse.Lock()
	defer inUse.Unlock()
	if inUse.paths[path] += n; inUse.paths[path] == 0 {
		delete(inUse.paths, path)
	}
}

// headerOf reads the first n bytes of a file that is not in use, or what there
// is of them.
func headerOf(path string, n int) ([]byte, error) {
	inUse.Lock()
	defer inUse.Unlock()
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, err
	}
	if inUse.paths[real] > 0 {
		return nil, errInUse
	}
	if info, err := os.Stat(real); err != nil || !info.Mode().IsRegular() { // a pipe would block
		return nil, join(err, ErrNotRunFile)
	}
	f, err := os.Open(real)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, n)
	read, err := io.ReadFull(f, b)
	return b[:read], err
}

var errInUse = errors.New("this process has it open")

// seen is what can be seen of a file before SQLite opens it.
func seen(real string) *state {
	s := &state{log: hasWAL(real)}
	if b, err := headerOf(real, 20); err == nil {
		s.readable, s.inWAL = true, b[18] == 2
	}
	if s.foreign() { // or a run has just ended
		s.log = hasWAL(real)
	}
	if f, err := os.Open(real + ".lock"); err == nil {
		s.lock, s.beside = true, readMark(f)
		f.Close()
	}
	return s
}

// ask fills in what the file itself says, and the machine's mark of its run.
// The marks are read before the number: they only ever grow after it.
func (s *state) ask(conn *sql.Conn, opt *OpenOptions) error {
	var text string
	var written int64
	if err := conn.QueryRowContext(background, "SELECT json, sum FROM head").Scan(&text, &written); err != nil {
		return err
	}
	plan, err := parseHead(text, written)
	if err != nil {
		return err
	}
	s.runID = plan.RunID
	s.machine = machineMark(opt, s.runID)
	p, err := readProgress(conn.QueryRowContext(background, selectProgress))
	if err != nil {
		return err
	}
	s.commits = p.commits
	if !s.readable {
		var mode string
		err = conn.QueryRowContext(background, "PRAGMA journal_mode").Scan(&mode)
		s.inWAL = mode == "wal"
	}
	return err
}

// probe looks at a file that is about to be carried out, and leaves it as it
// is: a connection that may write would, when it closes, take what is left of
// a -wal into the file.
func probe(real string, lock *Lock, opt *OpenOptions) (*state, error) {
	s := seen(real)
	s.lock = !lock.made
	if s.foreign() {
		return s, nil
	}
	mode := "mode=rw"
	if s.log {
		mode = "mode=ro"
	}
	db, err := open(real, mode, "busy_timeout(10000)", "cell_size_check(1)")
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(background)
	if err != nil {
		return nil, join(err, db.Close())
	}
	err = checkHeader(conn)
	if err == nil {
		err = s.ask(conn, opt)
	}
	return s, join(err, conn.Close(), db.Close())
}

// warn notes for a reader what a file has lost.
func (f *File) warn(conn *sql.Conn, s *state, opt *OpenOptions) {
	if err := s.ask(conn, opt); err != nil {
		return // whoever reads it will be told
	}
	if err := s.missing(); err != nil {
		f.warnings = append(f.warnings, fmt.Sprintf("%v: what it says of the run may be out of date", err))
	}
}
