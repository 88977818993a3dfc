package runfile

import (
	"database/sql"
	"errors"

	"cogpass/jobs"
	"cogpass/runner"
)

// looks are the short queries, on a connection of their own.
type looks struct {
	session                        *session
	owned                          bool
	info, tally, attempts, control *sql.Stmt
}

func newLooks(p *session, owned bool) (*looks, error) {
	l := &looks{
		session:  p,
		owned:    owned,
		info:     p.stmt(selectInfo),
		tally:    p.stmt("SELECT action, outcome, tasks, requests, throttled FROM tally"),
		attempts: p.stmt("SELECT coalesce(sum(attempts), 0), coalesce(sum(throttled), 0), coalesce(sum(NOT answered), 0) FROM attempt"),
		control:  p.stmt(selectControl),
	}
	if p.err != nil {
		return nil, errors.Join(p.err, l.close())
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
		info, err = readInfo(l.info)
		return err
	})
	return info, err
}

// Count says how far the run is, as of what is durable. It costs the same
// for any number of tasks.
func (f *File) Count() (Counts, error) {
	c := Counts{ByOutcome: map[runner.Outcome]int64{}, ByAction: map[jobs.Action]map[runner.Outcome]int64{}}
	err := f.look(func(l *looks) error {
		err := each(l.tally, func(row fields) error {
			action, outcome, n := jobs.Action(row.int(0)), runner.Outcome(row.int(1)), row.int(2)
			if action < jobs.SetTemporary || action > jobs.Reset || outcome > runner.Unknown {
				return damaged("it counts tasks of a kind that there is not")
			}
			if c.ByAction[action] == nil {
				c.ByAction[action] = map[runner.Outcome]int64{}
			}
			c.Tasks += n
			c.ByOutcome[outcome] += n
			c.ByAction[action][outcome] += n
			c.Requests += row.int(3)
			c.Throttled += row.int(4)
			return nil
		})
		if err != nil {
			return err
		}
		return each(l.attempts, func(row fields) error {
			c.Requests += row.int(0)
			c.Throttled += row.int(1)
			c.InDoubt = row.int(2)
			return nil
		})
	})
	return c, err
}
