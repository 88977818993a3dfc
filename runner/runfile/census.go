package runfile

import (
	"database/sql"
	"encoding/binary"
	"fmt"
	"iter"
	"os"

	"cogpass/jobs"
)

// Census is what planning learns of a pool's users: who there is, and which of
// them the tasks name. It lies in a file, so that its memory does not grow with
// the pool. First each named task is given to Name, then each user to Add; then
// it may be asked. It is used from one goroutine, and ends with Close.
type Census struct {
	path    string // of the file that it is beside
	lock    *os.File
	db      *sql.DB
	session *session

	addName, addUser, claims, claim *sql.Stmt
	of, unclaimed, clashes          *sql.Stmt
	named                           bool
	encoded                         []byte
}

// NoSource is the source of a user that no source asked for.
const NoSource = -1

// Found is a user of a source of the pool.
type Found struct {
	User   jobs.User
	Source int
}

const censusTables = `
CREATE TABLE name (key TEXT, seq INTEGER, PRIMARY KEY (key, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE user (
	id       INTEGER PRIMARY KEY,
	username TEXT NOT NULL UNIQUE,
	source   INTEGER NOT NULL,
	sub      ANY,
	status   TEXT NOT NULL,
	flags    INTEGER NOT NULL,
	created  INTEGER,
	modified INTEGER,
	names    BLOB,
	also     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE claim (seq INTEGER PRIMARY KEY, user INTEGER NOT NULL, rank INTEGER NOT NULL) STRICT;
CREATE INDEX claimed ON claim (user);
`

const userColumns = "id, username, source, sub, status, flags, created, modified, names"

// NewCensus makes an empty census, in a file beside that at path. Where its
// process is killed, the next Create in the folder removes it.
func NewCensus(path string) (*Census, error) {
	lock, err := makeDraft(path)
	if err != nil {
		return nil, cannotMake(path, err)
	}
	c := &Census{path: path, lock: lock}
	if err := c.open(); err != nil {
		return nil, join(wrap(path, "making a list of the pool's users beside it", err), c.Close())
	}
	return c, nil
}

// open lays out the file, which is one transaction that nobody needs to survive.
func (c *Census) open() (err error) {
	c.db, err = open(c.lock.Name(), "mode=rw", "journal_mode(off)", "synchronous(off)", "locking_mode(exclusive)", "cache_size(-8000)")
	if err != nil {
		return err
	}
	if c.session, err = newSession(c.db); err != nil {
		return err
	}
	if err := c.session.exec("BEGIN;" + censusTables); err != nil {
		return err
	}
	c.addName = c.session.stmt("INSERT OR IGNORE INTO name VALUES (?, ?)")
	c.addUser = c.session.stmt(`INSERT INTO user (username, source, sub, status, flags, created, modified, names) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (username) DO UPDATE SET also = also OR source >= 0 AND excluded.source >= 0 AND source <> excluded.source, source = CASE WHEN source < 0 OR 0 <= excluded.source AND excluded.source < source
			THEN excluded.source ELSE source END RETURNING id`)
	c.claims = c.session.stmt("SELECT seq FROM name WHERE key = ?")
	c.claim = c.session.stmt(`INSERT INTO claim VALUES (?, ?, ?)
		ON CONFLICT (seq) DO UPDATE SET user = excluded.user, rank = excluded.rank WHERE excluded.rank < rank`)
	c.of = c.session.stmt("SELECT " + userColumns + " FROM user WHERE id = (SELECT user FROM claim WHERE seq = ?)")
	c.unclaimed = c.session.stmt("SELECT " + userColumns + ` FROM user WHERE id > ? AND source >= 0
		AND NOT EXISTS (SELECT 1 FROM claim WHERE claim.user = user.id) ORDER BY id LIMIT 256`)
	c.clashes = c.session.stmt(`SELECT first, seq FROM (SELECT seq, min(seq) OVER (PARTITION BY user) AS first FROM claim)
		WHERE first < seq ORDER BY seq`)
	return c.session.err
}

// Overlaps returns how many users of sources tasks name too, and how many of them
// more than one source asked for.
func (c *Census) Overlaps() (named, again int64, err error) {
	err = c.session.conn.QueryRowContext(background, `SELECT count(*) FILTER (WHERE EXISTS (SELECT 1 FROM claim WHERE claim.user = user.id)),
		count(*) FILTER (WHERE also) FROM user WHERE source >= 0`).Scan(&named, &again)
	return named, again, c.wrap(err)
}

