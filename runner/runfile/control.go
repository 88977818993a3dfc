package runfile

import (
	"database/sql"
	"errors"
	"math"
	"path/filepath"
	"time"
)

// Control returns what another process has asked of the run. It is cheap
// enough to be asked several times a second.
func (f *File) Control() (Control, error) {
	var c Control
	err := f.look(func(l *looks) error { return scanControl(l.control, &c) })
	return c, err
}

const selectControl = "SELECT rate, paused, changed_at FROM control"

func scanControl(stmt *sql.Stmt, c *Control) error {
	return each(stmt, func(row fields) error {
		*c = Control{Paused: row.int(1) != 0, ChangedAt: fromMillis(row.int(2))}
		c.Rate, _ = row[0].(float64)
		return nil
	})
}

// ChangeControl changes what a run is asked for, also one that another
// process carries out, which it does not disturb, and notes when. It takes no
// lock but for the moment of its commit.
func ChangeControl(path string, change func(*Control)) error {
	return wrap(path, "changing what the run is asked for", changeControl(path, change))
}

func changeControl(path string, change func(*Control)) (err error) {
	if err := mustBeFile(path); err != nil {
		return err
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	if s := seen(real); s.foreign() {
		return s.missing()
	}
	use(real, 1)
	defer use(real, -1)
	db, err := open(real, "mode=rw", "busy_timeout(10000)", "synchronous(full)")
	if err != nil {
		return err
	}
	defer func() { err = join(err, db.Close()) }()
	s, err := newSession(db)
	if err != nil {
		return err
	}
	defer func() { err = join(err, s.close()) }()
	if err := checkHeader(s.conn); err != nil {
		return err
	}
	if err := s.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	stmt := s.stmt(selectControl)
	if s.err != nil {
		return s.err
	}
	var c Control
	if err := scanControl(stmt, &c); err != nil {
		return err
	}
	change(&c)
	if math.IsNaN(c.Rate) || c.Rate < 0 {
		return errors.New("a rate is a number above 0")
	}
	if err := s.exec("UPDATE control SET rate = ?, paused = ?, changed_at = ?", c.Rate, c.Paused, time.Now().UnixMilli()); err != nil {
		return err
	}
	return s.exec("COMMIT")
}
