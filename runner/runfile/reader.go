package runfile

import (
	"cmp"
	"database/sql"

	"cogpass/runner"
)

// reader reads blocks of tasks on a connection of its own, so that a long
// sequence never waits for a commit.
type reader struct {
	session                   *session
	beginTx, endTx            *sql.Stmt
	nextBlock, blockRow       *sql.Stmt
	tasks, outcomes, attempts *sql.Stmt
	sights, steps, candidates *sql.Stmt
	seals                     *sql.Stmt
	keep                      func(*entry, Candidate) // is given what block reads of passwords; or nil
	textByID                  *sql.Stmt
	texts                     map[int64]string
	textBytes                 int               // of texts
	shared                    map[string]string // the client metadata read last
	json                      string            // its encoding
	page                      []entry
	encoded                   []byte
	pinned                    bool // in a transaction that outlasts begin and end
}

func newReader(db *sql.DB) (*reader, error) {
	p, err := newSession(db)
	if err != nil {
		return nil, err
	}
	r := &reader{
		session:    p,
		beginTx:    p.stmt("BEGIN"),
		endTx:      p.stmt("ROLLBACK"),
		nextBlock:  p.stmt("SELECT id FROM block WHERE id > ? AND (ended < tasks OR ? AND failed > 0 OR ? AND unknown > 0 OR ? AND beside > 0) ORDER BY id LIMIT 1"),
		blockRow:   p.stmt("SELECT tasks, sum, ended, steps, made FROM block WHERE id = ?"),
		tasks:      p.stmt(selectTasks),
		outcomes:   p.stmt(selectOutcomes),
		sights:     p.stmt(selectSights),
		steps:      p.stmt(selectSteps + " WHERE seq > ? AND seq <= ?"),
		candidates: p.stmt(selectCandidates),
		seals:      p.stmt(selectSeal),
		attempts:   p.stmt(selectAttempts + " WHERE seq > ? AND seq <= ?"),
		textByID:   p.stmt("SELECT text FROM text WHERE id = ?"),
		texts:      map[int64]string{},
	}
	if p.err != nil {
		return nil, join(p.err, p.close())
	}
	return r, nil
}

// close closes the connection; a pinned reader is somebody else's to close.
func (r *reader) close() error {
	if r.pinned {
		return nil
	}
	return r.session.close()
}

// begin and end stand around what is to be seen at one moment.
func (r *reader) begin() error {
	if r.pinned {
		return nil
	}
	_, err := r.beginTx.ExecContext(background)
	return err
}

func (r *reader) end() error {
	if r.pinned {
		return nil
	}
	_, err := r.endTx.ExecContext(background)
	return err
}

// block reads a block whole and checks it. It returns what could be read,
// also with an error. What it returns is valid until the next call.
func (r *reader) block(id int64) ([]entry, error) {
	first, last := id*blockSize, (id+1)*blockSize
	var planned, written, ended, steps, made int64
	found := false
	err := each(r.blockRow, func(f fields) error {
		planned, written, ended, steps, made, found = f.int(0), f.int(1), f.int(2), f.int(3), f.int(4), true
		return nil
	}, id)
	if err == nil && (!found || planned > blockSize) {
		err = damaged("its block %d is missing", id)
	}
	if err != nil {
		return nil, err
	}
	r.page = r.page[:0]
	err = each(r.tasks, func(f fields) error {
		r.page = append(r.page, taskEntry(f))
		return nil
	}, first, last)
	if err == nil && !inOrder(r.page, first, planned) {
		err = damaged("of its tasks %d to %d, some are missing", first+1, first+planned)
	}
	if err != nil {
		return nil, err
	}
	err = join(r.blockSights(first, last), r.blockEntries(first, last, ended), r.blockSteps(first, last, steps), r.blockMade(first, last, made, r.keep))
	var unresolved error
	for i := range r.page {
		e := &r.page[i]
		if seq := first + 1 + int64(i); e.task.Seq != seq || e.task.Username == "" {
			e.fault = damaged("task %d is not as it was planned", seq)
		} else if e.fault == nil {
			e.fault = r.resolve(e)
		}
		unresolved = cmp.Or(unresolved, e.fault)
	}
	err = join(err, unresolved)
	if err = join(err, r.checkTasks(first, written), r.checkRows()); err != nil {
		return r.page, err
	}
	for i := range r.page {
		if a := r.page[i].task.Action; !a.Known() {
			return r.page, unknownAction(a)
		}
	}
	return r.page, nil
}

func inOrder(page []entry, first, planned int64) bool {
	return int64(len(page)) == planned && (planned == 0 || page[0].task.Seq == first+1 && page[planned-1].task.Seq == first+planned)
}

// blockEntries reads what happened to the tasks of the page.
func (r *reader) blockEntries(first, last, ended int64) error {
	var outcomes, before int64
	err := each(r.outcomes, func(f fields) error {
		e, err := r.at(f.int(0) - first)
		if err == nil && f.int(0) <= before {
			err = damaged("the outcome of task %d is out of order", f.int(0))
		}
		if err == nil {
			e.takeOutcome(f)
			outcomes, before = outcomes+1, f.int(0)
			if e.result.Outcome == runner.Pending { // which no row says
				err = damaged("the outcome of task %d is none", f.int(0))
			}
		}
		return err
	}, first, last)
	if err != nil {
		return err
	}
	if outcomes != ended {
		return damaged("of its tasks %d to %d, %d have ended and %d have an outcome", first+1, last, ended, outcomes)
	}
	return each(r.attempts, func(f fields) error {
		e, err := r.at(f.int(0) - first)
		if err == nil {
			r.encoded = e.takeAttempt(f, r.encoded)
		}
		return err
	}, first, last)
}

func (r *reader) blockSights(first, last int64) error {
	return each(r.sights, func(f fields) error {
		e, err := r.at(f.int(0) - first)
		if err == nil {
			err = r.takeSight(e, f)
		}
		return err
	}, first, last)
}

func (r *reader) blockSteps(first, last, written int64) error {
	steps := int64(0)
	err := each(r.steps, func(f fields) error {
		e, err := r.at(f.int(0) - first)
		if err == nil {
			steps++
			err = r.takeStep(e, f)
		}
		return err
	}, first, last)
	if err == nil && steps != written {
		err = damaged("of its tasks %d to %d, %d steps have ended and %d are there", first+1, last, written, steps)
	}
	return err
}

// at returns the n-th entry of the page, from 1.
func (r *reader) at(n int64) (*entry, error) {
	if n < 1 || n > int64(len(r.page)) {
		return nil, damaged("there is a row for a task that is not in the plan")
	}
	return &r.page[n-1], nil
}
