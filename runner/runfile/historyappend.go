package runfile

import (
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"cogpass/jobs"
	"cogpass/runner"
)

// AppendHistory appends to the ledger at path what was done in a run, in one
// commit. Where the ledger is not there, its error is fs.ErrNotExist.
func AppendHistory(path string, pool HistoryPool, runID, runFile string, done []Deed) error {
	return writeHistory(path, func(h *History) error {
		return h.transact(func(s *session) error {
			run, err := h.runRow(runID, runFile)
			if err != nil {
				return err
			}
			return h.insert(pool, run, done)
		})
	})
}

// BeginRun notes in the ledger at path that a run is carried out, so that what
// it has done is found even if its process dies, and takes over what its file
// holds already. EndRun takes over what is missing, and notes that it has
// ended. Both expect that all outcomes are durable.
func BeginRun(path string, pool HistoryPool, f *File) error { return takeRun(path, pool, f, false) }

// EndRun is the other end of BeginRun.
func EndRun(path string, pool HistoryPool, f *File) error { return takeRun(path, pool, f, true) }

func takeRun(path string, pool HistoryPool, f *File, ended bool) error {
	return writeHistory(path, func(h *History) error { return h.take(pool, f, ended) })
}

// writeHistory opens the ledger at path to write to it, alone.
func writeHistory(path string, do func(*History) error) error {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) { // and leave no lock where there is none
		return (&History{path: path}).wrap("opening it", err)
	}
	unlock, err := lockHistory(path)
	if err != nil {
		return err
	}
	defer unlock()
	h, err := OpenHistory(path)
	if err != nil {
		return err
	}
	return join(h.wrap("appending to it", do(h)), h.Close())
}

// transact commits what do writes, and nothing of it where that fails.
func (h *History) transact(do func(*session) error) error {
	if err := h.s.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := do(h.s)
	if err == nil {
		err = h.s.exec("COMMIT")
	}
	if err != nil {
		h.s.exec("ROLLBACK") // fails where SQLite has rolled back by itself
	}
	return err
}

func (h *History) runRow(runID, path string) (id int64, err error) {
	if abs, err := filepath.Abs(path); err == nil { // who asks may be in another folder
		path = abs
	}
	err = h.s.conn.QueryRowContext(background, `INSERT INTO run (run_id, path) VALUES (?, ?)
		ON CONFLICT (run_id) DO UPDATE SET path = excluded.path RETURNING id`, runID, path).Scan(&id)
	return id, err
}

// insert puts in what was done, of which the latest of a name and an action
// stays, with the latest sub that is known.
func (h *History) insert(pool HistoryPool, run int64, done []Deed) error {
	if len(done) == 0 {
		return nil
	}
	var id int64
	err := h.s.conn.QueryRowContext(background, `INSERT INTO pool (user_pool_id, port, changes) VALUES (?, ?, 1)
		ON CONFLICT DO UPDATE SET changes = changes + 1 RETURNING id`, pool.ID, pool.Port).Scan(&id)
	if err != nil {
		return err
	}
	stmt, err := h.s.conn.PrepareContext(background, `INSERT INTO done VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET
			sub = CASE WHEN excluded.done_at >= done_at THEN coalesce(excluded.sub, sub) ELSE coalesce(sub, excluded.sub) END,
			run = CASE WHEN excluded.done_at >= done_at THEN excluded.run ELSE run END,
			sum = CASE WHEN excluded.done_at >= done_at THEN excluded.sum ELSE sum END,
			done_at = max(done_at, excluded.done_at)`)
	if err != nil {
		return err
	}
	for i := range done {
		if err := h.insertOne(stmt, id, run, &done[i]); err != nil {
			return join(err, stmt.Close())
		}
	}
	_, err = h.s.conn.ExecContext(background, "UPDATE run SET taken = taken + ? WHERE id = ?", len(done), run)
	return join(err, stmt.Close())
}

func (h *History) insertOne(stmt *sql.Stmt, pool, run int64, d *Deed) error {
	var folded any
	if f := jobs.FoldName(d.Username); f != d.Username {
		folded = f
	}
	_, err := stmt.ExecContext(background, pool, d.Username, int64(d.Action), folded, packUUID(d.Sub), d.At.Unix(), run, h.sumOf(pool, d))
	return err
}

// takeBatch is how many outcomes of a run file are held at a time.
const takeBatch = 4096

// take takes over the outcomes of a run file, where it has others than it had
// when that was done last. What of a damaged file is readable counts; its
// damage is the error, once the rest is in.
func (h *History) take(pool HistoryPool, f *File, ended bool) error {
	info, err := f.Info()
	if err != nil {
		return err
	}
	count, err := f.Count()
	if err != nil {
		return err
	}
	var damage error
	err = h.transact(func(s *session) error {
		run, err := h.runRow(info.RunID, f.real)
		if err != nil {
			return err
		}
		var taken int64
		if err := s.conn.QueryRowContext(background, "SELECT taken FROM run WHERE id = ?", run).Scan(&taken); err != nil {
			return err
		}
		oks := count.ByOutcome[runner.OK]
		if taken != oks {
			if damage, err = h.takeAll(pool, run, f); err != nil {
				return err
			}
		}
		_, err = s.conn.ExecContext(background, "UPDATE run SET taken = ?, ended = ? WHERE id = ?", oks, ended, run)
		return err
	})
	return join(err, damage)
}

func (h *History) takeAll(pool HistoryPool, run int64, f *File) (damage, err error) {
	batch := make([]Deed, 0, takeBatch)
	for r, err := range f.Results() {
		switch {
		case err != nil && !errors.Is(err, ErrDamaged):
			return damage, err
		case err != nil && damage == nil:
			damage = err
		case err == nil && WasDone(&r):
			batch = append(batch, DeedOf(&r))
		}
		if len(batch) == takeBatch {
			if err := h.insert(pool, run, batch); err != nil {
				return damage, err
			}
			batch = batch[:0]
		}
	}
	return damage, h.insert(pool, run, batch)
}

// WasDone reports whether a result counts as done: its action is ok, and its reader
// has the password that it set, as far as there is somebody to be told.
func WasDone(r *runner.Result) bool { return r.Outcome == runner.OK && concluded(r) }

// DeedOf is what a result that is done says.
func DeedOf(r *runner.Result) Deed {
	return Deed{Username: r.Username, Sub: r.Sub, Action: r.Action, At: r.FinishedAt}
}
