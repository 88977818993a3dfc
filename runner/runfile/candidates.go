package runfile

import (
	"database/sql"
	"encoding/binary"
	"iter"
	"time"

	"cogpass/runner"
)

// Candidate is a generated password that may be a user's, as the run file keeps it.
type Candidate struct {
	Seq      int64
	Username string
	Version  string
	Outcome  runner.Outcome // of the task
	Sealed   Sealed         // it is among these; ID is 0 where another store has it
	MadeAt   time.Time
}

// candidateStatements are the SQL of generated passwords.
type candidateStatements struct {
	any          bool // there may be rows: a plain run pays nothing for them
	add, set     bulk
	state        *sql.Stmt
	forget, drop *sql.Stmt
	seal         *sql.Stmt
	seals        int64 // the highest ID
	rows         []any // of add and set
	theirs       []madeOf
}

// madeOf is which password a task is over with.
type madeOf struct {
	seq     int64
	version any
}

func (c *candidateStatements) prepare(p *session) error {
	*c = candidateStatements{
		add:    bulk{session: p, head: "INSERT INTO candidate VALUES ", columns: 6, tail: " ON CONFLICT DO NOTHING RETURNING seq"},
		set:    bulk{session: p, head: "WITH these(task, password) AS (VALUES ", columns: 2, tail: ") UPDATE candidate SET state = (version = password) * 2, sum = sum + (version = password) * 2 - state FROM these WHERE seq = task"},
		state:  p.stmt("UPDATE candidate SET state = ?3, sum = sum + ?3 - state WHERE seq = ?1 AND version = ?2 AND state <> ?3"),
		forget: p.stmt("UPDATE candidate SET state = 0, sum = sum - state WHERE seq = ?"),
		drop:   p.stmt("DELETE FROM candidate WHERE seq = ? AND version <> ?"),
		seal:   p.stmt("INSERT INTO seal VALUES (?, ?, ?)"),
	}
	if p.err != nil {
		return p.err
	}
	return p.conn.QueryRowContext(background, "SELECT EXISTS (SELECT 1 FROM candidate), (SELECT coalesce(max(id), 0) FROM seal)").Scan(&c.any, &c.seals)
}

// writeMade takes down the passwords of attempts that are about to be sent: those
// that are new, and that the others are tried.
func (s *statements) writeMade(attempts []runner.Intent, sealed seals) error {
	c := &s.candidates
	defer func() { c.rows = c.rows[:0] }() // settleMade begins with none
	for n := range attempts {
		i := &attempts[n]
		if i.Version == "" || i.Step == runner.Check {
			continue
		}
		c.any = true
		seal, made, state := c.sealOf(sealed, n), time.Now().UnixNano(), int64(stateOf(i))
		var check int64
		check, s.encoded = sumCandidate(s.encoded, i.Seq, i.Version, made, seal)
		c.rows = append(c.rows, i.Seq, packUUID(i.Version), made, state, nullID(seal), check+state)
	}
	added := make(map[int64]bool, len(c.rows)/c.add.columns)
	err := c.add.query(c.rows, func(f fields) error {
		added[f.int(0)] = true
		s.change(f.int(0), func(b *blockDelta) { b.made++ })
		return nil
	})
	if err != nil {
		return err
	}
	used := make([]bool, len(sealed.sealed))
	for n := range attempts {
		i := &attempts[n]
		switch {
		case i.Version == "" || i.Step == runner.Check:
		case added[i.Seq]:
			if c.sealOf(sealed, n) > 0 {
				used[sealed.of[n]-1] = true
			}
		case stateOf(i) != runner.NotSet:
			if _, err := c.state.ExecContext(background, i.Seq, packUUID(i.Version), int64(stateOf(i))); err != nil {
				return err
			}
		}
	}
	return s.writeSeals(sealed, used)
}

// stateOf is the state of a password once the attempt that carries it is sent.
func stateOf(i *runner.Intent) runner.MadeState {
	if i.Step == runner.Prepare {
		return runner.NotSet
	}
	return runner.Tried
}

// sealOf is the ID that the sealing of an attempt's password is to have, or 0.
func (c *candidateStatements) sealOf(sealed seals, attempt int) int64 {
	if sealed.of == nil || sealed.of[attempt] == 0 {
		return 0
	}
	return c.seals + int64(sealed.of[attempt])
}

// writeStates takes down what answered attempts tell of passwords.
func (s *statements) writeStates(answered []runner.Intent) error {
	for n := range answered {
		for _, m := range answered[n].Made {
			if _, err := s.candidates.state.ExecContext(background, answered[n].Seq, packUUID(m.Version), int64(m.State)); err != nil {
				return err
			}
		}
	}
	return nil
}

// settleMade takes down which password it was, or that it was none, of actions
// that have ended. Where that leaves nothing to be told to anybody, the others go.
func (s *statements) settleMade(seq int64, outcome runner.Outcome, version string, over bool) error {
	c := &s.candidates
	switch {
	case !c.any:
	case outcome == runner.OK && version != "":
		c.rows = append(c.rows, seq, packUUID(version))
		if over {
			c.theirs = append(c.theirs, madeOf{seq, packUUID(version)})
		}
	case outcome == runner.Failed:
		if _, err := c.forget.ExecContext(background, seq); err != nil || !over {
			return err
		}
		kept := packUUID(version)
		if kept == nil {
			kept = []byte{} // nothing is equal to null, nor is it not
		}
		return s.dropOthers(madeOf{seq, kept})
	}
	return nil
}

