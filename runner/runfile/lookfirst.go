package runfile

import (
	"time"

	"cogpass/runner"
)

// lookFirst takes a file up that is not whole. From then on each task that has
// no attempt begun later is in doubt since the run began, those that a retry
// takes up among them; and the file has more commits than any mark.
func (w *writer) lookFirst(st *state) error {
	return w.transact(func(s *session) error {
		p := &w.sql.progress
		p.commits = max(p.commits, st.newest()+1)
		p.lookFirst = time.Now().UnixMilli()
		began, err := runBegan(s)
		if err != nil {
			return err
		}
		var attempts []runner.Intent
		stmt := s.stmt(selectAttempts)
		if s.err != nil {
			return s.err
		}
		err = each(stmt, func(f fields) error {
			i, _, _, err := intentOfRow(f, nil)
			if err == nil && i.Step != runner.Enable { // or it would hide that the action may have been sent too
				i.Began, i.Slack = began, clockSlack
				attempts = append(attempts, *i)
			}
			return err
		})
		if err == nil {
			err = s.exec("DELETE FROM attempt WHERE step = ?", int64(runner.Enable))
		}
		if err == nil {
			err = w.sql.writeAttempts(attempts, false)
		}
		if err == nil {
			err = w.sql.writeProgress()
		}
		return err
	})
}

// runBegan returns when a run began at the earliest. What it has lost may
// include the note of its beginning; then it is when the plan was made.
func runBegan(s *session) (time.Time, error) {
	stmt := s.stmt(selectInfo)
	if s.err != nil {
		return time.Time{}, s.err
	}
	info, err := readInfo(stmt)
	if info.StartedAt.IsZero() {
		return info.CreatedAt, err
	}
	return info.StartedAt, err
}

// lostSince returns when the file was last taken up though it was not whole,
// or 0, and when its run began.
func (r *reader) lostSince() (lookFirst int64, began time.Time, err error) {
	p, err := readProgress(r.session.conn.QueryRowContext(background, selectProgress))
	if err != nil || p.lookFirst == 0 {
		return 0, time.Time{}, err
	}
	began, err = runBegan(r.session)
	return p.lookFirst, began, err
}

// lost returns what a task may have gone through that a file has lost, or nil:
// an attempt at any time since its run began. How far this machine's clock may
// have been off is bounded by the service, which takes no signature that is
// more than five minutes old. It is an attempt of the first step of which a
// repetition could do harm: a creation, which tells of the action after it too,
// or the action. done are the steps that are not to be done again.
func (e *entry) lost(lookFirst int64, began time.Time, done []runner.StepResult) *runner.Intent {
	t := &e.task
	if lookFirst == 0 || t.Skip != "" || t.Fail != "" || e.intent != nil ||
		e.result.Outcome != runner.Pending && millis(e.result.FinishedAt) >= lookFirst {
		return nil
	}
	step := runner.Act
	if t.Create != nil {
		step = runner.Create
	}
	for i := range done {
		switch {
		case done[i].Step == runner.Act, done[i].Step == runner.Create && millis(done[i].FinishedAt) >= lookFirst:
			return nil
		case done[i].Step == runner.Create:
			step = runner.Act
		}
	}
	i := &runner.Intent{Seq: t.Seq, Step: step, Attempts: 1, StartedAt: began, Began: began, Slack: clockSlack}
	if step == runner.Act {
		i.Attempts, i.Throttled = max(e.result.Attempts, 1), e.result.Throttled
	}
	return i
}

const clockSlack = 5 * time.Minute
