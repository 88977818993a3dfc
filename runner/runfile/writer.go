package runfile

import (
	"fmt"
	"sync"
	"time"

	"cogpass/runner"
)

const (
	recordDelay = 5 * time.Millisecond // how long an outcome waits for a Begin to go with
	farBehind   = 8192                 // with so many waiting, Record commits them itself
)

// writer commits what is recorded, in groups. One commit is made at a time;
// what comes meanwhile waits for the next. After a commit has failed it is
// dead: every call returns that failure.
type writer struct {
	path    string
	wake    chan struct{} // holds a token while something waits that nobody has promised to commit
	quit    chan struct{}
	stopped chan struct{}
	failed  chan struct{}
	mu      sync.Mutex // guards what follows; never held over a commit
	waiting group
	retry   retry // which tasks that have an outcome may be taken up again
	failure error
	closed  bool

	committing sync.Mutex // guards what follows
	session    *session
	marks      marks
	runID      string
	watch      *watch
	sql        statements
	spare      group // emptied, for its memory
}

// group is what one commit takes with it.
type group struct {
	answered []runner.Intent
	ended    []endedStep
	results  []runner.Result
	begun    []runner.Intent
	sealed   seals // of begun
	samples  []Sample
}

func (g *group) empty() bool {
	return len(g.answered)+len(g.ended)+len(g.results)+len(g.begun)+len(g.samples) == 0
}

func (g *group) reset() {
	clear(g.results)
	clear(g.ended)
	g.ended = g.ended[:0]
	g.answered, g.results, g.samples, g.begun = g.answered[:0], g.results[:0], g.samples[:0], nil
	g.sealed = seals{}
}

func newWriter(path string, session *session, marks marks, runID string, watch *watch) (*writer, error) {
	var mode string
	if err := session.conn.QueryRowContext(background, "PRAGMA journal_mode=wal").Scan(&mode); err != nil {
		return nil, err
	}
	if mode != "wal" {
		return nil, fmt.Errorf("%w: its journal stays in mode %s", ErrReadOnly, mode)
	}
	w := &writer{path: path, session: session, marks: marks, runID: runID, watch: watch, wake: make(chan struct{}, 1), quit: make(chan struct{}),
		stopped: make(chan struct{}), failed: make(chan struct{})}
	if err := w.sql.prepare(session); err != nil {
		return nil, join(err, session.exec("PRAGMA journal_mode=delete"))
	}
	go w.flush()
	return w, nil
}

// flush commits what no Begin has taken along in time, and looks after the
// files. A failure is kept, and told by Failed.
func (w *writer) flush() {
	defer close(w.stopped)
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-w.quit:
			return
		case <-tick.C:
			if err := w.watch.check(false); err != nil {
				w.fail(err)
			}
			continue
		case <-w.wake:
		}
		select {
		case <-w.quit:
			return
		case <-time.After(recordDelay):
			w.commit(nil, seals{})
		}
	}
}

// retries lets tasks be taken up again that have an outcome.
func (w *writer) retries(r retry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.retry = retry{w.retry.failed || r.failed, w.retry.unknown || r.unknown}
}

// add puts something into the next group.
func (w *writer) add(put func(*group)) error {
	w.mu.Lock()
	err := w.errLocked()
	if err == nil {
		put(&w.waiting)
	}
	behind := len(w.waiting.results)+len(w.waiting.answered)+len(w.waiting.ended) >= farBehind
	w.mu.Unlock()
	if err != nil {
		return err
	}
	if behind {
		return w.commit(nil, seals{})
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
	return nil
}

// commit makes durable what waits and, with it, the attempts that are about
// to be sent.
func (w *writer) commit(begun []runner.Intent, sealed seals) error {
	return w.transactAll(begun, sealed, nil)
}

// transact commits what waits, and what also does.
func (w *writer) transact(also func(*session) error) error { return w.transactAll(nil, seals{}, also) }

func (w *writer) transactAll(begun []runner.Intent, sealed seals, also func(*session) error) error {
	w.committing.Lock()
	defer w.committing.Unlock()
	w.mu.Lock()
	if err := w.errLocked(); err != nil {
		w.mu.Unlock()
		return err
	}
	g, retry := w.waiting, w.retry
	w.waiting = w.spare
	w.mu.Unlock()
	g.begun, g.sealed = begun, sealed
	err := w.write(&g, retry, also)
	g.reset()
	w.spare = g
	if err != nil {
		return w.fail(err)
	}
	return nil
}

func (w *writer) write(g *group, retry retry, also func(*session) error) error {
	if g.empty() && also == nil {
		return nil
	}
	if _, err := w.sql.begin.ExecContext(background); err != nil {
		return err
	}
	err := w.sql.write(g, retry)
	if err == nil && also != nil {
		err = also(w.session)
	}
	if err == nil {
		_, err = w.sql.commit.ExecContext(background)
	}
	if err != nil {
		w.session.exec("ROLLBACK") // fails where SQLite has rolled back by itself
		return err
	}
	return join(w.marks.set(mark{w.runID, w.sql.progress.commits}), w.watch.check(true))
}

// fail makes the writer dead.
func (w *writer) fail(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failure == nil {
		w.failure = wrap(w.path, "recording", err)
		close(w.failed)
	}
	return w.failure
}

func (w *writer) err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failure
}

func (w *writer) errLocked() error {
	if w.failure == nil && w.closed {
		return &Error{Path: w.path, Err: ErrClosed}
	}
	return w.failure
}

// close reports whether the file is whole by itself now.
func (w *writer) close() (whole bool, err error) {
	close(w.quit)
	<-w.stopped
	if err = w.err(); err == nil {
		err = w.commit(nil, seals{})
	}
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.committing.Lock()
	defer w.committing.Unlock()
	if err == nil {
		// Out of WAL, the file needs nothing beside it. Where a reader is in the
		// way, the log stays.
		var mode string
		w.session.exec("PRAGMA busy_timeout=200")
		failed := w.session.conn.QueryRowContext(background, "PRAGMA journal_mode=delete").Scan(&mode)
		whole = failed == nil && mode == "delete"
	}
	return whole, join(err, w.session.close(), w.marks.close())
}
