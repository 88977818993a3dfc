package runfile

import (
	"database/sql"

	"cogpass/jobs"
	"cogpass/runner"
)

// looks are the short queries, on a connection of their own.
type looks struct {
	session                 *session
	owned                   bool
	info, attempts, control *sql.Stmt
	samples, approvals      *sql.Stmt
}

func newLooks(p *session, owned bool) (*looks, error) {
	l := &looks{
		session:   p,
		owned:     owned,
		info:      p.stmt(selectInfo),
		attempts:  p.stmt(selectAttemptSums),
		control:   p.stmt(selectControl),
		samples:   p.stmt(selectSamples + " ORDER BY at"),
		approvals: p.stmt(selectApprovals),
	}
	if p.err != nil {
		return nil, join(p.err, l.close())
	}
	return l, nil
}

func (l *looks) close() error {
	if !l.owned {
		return nil
	}
	return l.session.close()
}

// look calls do with the short queries, one caller at a time.
func (f *File) look(do func(*looks) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.looks == nil {
		l, err := f.newLooks()
		if err != nil {
			return f.wrapRead(err)
		}
		f.looks = l
	}
	return f.wrapRead(do(f.looks))
}

func (f *File) newLooks() (*looks, error) {
	if f.frozen != nil {
		return newLooks(f.frozen.session, false)
	}
	s, err := newSession(f.db)
	if err != nil {
		return nil, err
	}
	return newLooks(s, true)
}

// Info describes the run, as it is at this moment.
func (f *File) Info() (Info, error) {
	var info Info
	err := f.look(func(l *looks) (err error) {
		if info, err = readInfo(l.info); err == nil {
			info.Approvals, err = readApprovals(l.approvals)
		}
		return err
	})
	return info, err
}

const selectAttemptSums = "SELECT coalesce(sum(attempts), 0), coalesce(sum(throttled), 0), count(DISTINCT CASE WHEN NOT answered THEN seq END) FROM attempt"

// Count says how far the run is, as of what is durable. It costs the same
// for any number of tasks.
func (f *File) Count() (c Counts, err error) {
	err = f.look(func(l *looks) (err error) {
		c, err = readCounts(l.session.conn, l.attempts)
		return err
	})
	return c, err
}

func readCounts(conn *sql.Conn, attempts *sql.Stmt) (Counts, error) {
	c := Counts{ByOutcome: map[runner.Outcome]int64{}, ByAction: map[jobs.Action]map[runner.Outcome]int64{}}
	p, err := readProgress(conn.QueryRowContext(background, selectProgress))
	if err != nil {
		return c, err
	}
	for _, t := range p.tallies {
		if c.ByAction[t.action] == nil {
			c.ByAction[t.action] = map[runner.Outcome]int64{}
		}
		c.Tasks += t.tasks
		c.ByOutcome[t.outcome] += t.tasks
		c.ByAction[t.action][t.outcome] += t.tasks
		c.Requests += t.requests
		c.Throttled += t.throttled
	}
	c.addSteps(&p)
	return c, each(attempts, func(row fields) error {
		c.Requests += row.int(0)
		c.Throttled += row.int(1)
		c.InDoubt = row.int(2)
		return nil
	})
}
