package runfile

import (
	"database/sql"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

// statements are the SQL of one commit.
type statements struct {
	begin, commit *sql.Stmt
	setBlock      *sql.Stmt
	setProgress   *sql.Stmt
	setAttempts   bulk
	endAttempts   bulk
	addOutcomes   bulk
	takeBack      *sql.Stmt
	steps         stepStatements
	candidates    candidateStatements
	samples       samples
	words         *words
	progress      progress // nobody else writes it

	args, ended []any // for their memory
	encoded     []byte
	blocks      map[int64]blockDelta
}

type blockDelta struct{ ended, failed, unknown, beside, steps, made int64 }

func (s *statements) prepare(p *session) (err error) {
	*s = statements{
		begin:       p.stmt("BEGIN IMMEDIATE"),
		commit:      p.stmt("COMMIT"),
		setBlock:    p.stmt("UPDATE block SET ended = ended + ?, failed = failed + ?, unknown = unknown + ?, beside = beside + ?, steps = steps + ?, made = made + ? WHERE id = ?"),
		setProgress: p.stmt("UPDATE run SET commits = ?, look_first = ?, counts = ?, steps = ?, beside = ?, sum = ?"),
		setAttempts: bulk{session: p, head: "INSERT OR REPLACE INTO attempt VALUES ", columns: 9},
		endAttempts: bulk{session: p, head: "DELETE FROM attempt WHERE seq IN (VALUES ", tail: ")", columns: 1},
		addOutcomes: bulk{session: p, head: "INSERT INTO outcome VALUES ", columns: 13},
		takeBack:    p.stmt(takeBackOutcome),
		samples:     samples{session: p},
		words:       newWords(p),
		blocks:      map[int64]blockDelta{},
	}
	if err := s.steps.prepare(p); err != nil {
		return err
	}
	if err := s.candidates.prepare(p); err != nil {
		return err
	}
	s.progress, err = readProgress(p.conn.QueryRowContext(background, selectProgress))
	return err
}

// write puts a group into the transaction that is open. What was answered
// and what ended comes first, because a task may begin again in the group in
// which its attempt ended.
func (s *statements) write(g *group, retry retry) error {
	if retry.failed || retry.unknown {
		if err := s.takeBackOutcomes(g, retry); err != nil {
			return err
		}
	}
	if err := s.writeAttempts(g.answered, true); err != nil {
		return err
	}
	if err := s.writeStates(g.answered); err != nil {
		return err
	}
	if err := s.writeEnded(g.ended); err != nil {
		return err
	}
	if err := s.writeResults(g.results); err != nil {
		return err
	}
	if err := s.settleAll(); err != nil {
		return err
	}
	if err := s.writeAttempts(g.begun, false); err != nil {
		return err
	}
	if err := s.writeMade(g.begun, g.sealed); err != nil {
		return err
	}
	if err := s.samples.write(g.samples); err != nil {
		return err
	}
	if err := s.writeBlocks(); err != nil {
		return err
	}
	s.progress.commits++
	return s.writeProgress()
}

func (s *statements) writeProgress() error {
	columns, err := s.progress.columns()
	if err == nil {
		_, err = s.setProgress.ExecContext(background, columns...)
	}
	return err
}

func (s *statements) writeAttempts(attempts []runner.Intent, answered bool) error {
	if len(attempts) == 0 {
		return nil
	}
	flag := int64(0)
	if answered {
		flag = 1
	}
	s.args = s.args[:0]
	for n := range attempts {
		i := &attempts[n]
		var check int64
		check, s.encoded = sumIntent(s.encoded, i, answered)
		s.args = append(s.args, i.Seq, int64(i.Step), int64(i.Attempts), int64(i.Throttled), nanos(i.StartedAt), nanos(i.Began), int64(i.Slack), flag, check)
	}
	return s.setAttempts.exec(s.args)
}

func (s *statements) writeResults(results []runner.Result) error {
	s.args, s.ended = s.args[:0], s.ended[:0]
	for i := range results {
		r := &results[i]
		if err := s.appendResult(r); err != nil {
			return err
		}
		s.ended = append(s.ended, r.Seq)
		s.count(r.Seq, r.Action, r.Outcome, 1, int64(r.Attempts), int64(r.Throttled))
		if err := s.writeBeside(r); err != nil {
			return err
		}
		if err := s.settleMade(r.Seq, r.Outcome, r.Version, concluded(r)); err != nil {
			return err
		}
	}
	if err := s.addOutcomes.exec(s.args); err != nil {
		return err
	}
	return s.endAttempts.exec(s.ended)
}

func (s *statements) appendResult(r *runner.Result) error {
	code, err := s.words.id(r.Code)
	if err != nil {
		return err
	}
	reason, err := s.words.id(r.Reason)
	if err != nil {
		return err
	}
	status, err := s.words.id(string(r.StatusBefore))
	if err != nil {
		return err
	}
	var finished, duration any
	if !r.FinishedAt.IsZero() {
		finished = r.FinishedAt.UnixMilli()
		if !r.StartedAt.IsZero() {
			duration = r.FinishedAt.UnixMilli() - r.StartedAt.UnixMilli()
		}
	} else {
		r.StartedAt = time.Time{} // the start is kept as a distance from the finish
	}
	var check int64
	check, s.encoded = sumResult(s.encoded, r)
	s.args = append(s.args, r.Seq, int64(r.Outcome), int64(r.Attempts), int64(r.Throttled), code, reason,
		packUUID(r.RequestID), finished, duration, r.Latency.Microseconds(), status, packUUID(r.Sub), check)
	return nil
}

// count notes that n tasks of a kind have ended (n is 1 or -1).
func (s *statements) count(seq int64, action jobs.Action, outcome runner.Outcome, n, requests, throttled int64) {
	s.progress.add(tally{action, runner.Pending, -n, 0, 0})
	s.progress.add(tally{action, outcome, n, requests, throttled})
	id := (seq - 1) / blockSize
	b := s.blocks[id]
	b.ended += n
	switch outcome {
	case runner.Failed:
		b.failed += n
	case runner.Unknown:
		b.unknown += n
	}
	s.blocks[id] = b
}

func (s *statements) writeBlocks() error {
	for id, b := range s.blocks {
		if b == (blockDelta{}) {
			continue
		}
		if _, err := s.setBlock.ExecContext(background, b.ended, b.failed, b.unknown, b.beside, b.steps, b.made, id); err != nil {
			return err
		}
	}
	clear(s.blocks)
	return nil
}