// Name notes by which key a task names its user. Keys are compared as they are.
func (c *Census) Name(key string, seq int64) error {
	c.named = true
	_, err := c.addName.ExecContext(background, key, seq)
	return c.wrap(err)
}

// Add notes a user of the pool, and by which keys a task may have named it: the
// earlier of two keys counts, where a task names two users. source is the
// place of the source that asked for the user, or NoSource. A user that was
// there before, by its Username, stays as it was; of two sources it is of the
// first. Its Attributes are not kept.
func (c *Census) Add(u *jobs.User, keys []string, source int) error {
	return c.wrap(c.add(u, keys, source))
}

func (c *Census) add(u *jobs.User, keys []string, source int) error {
	flags := bit(u.Enabled, 1) | bit(u.VerifiedEmail, 2) | bit(u.VerifiedPhone, 4)
	b := c.encoded[:0]
	for _, name := range u.Names {
		b = appendText(b, name)
	}
	c.encoded = b
	var id int64
	err := c.addUser.QueryRowContext(background, u.Username, source, packUUID(u.Sub), string(u.Status), flags,
		nullMillis(u.Created), nullMillis(u.Modified), b).Scan(&id)
	if err != nil || !c.named {
		return err
	}
	for rank, key := range keys {
		var seqs []int64
		err := each(c.claims, func(f fields) error {
			seqs = append(seqs, f.int(0))
			return nil
		}, key)
		for _, seq := range seqs {
			if err == nil {
				_, err = c.claim.ExecContext(background, seq, id, rank)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Of returns the user that a task names, or nil where none was added.
func (c *Census) Of(seq int64) (*jobs.User, error) {
	var user *jobs.User
	err := each(c.of, func(f fields) error {
		found, err := foundOf(f)
		user = &found.User
		return err
	}, seq)
	return user, c.wrap(err)
}

// Clashes returns the tasks that name the user of an earlier one, each with the
// first that does, in order of the later.
func (c *Census) Clashes() iter.Seq2[[2]int64, error] {
	return func(yield func([2]int64, error) bool) {
		var pairs [][2]int64
		err := each(c.clashes, func(f fields) error {
			pairs = append(pairs, [2]int64{f.int(0), f.int(1)})
			return nil
		})
		if err != nil {
			yield([2]int64{}, c.wrap(err))
			return
		}
		for _, pair := range pairs {
			if !yield(pair, nil) {
				return
			}
		}
	}
}

// Unclaimed returns the users of sources that no task names, in the order in
// which they were added first. Its first error is its last pair.
func (c *Census) Unclaimed() iter.Seq2[Found, error] {
	return func(yield func(Found, error) bool) {
		for last := int64(0); ; {
			var page []Found
			err := each(c.unclaimed, func(f fields) error {
				found, err := foundOf(f)
				page, last = append(page, found), f.int(0)
				return err
			}, last)
			if err != nil {
				yield(Found{}, c.wrap(err))
				return
			}
			if len(page) == 0 {
				return
			}
			for _, found := range page {
				if !yield(found, nil) {
					return
				}
			}
		}
	}
}

func foundOf(f fields) (Found, error) {
	flags := f.int(5)
	found := Found{Source: int(f.int(2)), User: jobs.User{
		Username: f.text(1), Sub: f.uuid(3), Status: jobs.Status(f.text(4)),
		Enabled: flags&1 != 0, VerifiedEmail: flags&2 != 0, VerifiedPhone: flags&4 != 0,
		Created: fromMillis(f.int(6)), Modified: fromMillis(f.int(7)),
	}}
	names, _ := f[8].([]byte)
	for len(names) > 0 {
		n, width := binary.Uvarint(names)
		if width <= 0 || n > uint64(len(names)-width) {
			return found, fmt.Errorf("the names of a user cannot be read")
		}
		found.User.Names = append(found.User.Names, string(names[width:width+int(n)]))
		names = names[width+int(n):]
	}
	return found, nil
}

// Close removes the file.
func (c *Census) Close() error {
	if c.lock == nil {
		return nil
	}
	var err error
	if c.session != nil {
		err = c.session.close()
	}
	if c.db != nil {
		err = join(err, c.db.Close())
	}
	err = join(err, release(c.lock))
	c.lock = nil
	return c.wrap(err)
}

func (c *Census) wrap(err error) error {
	return wrap(c.path, "listing the pool's users beside it", err)
}
