package runfile

import (
	"database/sql"
	"encoding/binary"
	"fmt"
	"iter"
	"sync"
	"time"

	"cogpass/jobs"
)

// History is the ledger of who was done when: of each user of a pool and each
// action, when that was ok last, over all runs. It holds no password. It is
// not the Ledger, which counts the messages of a day.
//
// Several processes may append to one at once. Keep it open while it is asked,
// and open it anew for each batch that is appended: a rebuilt one takes the
// place of the one before. Its methods may be called from several goroutines.
type History struct {
	path string
	mu   sync.Mutex // guards what follows
	db   *sql.DB
	s    *session
	last map[int]*sql.Stmt // by how many names it asks for
	page *sql.Stmt
	row  []byte
}

// HistoryPool is a pool of a History. A stand-in's pool, at a port of loopback,
// is another than AWS's of the same ID, as it is to LockPool.
type HistoryPool struct {
	ID   string
	Port string // such as ":8080"; empty is AWS, or any endpoint that is not on loopback
}

// HistoryPoolAt returns the pool of that ID at an endpoint, empty for AWS's own.
func HistoryPoolAt(id, endpoint string) HistoryPool { return HistoryPool{id, loopbackPort(endpoint)} }

// Deed is that an action was ok for a user.
type Deed struct {
	Username string // as the task named it
	Sub      string // empty where the user was not looked up
	Action   jobs.Action
	At       time.Time // kept in whole seconds
	RunFile  string    // path, when it was carried out; set by Last and Each
}

// Person is a user as far as known, to be found by any of these.
type Person struct {
	Names []string // its username, first, and other names by which a task may have named it
	Sub   string   // empty where it is not known
	Exact bool     // names that differ in case or Unicode form are different users'
}

// The marks of a ledger, in SQLite's header.
const (
	historyID      = 0x6367706c // "cgpl"
	historyVersion = 1
)

// historyTables are described to their readers in docs/run-file.md.
const historyTables = `
CREATE TABLE pool (
	id           INTEGER PRIMARY KEY,
	user_pool_id TEXT NOT NULL,
	port         TEXT NOT NULL,
	changes      INTEGER NOT NULL DEFAULT 0,
	UNIQUE (user_pool_id, port)
) STRICT;
CREATE TABLE run (
	id     INTEGER PRIMARY KEY,
	run_id TEXT NOT NULL UNIQUE,
	path   TEXT NOT NULL,
	taken  INTEGER NOT NULL DEFAULT 0,
	ended  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE done (
	pool     INTEGER NOT NULL REFERENCES pool,
	username TEXT NOT NULL,
	action   INTEGER NOT NULL,
	folded   TEXT,
	sub      ANY,
	done_at  INTEGER NOT NULL,
	run      INTEGER NOT NULL REFERENCES run,
	sum      INTEGER NOT NULL,
	PRIMARY KEY (pool, username, action)
) STRICT, WITHOUT ROWID;
CREATE INDEX done_folded ON done (pool, folded, action) WHERE folded IS NOT NULL;
CREATE INDEX done_sub ON done (pool, sub, action) WHERE sub IS NOT NULL;
`

// Last returns when an action was last ok for a person; false where it never
// was. What was done to a user of another sub is not this one's, whatever its
// name.
func (h *History) Last(pool HistoryPool, who Person, action jobs.Action) (last Deed, found bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	stmt, err := h.lastOf(len(who.Names))
	if err != nil {
		return last, false, h.wrap("asking it", err)
	}
	args := []any{pool.ID, pool.Port, int64(action), packUUID(who.Sub)}
	for _, name := range who.Names {
		folded := name
		if !who.Exact {
			folded = jobs.FoldName(name)
		}
		args = append(args, name, folded, packUUID(name), who.Exact)
	}
	err = each(stmt, func(f fields) error {
		d, err := h.doneOf(f)
		if err != nil || who.Sub != "" && d.Sub != "" && d.Sub != who.Sub || found && d.At.Before(last.At) {
			return err
		}
		last, found = d, true
		return nil
	}, args...)
	return last, found, h.wrap("asking it", err)
}

