package runfile

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"

	"cogpass/jobs"
)

// Draft is a plan that is being written. It is used from one goroutine, and
// ends with Commit or Discard.
type Draft struct {
	path, temp string
	info       Info
	byAction   map[jobs.Action]int64 // all tasks, excluded ones too
	db         *sql.DB
	session    *session
	words      *words
	tasks      *bulk
	rows       []any // not yet inserted
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
func Create(path string, info Info) (*Draft, error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, &Error{Path: path, Err: fs.ErrExist, Hint: "name another with --run-file, or carry this one on"}
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp") // mode 0600
	if err != nil {
		return nil, cannotMake(path, err)
	}
	d := &Draft{path: path, temp: temp.Name(), info: info, digest: sha256.New(), byAction: map[jobs.Action]int64{}}
	d.info.Counts = map[jobs.Action]int64{}
	if err := errors.Join(temp.Close(), d.open()); err != nil {
		return nil, errors.Join(wrap(path, "making it", err), d.Discard())
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
	if err := d.session.exec("BEGIN;" + schema); err != nil {
		return err
	}
	d.tasks = &bulk{session: d.session, head: "INSERT INTO task VALUES ", columns: 11}
	d.blocks = &bulk{session: d.session, head: "INSERT INTO block (id, tasks, sum) VALUES ", columns: 3}
	d.words = newWords(d.session)
	d.encoded = append(appendText(appendText(d.encoded, d.info.UserPoolID), d.info.Region), '\n')
	d.digest.Write(d.encoded)
	return d.session.err
}

// Add adds the next task; t.Seq must be one more than that of the task
// before, and 1 at first. Where its password is read is stored, no password.
func (d *Draft) Add(t jobs.Task) error {
	if d.err != nil {
		return d.err
	}
	if t.Seq != d.info.Tasks+1 {
		return fmt.Errorf("task %d of the plan has number %d", d.info.Tasks+1, t.Seq)
	}
	if err := d.add(&t); err != nil {
		d.err = wrap(d.path, "writing the plan", err)
	}
	return d.err
}

func (d *Draft) add(t *jobs.Task) error {
	metadata, json, err := d.words.metadata(t.ClientMetadata)
	if err != nil {
		return err
	}
	ref, mark := t.Password, int64(0)
	if ref.Kind == jobs.RowPassword { // each row has its own
		ref.Mark, mark = 0, int64(ref.Mark)
	}
	password, err := d.words.password(ref)
	if err != nil {
		return err
	}
	file, err := d.words.text(t.Place.File)
	if err != nil {
		return err
	}
	excluded := int64(0)
	if t.Excluded {
		excluded = 1
		d.info.Excluded++
	} else {
		d.info.Counts[t.Action]++
	}
	d.rows = append(d.rows, t.Seq, t.Username, int64(t.Action), password, metadata, excluded,
		int64(t.Source), mark, file, int64(t.Place.Line), int64(t.Place.Column))
	d.encoded = appendTask(d.encoded[:0], t, json)
	d.digest.Write(d.encoded)
	d.block = append(d.block, d.encoded...)
	d.info.Tasks++
	d.byAction[t.Action]++
	if t.Seq%blockSize == 0 {
		return d.endBlock(blockSize)
	}
	if len(d.rows) == draftBatch*d.tasks.columns {
		return d.insert()
	}
	return nil
}

func (d *Draft) insert() error {
	err := d.tasks.exec(d.rows)
	d.rows = d.rows[:0]
	return err
}

func (d *Draft) endBlock(tasks int64) error {
	if err := d.insert(); err != nil {
		return err
	}
	err := d.blocks.exec([]any{(d.info.Tasks - 1) / blockSize, tasks, sum(d.block)})
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
	d.info.Sources = sources
	d.err = ErrClosed
	if err := errors.Join(d.finish(), d.close()); err != nil {
		return wrap(d.path, "writing the plan", err)
	}
	if err := place(d.temp, d.path); err != nil {
		return wrap(d.path, "putting it in place", err)
	}
	d.temp = ""
	return nil
}

func (d *Draft) finish() error {
	if rest := d.info.Tasks % blockSize; rest > 0 {
		if err := d.endBlock(rest); err != nil {
			return err
		}
	}
	for _, s := range d.info.Sources {
		d.digest.Write(appendSource(nil, s))
	}
	d.info.PlanDigest = "sha256:" + hex.EncodeToString(d.digest.Sum(nil))
	if err := insertPlan(d.session, d.info); err != nil {
		return err
	}
	for action, n := range d.byAction {
		if err := d.session.exec("INSERT INTO tally (action, outcome, tasks) VALUES (?, 0, ?)", int64(action), n); err != nil {
			return err
		}
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
	if removed := os.Remove(d.temp); !errors.Is(removed, fs.ErrNotExist) {
		err = errors.Join(err, removed)
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
		err = errors.Join(err, d.db.Close())
		d.db = nil
	}
	return err
}
