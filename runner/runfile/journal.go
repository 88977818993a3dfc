package runfile

import (
	"context"
	"fmt"

	"cogpass/runner"
)

var errReadOnly = fmt.Errorf("%w: it was opened to be read", ErrReadOnly)

// writable returns the writer, or says that there is none.
func (f *File) writable() (*writer, error) {
	if f.w == nil {
		return nil, &Error{Path: f.path, Err: errReadOnly}
	}
	return f.w, nil
}

// Begin implements runner.Journal. The outcomes recorded so far are durable
// too when it returns nil. If it fails because ctx is done, the file is as it
// was.
func (f *File) Begin(ctx context.Context, attempts []runner.Intent) error {
	w, err := f.writable()
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	sealed, err := f.sealAll(ctx, attempts)
	if err != nil {
		return err
	}
	return w.commit(attempts, sealed)
}

// End implements runner.Journal. i.Throttled counts this attempt too where it
// was throttled.
func (f *File) End(_ context.Context, i runner.Intent) error {
	w, err := f.writable()
	if err != nil {
		return err
	}
	return w.add(func(g *group) { g.answered = append(g.answered, i) })
}

// Ended implements runner.Journal: for steps beside the action, and for the
// action itself where another step follows. A step that ends again replaces how
// it ended before.
func (f *File) Ended(_ context.Context, seq int64, r runner.StepResult) error {
	w, err := f.writable()
	if err != nil {
		return err
	}
	if !known(r.Step) || r.Outcome == runner.Pending {
		return &Error{Path: f.path, Err: fmt.Errorf("a step %d of task %d that is %v cannot have ended", r.Step, seq, r.Outcome)}
	}
	return w.add(func(g *group) { g.ended = append(g.ended, endedStep{seq, r}) })
}

// Record takes down how a task ended; r's Seq and Action are the task's own,
// and its Outcome is not Pending. r.Beside adds to what Ended was told of the
// task. It returns at once: what was recorded is
// durable with the next Begin that returns nil, at the latest after some
// 10 ms. A task that has an outcome gets another only where Pending was asked
// for such ones.
func (f *File) Record(r runner.Result) error {
	w, err := f.writable()
	if err != nil {
		return err
	}
	return w.add(func(g *group) { g.results = append(g.results, r) })
}

// Flush makes all that was recorded durable before it returns nil.
func (f *File) Flush() error {
	w, err := f.writable()
	if err != nil {
		return err
	}
	return w.commit(nil, seals{})
}

// Failed is closed when something could not be made durable. From then on
// nothing is recorded, so nothing more is to be sent. It is nil for a file
// that is read-only.
func (f *File) Failed() <-chan struct{} {
	if f.w == nil {
		return nil
	}
	return f.w.failed
}

// Err returns why Failed is closed, or nil while it is not.
func (f *File) Err() error {
	if f.w == nil {
		return nil
	}
	return f.w.err()
}