// settleAll is what settleMade has left to be done for all at once.
func (s *statements) settleAll() error {
	c := &s.candidates
	defer func() { c.rows, c.theirs = c.rows[:0], c.theirs[:0] }()
	marked, err := c.set.change(c.rows)
	if err != nil || marked == int64(len(c.rows)/c.set.columns) { // as it nearly always is: no task has others
		return err
	}
	for _, of := range c.theirs {
		if err := s.dropOthers(of); err != nil {
			return err
		}
	}
	return nil
}

func (s *statements) dropOthers(of madeOf) error {
	gone, err := s.candidates.drop.ExecContext(background, of.seq, of.version)
	if err != nil {
		return err
	}
	n, err := gone.RowsAffected()
	if n > 0 {
		s.change(of.seq, func(b *blockDelta) { b.made -= n })
	}
	return err
}

// concluded reports whether nobody has to be told any more which password of a
// task it was.
func concluded(r *runner.Result) bool {
	for i := range r.Beside {
		if s := &r.Beside[i]; s.Step == runner.Conclude && s.Outcome != runner.OK {
			return false
		}
	}
	return true
}

// sumCandidate covers a row of candidate, but for its state, which is added.
func sumCandidate(b []byte, seq int64, version string, made, seal int64) (int64, []byte) {
	b = binary.AppendVarint(binary.AppendVarint(b[:0], seq), made)
	b = binary.AppendVarint(appendText(b, version), seal)
	return sum(b), b
}

const selectCandidates = "SELECT seq, version, made_at, state, seal, sum FROM candidate WHERE seq > ? AND seq <= ? ORDER BY seq, made_at"

// blockMade reads the generated passwords of the page; keep also gives them, if
// it is not nil.
func (r *reader) blockMade(first, last, written int64, keep func(*entry, Candidate)) error {
	n := int64(0)
	err := each(r.candidates, func(f fields) error {
		e, err := r.at(f.int(0) - first)
		if err != nil {
			return err
		}
		n++
		c := Candidate{Seq: f.int(0), Version: f.uuid(1), MadeAt: fromNanos(f.int(2))}
		c.Sealed.ID = f.int(4)
		var check int64
		check, r.encoded = sumCandidate(r.encoded, c.Seq, c.Version, f.int(2), c.Sealed.ID)
		if state := f.int(3); check+state != f.int(5) || state < 0 || state > int64(runner.Set) {
			e.fault = damaged("a password of task %d does not match its sum", c.Seq)
		} else {
			e.made = append(e.made, runner.Made{Version: c.Version, State: runner.MadeState(state)})
			if runner.MadeState(state) == runner.Set && e.result.Outcome == runner.OK {
				e.result.Version = c.Version
			}
		}
		if keep != nil {
			keep(e, c)
		}
		return nil
	}, first, last)
	if err == nil && n != written {
		err = damaged("of the passwords of its tasks %d to %d, %d were made and %d are there", first+1, last, written, n)
	}
	return err
}

// Candidates returns the generated passwords that are a user's, of tasks that are
// ok, or may be, of those that are unknown: all of them. They come in order of
// Seq, and for one task in the order in which they were made. Damage is told as
// Results tells it.
func (f *File) Candidates() iter.Seq2[Candidate, error] {
	return func(yield func(Candidate, error) bool) {
		r, err := f.reader()
		if err != nil {
			yield(Candidate{}, f.wrapRead(err))
			return
		}
		defer r.close()
		if err := r.begin(); err != nil {
			yield(Candidate{}, f.wrapRead(err))
			return
		}
		defer r.end()
		info, err := f.Info()
		if err != nil && !yield(Candidate{}, err) {
			return
		}
		for id := int64(0); id*blockSize < info.Tasks; id++ {
			var found []Candidate
			r.keep = func(_ *entry, c Candidate) { found = append(found, c) }
			page, err := r.block(id)
			if err != nil && !yield(Candidate{}, f.wrapRead(err)) {
				return
			}
			together := map[int64]Sealed{}
			for _, c := range found {
				e := &page[c.Seq-id*blockSize-1]
				if c.Username, c.Outcome = e.task.Username, e.result.Outcome; e.fault != nil || !e.reveals(c.Version) {
					continue
				}
				if c, err = r.withSealed(c, together); !yield(c, f.wrapRead(err)) {
					return
				}
			}
		}
	}
}

// withSealed gives a password what it was sealed in, which together keeps for the
// others that were sealed with it.
func (r *reader) withSealed(c Candidate, together map[int64]Sealed) (Candidate, error) {
	id := c.Sealed.ID
	if id == 0 {
		return c, nil
	}
	s, read := together[id]
	if !read {
		var err error
		if s, err = r.sealFrom(id); err != nil {
			return c, err
		}
		together[id] = s
	}
	if s.ID != id || s.Bytes == nil {
		return c, damaged("the sealed password of task %d is not as it was", c.Seq)
	}
	c.Sealed = s
	return c, nil
}

// reveals reports whether a password of the task is to be shown to its reader.
func (e *entry) reveals(version string) bool {
	for _, m := range e.made {
		if m.Version == version {
			return e.result.Outcome == runner.OK && m.State == runner.Set || e.result.Outcome == runner.Unknown && m.State == runner.Tried
		}
	}
	return false
}

// lostMade stands for passwords that a file has lost which is not whole.
var lostMade = runner.Made{State: runner.Tried}
