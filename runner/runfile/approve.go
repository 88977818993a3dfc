package runfile

import (
	"database/sql"
	"time"
)

// Approve records that somebody has approved the plan of that digest, and is
// durable when it returns nil. Whether that is this plan is the caller's to see.
func (f *File) Approve(who, digest string, at time.Time) error {
	a := Approval{Who: who, Digest: digest, At: fromMillis(millis(at))}
	return f.update(func(s *session) error {
		return s.exec("INSERT INTO approval (at, who, digest, sum) VALUES (?, ?, ?, ?)", millis(a.At), a.Who, a.Digest, sumApproval(&a))
	})
}

const selectApprovals = "SELECT at, who, digest, sum FROM approval ORDER BY id"

func readApprovals(stmt *sql.Stmt) (all []Approval, err error) {
	err = each(stmt, func(f fields) error {
		a := Approval{Who: f.text(1), Digest: f.text(2), At: fromMillis(f.int(0))}
		if sumApproval(&a) != f.int(3) {
			return damaged("an approval does not match its sum")
		}
		all = append(all, a)
		return nil
	})
	return all, err
}
