package runfile

import (
	"database/sql"

	"cogpass/jobs"
	"cogpass/runner"
)

// endedStep is how a step of a task ended.
type endedStep struct {
	seq int64
	r   runner.StepResult
}

// stepStatements are the SQL of steps.
type stepStatements struct {
	any              bool // there may be rows: a plain run pays nothing for them
	add              bulk
	remove           *sql.Stmt
	of, fails        *sql.Stmt
	endAttempt, text *sql.Stmt
}

func (s *stepStatements) prepare(p *session) error {
	*s = stepStatements{
		add:        bulk{session: p, head: "INSERT INTO step VALUES ", columns: 12},
		remove:     p.stmt("DELETE FROM step WHERE seq = ? AND step = ? RETURNING outcome, attempts, throttled"),
		of:         p.stmt(selectSteps + " WHERE seq = ?"),
		fails:      p.stmt("SELECT 1 FROM step WHERE seq = ? AND step <> 0 AND outcome IN (2, 4) LIMIT 1"), // failed, unknown
		endAttempt: p.stmt("DELETE FROM attempt WHERE seq = ? AND step = ?"),
		text:       p.stmt("SELECT text FROM text WHERE id = ?"),
	}
	if p.err != nil {
		return p.err
	}
	return p.conn.QueryRowContext(background, "SELECT EXISTS (SELECT 1 FROM step)").Scan(&s.any)
}

// writeEnded takes down steps of tasks that go on.
func (s *statements) writeEnded(ended []endedStep) error {
	for i := range ended {
		e := &ended[i]
		if err := s.putStep(e.seq, &e.r); err != nil {
			return err
		}
		if e.r.Step == runner.Act {
			if err := s.settleMade(e.seq, e.r.Outcome, e.r.Version, false); err != nil {
				return err
			}
		}
		if _, err := s.steps.endAttempt.ExecContext(background, e.seq, int64(e.r.Step)); err != nil {
			return err
		}
	}
	return nil
}

// writeBeside takes down the steps beside the action of a task that has ended.
// Its outcome says how the action did.
func (s *statements) writeBeside(r *runner.Result) error {
	for i := range r.Beside {
		step := &r.Beside[i]
		if step.Step == runner.Act || !known(step.Step) || step.Outcome == runner.Pending {
			continue
		}
		if err := s.putStep(r.Seq, step); err != nil {
			return err
		}
	}
	if !s.steps.any {
		return nil
	}
	if err := s.removeStep(r.Seq, runner.Act); err != nil {
		return err
	}
	return s.countBeside(r.Seq, r.Outcome, 1)
}

// countBeside notes that n tasks more have ended with steps beside (n is 1 or
// -1), where one of these is neither ok nor skipped.
func (s *statements) countBeside(seq int64, outcome runner.Outcome, n int64) error {
	return each(s.steps.fails, func(fields) error {
		s.change(seq, func(b *blockDelta) { b.beside += n })
		if outcome == runner.OK || outcome == runner.Skipped {
			s.progress.beside += n
		}
		return nil
	}, seq)
}

// putStep writes how a step ended, in place of how it ended before.
func (s *statements) putStep(seq int64, r *runner.StepResult) error {
	s.steps.any = true
	if err := s.removeStep(seq, r.Step); err != nil {
		return err
	}
	code, err := s.words.id(r.Code)
	if err != nil {
		return err
	}
	reason, err := s.words.id(r.Reason)
	if err != nil {
		return err
	}
	var check int64
	check, s.encoded = sumStep(s.encoded, seq, r)
	s.countStep(seq, r.Step, r.Outcome, 1, int64(r.Attempts), int64(r.Throttled))
	return s.steps.add.exec([]any{seq, int64(r.Step), int64(r.Outcome), int64(r.Attempts), int64(r.Throttled), code, reason,
		packUUID(r.RequestID), nullMillis(r.StartedAt), nullMillis(r.FinishedAt), r.Latency.Microseconds(), check})
}

func (s *statements) removeStep(seq int64, step runner.Step) error {
	return each(s.steps.remove, func(f fields) error {
		s.countStep(seq, step, runner.Outcome(f.int(0)), -1, -f.int(1), -f.int(2))
		return nil
	}, seq, int64(step))
}

func (s *statements) countStep(seq int64, step runner.Step, outcome runner.Outcome, n, requests, throttled int64) {
	s.progress.addStep(stepTally{step, outcome, n, requests, throttled})
	s.change(seq, func(b *blockDelta) { b.steps += n })
}

const takeBackOutcome = `DELETE FROM outcome WHERE seq = ? RETURNING seq, outcome, attempts, throttled, code, reason, request_id, finished_at,
	duration_ms, latency_us, status_before, sub, sum, (SELECT action FROM task WHERE task.seq = outcome.seq)`

// takeBackOutcomes makes the tasks of the group pending again that a retry
// has taken up. What of them is not done again stays, the action among it.
func (s *statements) takeBackOutcomes(g *group, retry retry) error {
	for i := range g.results {
		if err := s.undo(g.results[i].Seq, retry); err != nil {
			return err
		}
	}
	for i := range g.ended {
		if err := s.undo(g.ended[i].seq, retry); err != nil {
			return err
		}
	}
	for i := range g.begun {
		if err := s.undo(g.begun[i].Seq, retry); err != nil {
			return err
		}
	}
	return nil
}

func (s *statements) undo(seq int64, retry retry) error {
	var e entry
	found := false
	err := each(s.takeBack, func(f fields) error {
		found = true
		e.takeOutcome(f)
		s.count(seq, jobs.Action(f.int(13)), e.result.Outcome, -1, -int64(e.result.Attempts), -int64(e.result.Throttled))
		return nil
	}, seq)
	if err != nil || !found || !s.steps.any {
		return err
	}
	if err := s.countBeside(seq, e.result.Outcome, -1); err != nil {
		return err
	}
	var beside []runner.StepResult
	err = each(s.steps.of, func(f fields) error {
		beside = append(beside, runner.StepResult{Step: runner.Step(f.int(1)), Outcome: runner.Outcome(f.int(2))})
		return nil
	}, seq)
	if err != nil {
		return err
	}
	return s.keep(seq, &e, beside, retry)
}

// keep leaves of a task that is pending again the steps that are not done again.
func (s *statements) keep(seq int64, e *entry, beside []runner.StepResult, retry retry) (err error) {
	act := e.acted()
	if act.Code, err = s.textOf(e.ids.code); err == nil {
		act.Reason, err = s.textOf(e.ids.reason)
	}
	done, _ := retry.left(act, beside)
	stays := map[runner.Step]bool{}
	for i := range done {
		stays[done[i].Step] = true
	}
	for i := range beside {
		if step := beside[i].Step; err == nil && !stays[step] {
			err = s.removeStep(seq, step)
		}
	}
	if err == nil && stays[runner.Act] {
		err = s.putStep(seq, &act)
	}
	return err
}

func (s *statements) textOf(id int64) (text string, err error) {
	if id == 0 {
		return "", nil
	}
	err = s.steps.text.QueryRowContext(background, id).Scan(&text)
	return text, err
}

// change changes what is to be added to the counts of a task's block.
func (s *statements) change(seq int64, change func(*blockDelta)) {
	id := (seq - 1) / blockSize
	b := s.blocks[id]
	change(&b)
	s.blocks[id] = b
}
