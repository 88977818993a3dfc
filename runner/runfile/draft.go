package runfile

import (
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"cogpass/jobs"
)

// Draft is a plan that is being written. It is used from one goroutine, and
// ends with Commit or Discard.
//
// The plan's digest is over the pool and, of each task in order, its number,
// user, action, client metadata, the steps beside the action, and why it is
// skipped or fails without a request; and the hand-off, the check and the
// credentials that the job names: two plans that do the same have one
// digest, whenever its users were looked up, and no guess at a password can be
// tried on it.
type Draft struct {
	path, temp string
	lock       *os.File // keeps others from taking temp for a dead one's
	plan       Plan
	progress   progress
	db         *sql.DB
	session    *session
	words      *words
	plain      *bulk // inserts tasks that are an action and nothing else
	full       *bulk // inserts others
	sights     *bulk
	rows       []any // of plain, or of full, not yet inserted
	filled     bool  // of full
	seen       []any // rows of sights, likewise
	encoded    []byte
	digest     hash.Hash
	block      []byte // the encoding of the tasks of the block so far
	blocks     *bulk
	err        error // the first failure; nothing is written after it
}

// draftBatch is how many tasks are inserted at a time.
const draftBatch = 64

// Create starts the run file of a plan, under a temporary name beside path.
// It fails with fs.ErrExist if there is a file at path.
func Create(path string, plan Plan) (*Draft, error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, &Error{Path: path, Err: fs.ErrExist, Hint: "name another with --run-file, or carry this one on"}
	}
	removeDeadDrafts(filepath.Dir(path))
	lock, err := makeDraft(path)
	if err != nil {
		return nil, cannotMake(path, err)
	}
	d := &Draft{path: path, temp: lock.Name(), lock: lock, plan: plan, digest: sha256.New()}
	d.plan.Counts = map[jobs.Action]int64{}
	id := make([]byte, 16)
	rand.Read(id) // never fails
	d.plan.RunID = hex.EncodeToString(id)
	if err := d.open(); err != nil {
		return nil, join(wrap(path, "making it", err), d.Discard())
	}
	return d, nil
}

// cannotMake says why there can be no file beside path; the name that was
// tried is nobody's business.
func cannotMake(path string, err error) error {
	var tried *fs.PathError
	if errors.As(err, &tried) {
		err = tried.Err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return &Error{Path: path, Err: fmt.Errorf("making it: %w", err), Hint: "make its folder first, or name another"}
	}
	return wrap(path, "making it", err)
}

// open lays out the file. Until Commit nothing of it need survive, so nothing
// is journalled or synced.
func (d *Draft) open() (err error) {
	d.db, err = open(d.temp, "mode=rw", "journal_mode(off)", "synchronous(off)", "locking_mode(exclusive)",
		"cache_size(-8000)", fmt.Sprintf("application_id(%d)", applicationID), fmt.Sprintf("user_version(%d)", formatVersion))
	if err != nil {
		return err
	}
	if d.session, err = newSession(d.db); err != nil {
		return err
	}
	if err := d.session.exec("BEGIN;" + schema()); err != nil {
		return err
	}
	d.plain = &bulk{session: d.session, head: "INSERT INTO task (" + plainColumns + ") VALUES ", columns: 11}
	d.full = &bulk{session: d.session, head: "INSERT INTO task (" + plainColumns + ", skip, fail, steps, creation) VALUES ", columns: 15}
	d.sights = &bulk{session: d.session, head: "INSERT INTO sight VALUES ", columns: 8}
	d.blocks = &bulk{session: d.session, head: "INSERT INTO block (id, tasks, sum) VALUES ", columns: 3}
	d.words = newWords(d.session)
	d.encoded = append(appendText(appendText(d.encoded, d.plan.UserPoolID), d.plan.Region), '\n')
	d.digest.Write(d.encoded)
	return d.session.err
}

const plainColumns = "seq, username, action, metadata, password, ref, mark, source, file, line, col"

// Add adds the next task; t.Seq must be one more than that of the task
// before, and 1 at first. Where its password is read is stored, no password;
// of t.Before, not its Names and Attributes.
func (d *Draft) Add(t jobs.Task) error {
	if d.err != nil {
		return d.err
	}
	if !t.Action.Known() {
		return fmt.Errorf("task %d of the plan is %v, which there is not", t.Seq, t.Action)
	}
	if t.Seq != d.plan.Tasks+1 {
		return fmt.Errorf("task %d of the plan has number %d", d.plan.Tasks+1, t.Seq)
	}
	if err := d.add(&t); err != nil {
		d.err = wrap(d.path, "writing the plan", err)
	}
	return d.err
}

