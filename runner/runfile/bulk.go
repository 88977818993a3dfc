package runfile

import (
	"database/sql"
	"math/bits"
)

// bulk is one statement over many rows. It prepares a form for each power of
// two, so that any number of rows takes few statements, none of them parsed
// twice.
type bulk struct {
	session    *session
	head, tail string // around the rows, each of which is (?, …)
	columns    int
	forms      [7]*sql.Stmt // of 1, 2, 4, … 64 rows
}

// exec runs the statement over the rows that lie in args one after another.
func (b *bulk) exec(args []any) error {
	_, err := b.change(args)
	return err
}

// change is exec that returns how many rows it has changed.
func (b *bulk) change(args []any) (changed int64, err error) {
	err = b.each(args, func(stmt *sql.Stmt, args []any) error {
		result, err := stmt.ExecContext(background, args...)
		if err != nil {
			return err
		}
		n, err := result.RowsAffected()
		changed += n
		return err
	})
	return changed, err
}

// query is exec for a statement that returns rows.
func (b *bulk) query(args []any, do func(fields) error) error {
	return b.each(args, func(stmt *sql.Stmt, args []any) error { return each(stmt, do, args...) })
}

func (b *bulk) each(args []any, run func(*sql.Stmt, []any) error) error {
	for len(args) > 0 {
		k := min(bits.Len(uint(len(args)/b.columns))-1, len(b.forms)-1)
		if b.forms[k] == nil {
			b.forms[k] = b.session.stmt(b.head + placeholders(1<<k, b.columns) + b.tail)
			if b.session.err != nil {
				return b.session.err
			}
		}
		n := b.columns << k
		if err := run(b.forms[k], args[:n]); err != nil {
			return err
		}
		args = args[n:]
	}
	return nil
}
