package runfile

import (
	"errors"
	"io/fs"
	"os"
)

// keepGone takes over from the ledger at path what runs have done whose files are
// not there any more: it is all that is left of them. It returns their paths. Of a
// ledger that cannot be read, nothing is left.
func (h *History) keepGone(path string) (gone []string, err error) {
	paths, err := runsOf(path, "")
	if err != nil {
		return nil, nil
	}
	for _, run := range paths {
		if _, err := os.Lstat(run); errors.Is(err, fs.ErrNotExist) {
			gone = append(gone, run)
		}
	}
	if len(gone) == 0 {
		return nil, nil
	}
	old, err := OpenHistory(path)
	if err != nil {
		return nil, nil
	}
	for _, run := range gone {
		if err = h.keepRun(old, run); err != nil {
			break
		}
	}
	return gone, join(err, old.Close())
}

// keepRun takes over what another ledger has of a run.
func (h *History) keepRun(old *History, path string) error {
	rows := old.s.stmt("SELECT " + doneColumns + `, user_pool_id, port, run_id FROM done JOIN pool ON pool.id = done.pool JOIN run ON run.id = done.run
		WHERE run.path = ? ORDER BY pool`)
	if old.s.err != nil {
		return old.s.err
	}
	return h.transact(func(s *session) error {
		var pool HistoryPool
		id, run := "", int64(0)
		var batch []Deed
		put := func() error {
			err := h.insert(pool, run, batch)
			batch = batch[:0]
			return err
		}
		err := each(rows, func(f fields) error {
			d, err := old.doneOf(f)
			if err != nil { // damaged
				return nil
			}
			if of := (HistoryPool{f.text(7), f.text(8)}); of != pool || len(batch) == takeBatch {
				if err := put(); err != nil {
					return err
				}
				pool = of
			}
			if id == "" {
				id = f.text(9)
				if run, err = h.runRow(id, path); err != nil {
					return err
				}
			}
			batch = append(batch, d)
			return nil
		}, path)
		if err = join(err, put()); err != nil || id == "" {
			return err
		}
		_, err = s.conn.ExecContext(background, "UPDATE run SET taken = 0, ended = 1 WHERE id = ?", run)
		return err
	})
}

// ofGone counts what the ledger has of runs at these paths.
func (h *History) ofGone(paths []string) (runs int, rows int64, err error) {
	for _, path := range paths {
		var n int64
		if err := h.s.conn.QueryRowContext(background, "SELECT count(*) FROM done JOIN run ON run.id = done.run WHERE run.path = ?", path).Scan(&n); err != nil {
			return runs, rows, h.wrap("reading it", err)
		}
		if n > 0 {
			runs, rows = runs+1, rows+n
		}
	}
	return runs, rows, nil
}
