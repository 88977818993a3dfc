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
	any               bool // there may be rows: a plain run pays nothing for them
	add, state        *sql.Stmt
	set, forget, drop *sql.Stmt
	seal              *sql.Stmt
	seals             int64 // the highest ID
}

func (c *candidateStatements) prepare(p *session) error {
	*c = candidateStatements{
		add:    p.stmt("INSERT INTO candidate VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"),
		state:  p.stmt("UPDATE candidate SET state = ?3, sum = sum + ?3 - state WHERE seq = ?1 AND version = ?2 AND state <> ?3"),
		set:    p.stmt("UPDATE candidate SET state = (version = ?2) * 2, sum = sum + (version = ?2) * 2 - state WHERE seq = ?1"),
		forget: p.stmt("UPDATE candidate SET state = 0, sum = sum - state WHERE seq = ?"),
		drop:   p.stmt("DELETE FROM candidate WHERE seq = ? AND version <> ?"),
		seal:   p.stmt("INSERT INTO seal VALUES (?, ?, ?)"),
	}
	if p.err != nil {
		return p.err
	}
	return p.conn.QueryRowContext(background, "SELECT EXISTS (SELECT 1 FROM candidate), (SELECT coalesce(max(id), 0) FROM seal)").Scan(&c.any, &c.seals)
}

// writeMade takes down the passwords of attempts that are about to be sent.
func (s *statements) writeMade(attempts []runner.Intent, sealed seals) error {
	used := make([]bool, len(sealed.sealed))
	for n := range attempts {
		i := &attempts[n]
		if i.Version == "" || i.Step == runner.Check {
			continue
		}
		s.candidates.any = true
		state := runner.Tried
		if i.Step == runner.Prepare {
			state = runner.NotSet
		}
		var seal int64
		if sealed.of != nil && sealed.of[n] > 0 {
			seal = s.candidates.seals + int64(sealed.of[n])
		}
		made := time.Now().UnixNano()
		var check int64
		check, s.encoded = sumCandidate(s.encoded, i.Seq, i.Version, made, seal)
		added, err := s.candidates.add.ExecContext(background, i.Seq, packUUID(i.Version), made, int64(state), nullID(seal), check+int64(state))
		if err != nil {
			return err
		}
		if rows, err := added.RowsAffected(); err != nil {
			return err
		} else if rows > 0 {
			s.change(i.Seq, func(b *blockDelta) { b.made++ })
			if seal > 0 {
				used[sealed.of[n]-1] = true
			}
		} else if _, err := s.candidates.state.ExecContext(background, i.Seq, packUUID(i.Version), int64(state)); state != runner.NotSet && err != nil {
			return err
		}
	}
	return s.writeSeals(sealed, used)
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

// settleMade takes down which password it was, or that it was none, of an action
// that has ended. Where that leaves nothing to be told to anybody, the others go.
func (s *statements) settleMade(seq int64, outcome runner.Outcome, version string, over bool) (err error) {
	switch {
	case !s.candidates.any:
		return nil
	case outcome == runner.OK && version != "":
		_, err = s.candidates.set.ExecContext(background, seq, packUUID(version))
	case outcome == runner.Failed:
		_, err = s.candidates.forget.ExecContext(background, seq)
	default:
		return nil
	}
	if err != nil || !over {
		return err
	}
	kept := packUUID(version)
	if version == "" {
		kept = []byte{} // nothing is equal to null, nor is it not
	}
	gone, err := s.candidates.drop.ExecContext(background, seq, kept)
	if err != nil {
		return err
	}
	n, err := gone.RowsAffected()
	if n > 0 {
		s.change(seq, func(b *blockDelta) { b.made -= n })
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
