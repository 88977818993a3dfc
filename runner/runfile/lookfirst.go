package runfile

import (
	"time"

	"cogpass/runner"
)

// lookFirst takes a file up that is not whole. From then on each task that has
// no attempt begun later is in doubt since the run began, those that a retry
// takes up among them; and the file has more commits than any mark.
func (w *writer) lookFirst(st *state) error {
	return w.transact(nil, func(s *session) error {
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
			if err == nil {
				i.Began, i.Slack = began, clockSlack
				attempts = append(attempts, *i)
			}
			return err
		})
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

// mayHaveGone reports whether a task may have been sent by a commit that the
// file has lost.
func (e *entry) mayHaveGone(lookFirst int64) bool {
	if lookFirst == 0 || e.task.Excluded || e.intent != nil {
		return false
	}
	return e.result.Outcome == runner.Pending || millis(e.result.FinishedAt) < lookFirst
}