func (d *Draft) add(t *jobs.Task) error {
	metadata, err := d.words.metadata(t.ClientMetadata)
	if err != nil {
		return err
	}
	x := extrasOf(t)
	ref := refOf(t.Password)
	var shared [3]any
	for i, text := range []string{metadata, ref, t.Place.File} {
		if shared[i], err = d.words.id(text); err != nil {
			return err
		}
	}
	if full := x != (extras{}); full != d.filled {
		if err := d.insert(); err != nil {
			return err
		}
		d.filled = full
	}
	d.rows = append(d.rows, t.Seq, t.Username, int64(t.Action), shared[0], int64(t.Password.Kind), shared[1],
		int64(t.Password.Mark), int64(t.Source), shared[2], int64(t.Place.Line), int64(t.Place.Column))
	if err := d.addBeside(t, &x); err != nil {
		return err
	}
	d.encoded = appendDeed(d.encoded[:0], t, metadata, &x)
	d.digest.Write(d.encoded)
	d.block = appendRest(append(d.block, d.encoded...), t, ref)
	d.plan.Tasks++
	d.plan.count(t)
	d.progress.add(tally{action: t.Action, tasks: 1})
	if t.Seq%blockSize == 0 {
		return d.endBlock(blockSize)
	}
	if t.Seq%draftBatch == 0 {
		return d.insert()
	}
	return nil
}

// addBeside adds what a task has beside its action, and what its user was seen
// to be.
func (d *Draft) addBeside(t *jobs.Task, x *extras) error {
	if d.filled {
		var shared [3]any
		var err error
		for i, text := range []string{x.skip, x.fail, x.creation} {
			if shared[i], err = d.words.id(text); err != nil {
				return err
			}
		}
		d.rows = append(d.rows, shared[0], shared[1], x.steps, shared[2])
	}
	if t.Before == nil {
		return nil
	}
	row, err := sightRow(t, d.words)
	d.seen = append(d.seen, row...)
	return err
}

func (d *Draft) insert() error {
	tasks := d.plain
	if d.filled {
		tasks = d.full
	}
	err := join(tasks.exec(d.rows), d.sights.exec(d.seen))
	d.rows, d.seen = d.rows[:0], d.seen[:0]
	return err
}

func (d *Draft) endBlock(tasks int64) error {
	if err := d.insert(); err != nil {
		return err
	}
	err := d.blocks.exec([]any{(d.plan.Tasks - 1) / blockSize, tasks, sum(d.block)})
	d.block = d.block[:0]
	return err
}

// Commit writes what remains, the sources among it, and puts the file in
// place: when it returns, the plan is durable. It overwrites nothing: if
// there is a file at path by now, it fails with fs.ErrExist. After a failure
// the Draft is to be discarded.
func (d *Draft) Commit(sources []jobs.Source) error {
	if d.err != nil {
		return d.err
	}
	d.plan.Sources = sources
	d.err = ErrClosed
	if err := join(d.finish(), d.close()); err != nil {
		return wrap(d.path, "writing the plan", err)
	}
	if runtime.GOOS == "windows" { // does not rename what is open
		d.lock.Close()
	}
	if err := place(d.temp, d.path); err != nil {
		return wrap(d.path, "putting it in place", err)
	}
	d.temp = ""
	d.lock.Close() // nothing was written through it
	return nil
}

func (d *Draft) finish() error {
	if rest := d.plan.Tasks % blockSize; rest > 0 {
		if err := d.endBlock(rest); err != nil {
			return err
		}
	}
	if d.plan.Handoff.Kind() != "" || d.plan.Check != nil { // who may read passwords, and where they are tried, is part of what is approved
		b, err := json.Marshal([]any{d.plan.Handoff, d.plan.Check})
		if err != nil {
			return err
		}
		d.digest.Write(b)
	}
	if d.plan.Credentials != (jobs.Credentials{}) { // by whom it is done, too
		b, err := json.Marshal(d.plan.Credentials)
		if err != nil {
			return err
		}
		d.digest.Write(b)
	}
	d.plan.PlanDigest = "sha256:" + hex.EncodeToString(d.digest.Sum(nil))
	if err := insertHead(d.session, d.plan); err != nil {
		return err
	}
	columns, err := d.progress.columns()
	if err != nil {
		return err
	}
	if err := d.session.exec("INSERT INTO run (one, commits, look_first, counts, steps, beside, sum) VALUES (1, ?, ?, ?, ?, ?, ?)", columns...); err != nil {
		return err
	}
	return d.session.exec("COMMIT")
}

// Discard removes what was written. After Commit has put the file in place
// it does nothing.
func (d *Draft) Discard() error {
	d.err = ErrClosed
	err := d.close()
	if d.temp == "" {
		return err
	}
	d.lock.Close() // may be closed already
	if removed := os.Remove(d.temp); !errors.Is(removed, fs.ErrNotExist) {
		err = join(err, removed)
	}
	d.temp = ""
	return err
}

func (d *Draft) close() error {
	var err error
	if d.session != nil {
		err = d.session.close()
		d.session = nil
	}
	if d.db != nil {
		err = join(err, d.db.Close())
		d.db = nil
	}
	return err
}
