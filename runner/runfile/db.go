package runfile

import (
	"context"
	"database/sql"
	"net/url"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver
)

// background is for SQL that must not be cut short: an interrupted statement
// would roll back what other tasks have recorded.
var background = context.Background()

// open returns the database at path, of which each connection is made with
// the pragmas given. It opens nothing yet.
func open(path, mode string, pragmas ...string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	slashed := filepath.ToSlash(abs)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // C:/runs/a.run is file:///C:/runs/a.run
	}
	query := url.Values{"_pragma": pragmas}
	name := url.URL{Scheme: "file", OmitHost: true, Path: slashed, RawQuery: mode + "&" + query.Encode()}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxIdleConns(0) // a connection that is closed is gone, and holds no lock
	return db, nil
}

// session is a connection and the statements prepared on it. These have to
// be closed one by one: database/sql does not, and SQLite keeps its locks for
// as long as one is left.
type session struct {
	conn  *sql.Conn
	stmts []*sql.Stmt
	err   error // the first that could not be prepared
}

func newSession(db *sql.DB) (*session, error) {
	conn, err := db.Conn(background)
	if err != nil {
		return nil, err
	}
	return &session{conn: conn}, nil
}

func (s *session) stmt(query string) *sql.Stmt {
	stmt, err := s.conn.PrepareContext(background, query)
	if err != nil {
		s.err = join(s.err, err)
		return nil
	}
	s.stmts = append(s.stmts, stmt)
	return stmt
}

func (s *session) exec(query string, args ...any) error {
	_, err := s.conn.ExecContext(background, query, args...)
	return err
}

func (s *session) close() error {
	var err error
	for _, stmt := range s.stmts {
		err = join(err, stmt.Close())
	}
	return join(err, s.conn.Close())
}

// fields is a row, read without the reflection that scanning into numbers
// costs.
type fields []any

func (f fields) int(i int) int64 {
	n, _ := f[i].(int64)
	return n
}

func (f fields) text(i int) string {
	s, _ := f[i].(string)
	return s
}

// uuid returns a text that may be kept as a UUID's bytes.
func (f fields) uuid(i int) string {
	if b, ok := f[i].([]byte); ok {
		return formatUUID(b)
	}
	return f.text(i)
}

// each calls do with every row of a query.
func each(stmt *sql.Stmt, do func(fields) error, args ...any) error {
	rows, err := stmt.QueryContext(background, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	row, into := make(fields, len(columns)), make([]any, len(columns))
	for i := range row {
		into[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if err := do(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

// placeholders returns n groups such as (?,?,?) with a comma between them.
func placeholders(groups, columns int) string {
	group := "(" + strings.TrimSuffix(strings.Repeat("?,", columns), ",") + ")"
	return strings.TrimSuffix(strings.Repeat(group+",", groups), ",")
}