// lastOf returns the statement that asks for one user by so many names: each
// as it is, folded, and as a sub. Left to itself, SQLite takes the primary key
// for all of that, and reads the whole pool.
func (h *History) lastOf(names int) (*sql.Stmt, error) {
	if stmt := h.last[names]; stmt != nil {
		return stmt, nil
	}
	p := 4
	query := selectDone("INDEXED BY done_sub", "sub = ?4")
	for range names {
		query += " UNION ALL " + selectDone("", fmt.Sprintf("username IN (?%d, iif(?%d, NULL, ?%d))", p+1, p+4, p+2)) +
			" UNION ALL " + selectDone("INDEXED BY done_folded", fmt.Sprintf("folded = ?%d AND NOT ?%d", p+2, p+4)) +
			" UNION ALL " + selectDone("INDEXED BY done_sub", fmt.Sprintf("sub = ?%d", p+3))
		p += 4
	}
	stmt := h.s.stmt("WITH at AS (SELECT id FROM pool WHERE user_pool_id = ?1 AND port = ?2) " + query)
	if h.s.err != nil {
		return nil, h.s.err
	}
	h.last[names] = stmt
	return stmt, nil
}

const doneColumns = "pool, username, sub, action, done_at, sum, (SELECT path FROM run WHERE run.id = done.run)"

func selectDone(index, where string) string {
	return "SELECT " + doneColumns + " FROM done " + index + " WHERE pool = (SELECT id FROM at) AND action = ?3 AND " + where
}

func (h *History) doneOf(f fields) (Deed, error) {
	d := Deed{Username: f.text(1), Sub: f.uuid(2), Action: jobs.Action(f.int(3)), At: time.Unix(f.int(4), 0).UTC(), RunFile: f.text(6)}
	if h.sumOf(f.int(0), &d) != f.int(5) {
		return d, damaged("a row does not match its sum")
	}
	if !d.Action.Known() {
		return d, unknownAction(d.Action)
	}
	return d, nil
}

// sumOf covers what decides whether a user is due.
func (h *History) sumOf(pool int64, d *Deed) int64 {
	b := binary.AppendVarint(h.row[:0], pool)
	b = binary.AppendVarint(appendText(b, d.Username), int64(d.Action))
	h.row = binary.AppendVarint(b, d.At.Unix())
	return sum(h.row)
}

// Pools returns the pools that there is something of, by their ID and port.
func (h *History) Pools() (pools []HistoryPool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	rows, err := h.s.conn.QueryContext(background, "SELECT user_pool_id, port FROM pool ORDER BY user_pool_id, port")
	if err != nil {
		return nil, h.wrap("reading it", err)
	}
	defer rows.Close()
	for rows.Next() {
		var p HistoryPool
		if err := rows.Scan(&p.ID, &p.Port); err != nil {
			return nil, h.wrap("reading it", err)
		}
		pools = append(pools, p)
	}
	return pools, h.wrap("reading it", rows.Err())
}

// Each returns what was done in a pool, by username and action: of one person,
// where that is known by the sub, under the latest of its names only. It holds
// no transaction between pages. Its first error is its last pair.
func (h *History) Each(pool HistoryPool) iter.Seq2[Deed, error] {
	return func(yield func(Deed, error) bool) {
		name, action := "", int64(-1)
		for {
			page, err := h.pageAfter(pool, name, action)
			if err != nil {
				yield(Deed{}, h.wrap("reading it", err))
				return
			}
			if len(page) == 0 {
				return
			}
			for _, d := range page {
				if !yield(d, nil) {
					return
				}
				name, action = d.Username, int64(d.Action)
			}
		}
	}
}

func (h *History) pageAfter(pool HistoryPool, name string, action int64) (page []Deed, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.page == nil {
		h.page = h.s.stmt(`SELECT ` + doneColumns + ` FROM done
			WHERE pool = (SELECT id FROM pool WHERE user_pool_id = ? AND port = ?) AND (username, action) > (?, ?)
			AND NOT EXISTS (SELECT 1 FROM done o INDEXED BY done_sub WHERE o.pool = done.pool AND o.sub = done.sub AND o.action = done.action
				AND (o.done_at, o.username) > (done.done_at, done.username))
			ORDER BY username, action LIMIT 256`)
		if h.s.err != nil {
			return nil, h.s.err
		}
	}
	err = each(h.page, func(f fields) error {
		d, err := h.doneOf(f)
		page = append(page, d)
		return err
	}, pool.ID, pool.Port, name, action)
	return page, err
}

// Changes counts the times that something was appended of a pool: where it is
// the same as before, nothing was.
func (h *History) Changes(pool HistoryPool) (n int64, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	err = h.s.conn.QueryRowContext(background, "SELECT coalesce(sum(changes), 0) FROM pool WHERE user_pool_id = ? AND port = ?", pool.ID, pool.Port).Scan(&n)
	return n, h.wrap("asking it", err)
}
