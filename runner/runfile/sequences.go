package runfile

import (
	"iter"
	"slices"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

// Pending returns the tasks that have no outcome, in order of Seq, and those
// that failed or are unknown, or have a step beside the action that did, where
// these are asked for; a task of which only an attempt is known is among the
// first. It reads a block at a time and
// holds no transaction between, so it may last as long as the run. Its first
// error is its last pair.
func (f *File) Pending(retryFailed, retryUnknown bool) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		retry := retry{retryFailed, retryUnknown}
		if f.w != nil {
			f.w.retries(retry)
		}
		r, err := f.reader()
		if err != nil {
			yield(Row{}, f.wrapRead(err))
			return
		}
		defer r.close()
		lookFirst, began, err := r.lostSince()
		if err != nil {
			yield(Row{}, f.wrapRead(err))
			return
		}
		for id := int64(-1); ; {
			page, next, err := r.pendingBlock(id, retry)
			if err != nil {
				yield(Row{}, f.wrapRead(err))
				return
			}
			if next < 0 {
				return
			}
			id = next
			for i := range page {
				e := &page[i]
				done, wanted := retry.done(e)
				if !wanted {
					continue
				}
				row := e.row(done)
				if lost := e.lost(lookFirst, began, done); lost != nil {
					row.Doubt = lost
				}
				if lookFirst != 0 && row.Doubt != nil && row.Password.Kind == jobs.GeneratedPassword {
					row.Made = append(row.Made, lostMade)
				}
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}

// pendingBlock reads the first block after id that has a wanted task. Its
// second result is that block's number, or -1 if there is none.
func (r *reader) pendingBlock(id int64, retry retry) ([]entry, int64, error) {
	if err := r.begin(); err != nil {
		return nil, -1, err
	}
	next := int64(-1)
	err := each(r.nextBlock, func(f fields) error {
		next = f.int(0)
		return nil
	}, id, retry.failed, retry.unknown, retry.failed || retry.unknown)
	var page []entry
	if err == nil && next >= 0 {
		page, err = r.block(next)
	}
	return page, next, join(err, r.end())
}

// Part is Pending for the tasks from first to last alone, of a file that is not
// lost in part: see OpenOptions.LookFirst. It reads the blocks that they are in.
func (f *File) Part(first, last int64) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		r, err := f.reader()
		if err != nil {
			yield(Row{}, f.wrapRead(err))
			return
		}
		defer r.close()
		for id := (first - 1) / blockSize; id <= (last-1)/blockSize; id++ {
			err := r.begin()
			var page []entry
			if err == nil {
				page, err = r.block(id)
				err = join(err, r.end())
			}
			if err != nil {
				yield(Row{}, f.wrapRead(err))
				return
			}
			for i := range page {
				e := &page[i]
				done, wanted := retry{}.done(e)
				if wanted && e.task.Seq >= first && e.task.Seq <= last && !yield(e.row(done), nil) {
					return
				}
			}
		}
	}
}

func (e *entry) row(done []runner.StepResult) Row {
	row := Row{
		Task:      e.task,
		Outcome:   e.result.Outcome,
		Attempts:  e.result.Attempts,
		Throttled: e.result.Throttled,
		StartedAt: e.result.StartedAt,
		Done:      done,
		Made:      slices.Clone(e.made),
	}
	if e.intent != nil && !e.answered {
		row.Doubt = e.intent
	}
	return row
}

// Results returns every task in order of Seq, those that are pending too,
// with the attempts they had so far. It may be read again and again; each
// time it shows one moment of the run. While it is being read, commits go on
// but the log beside the file cannot be shortened.
//
// Where the file is damaged, an error stands for the damage and comes before
// the results that it may concern; a loop that goes on gets all that is
// still readable.
func (f *File) Results() iter.Seq2[runner.Result, error] {
	return func(yield func(runner.Result, error) bool) {
		r, err := f.reader()
		if err != nil {
			yield(runner.Result{}, f.wrapRead(err))
			return
		}
		defer r.close()
		if err := r.begin(); err != nil {
			yield(runner.Result{}, f.wrapRead(err))
			return
		}
		defer r.end()
		info, err := f.Info()
		if err == nil {
			err = f.wrapRead(checkAttempts(r.session.conn, info.Tasks))
		}
		if err != nil && !yield(runner.Result{}, err) {
			return
		}
		for id := int64(0); id*blockSize < info.Tasks; id++ {
			page, err := r.block(id)
			if err != nil && !yield(runner.Result{}, f.wrapRead(err)) {
				return
			}
			for i := range page {
				expire(&page[i].result, info.TemporaryDays)
				if page[i].fault == nil && !yield(page[i].result, nil) {
					return
				}
			}
		}
	}
}

// expire tells until when a temporary password is good: at the least, for it was
// set after the first attempt began.
func expire(r *runner.Result, days int) {
	if spec := r.Action.Spec(); days == 0 || !spec.Password || spec.Permanent || r.Outcome != runner.OK {
		return
	}
	from := r.StartedAt
	if from.IsZero() {
		from = r.FinishedAt // of the creation that has carried it
	}
	r.ExpiresAt = from.Add(time.Duration(days) * 24 * time.Hour)
}

// Freeze makes a file that was opened read-only show this moment of the run
// from now on, whatever is recorded meanwhile, so that two readings of it
// agree. A frozen file is used from one goroutine. Until Close, the log
// beside the file cannot be shortened.
func (f *File) Freeze() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.w != nil || f.frozen != nil {
		return nil
	}
	r, err := newReader(f.db)
	if err != nil {
		return f.wrapRead(err)
	}
	err = r.begin()
	if err == nil {
		// A transaction sees the moment of its first look, not of its BEGIN.
		err = each(r.blockRow, func(fields) error { return nil }, 0)
	}
	if err != nil {
		return f.wrapRead(join(err, r.close()))
	}
	r.pinned = true
	f.frozen = r
	if f.looks != nil {
		err = f.looks.close()
		f.looks = nil
	}
	return f.wrapRead(err)
}

// reader returns a reader for one sequence.
func (f *File) reader() (*reader, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.frozen != nil {
		return f.frozen, nil
	}
	return newReader(f.db)
}

func (f *File) wrapRead(err error) error { return wrap(f.path, "reading it", err) }
