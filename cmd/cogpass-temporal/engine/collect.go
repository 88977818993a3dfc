package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"cogpass/cmd/cogpass-temporal/depot"
	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/runfile"
)

// Collect makes a run file of what a depot holds of a run: its plan, and what has
// come of each task. A task of a batch that was begun and has left no results, as
// where the workflow was terminated, is in doubt in it. place is as runfile.OpenOptions has
// it. While the run goes on, the file is good for reading alone.
func Collect(ctx context.Context, d *depot.Depot, id, path, place string) (err error) {
	run := d.Run(id)
	if err := run.GetFile(ctx, planKey, path); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	end, err := readEnd(ctx, run)
	if err != nil {
		return err
	}
	c := &collection{run: run, end: end}
	if c.lasts, err = lasts(ctx, run); err != nil {
		return err
	}
	if c.file, err = runfile.Open(path, runfile.OpenOptions{Place: place}); err != nil {
		return err
	}
	return errors.Join(c.fill(ctx), c.file.Close())
}

// readEnd reads how a run has ended; its State is empty where it has not.
func readEnd(ctx context.Context, run *depot.Run) (end Ended, err error) {
	text, err := run.Get(ctx, endKey)
	if errors.Is(err, depot.ErrMissing) {
		return end, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &end)
	}
	return end, err
}

// last is the last try of a batch, and the last that has left results.
type last struct{ begun, done string }

// lasts returns them by batch.
func lasts(ctx context.Context, run *depot.Run) (map[string]*last, error) {
	all := map[string]*last{}
	of := func(key string) (*last, string) {
		_, rest, _ := strings.Cut(key, "/")
		batch, attempt, _ := strings.Cut(rest, "/")
		if all[batch] == nil {
			all[batch] = &last{}
		}
		return all[batch], attempt
	}
	err := run.Each(ctx, "begun/", func(key string) error {
		l, attempt := of(key)
		l.begun = max(l.begun, attempt)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all, run.Each(ctx, "done/", func(key string) error {
		l, attempt := of(key)
		l.done = max(l.done, attempt)
		return nil
	})
}

// A collection is a run file that is being made.
type collection struct {
	run     *depot.Run
	file    *runfile.File
	end     Ended
	lasts   map[string]*last
	samples []runfile.Sample
	stopped string // what stopped it
	pending bool
	reached time.Time // the last time that anything is known of
}

func (c *collection) fill(ctx context.Context) error {
	info, err := c.file.Info()
	if err != nil {
		return err
	}
	began := c.end.Began
	if began.IsZero() {
		began = info.CreatedAt
	}
	if err := c.file.SetStateAt(runfile.Running, "", began); err != nil {
		return err
	}
	seals := &replay{ctx: ctx, run: c.run}
	c.file.SealWith(seals.seal)
	for number := int64(0); number*BatchSize < info.Tasks; number++ {
		if err := c.batch(ctx, number, min((number+1)*BatchSize, info.Tasks), began, seals); err != nil {
			return err
		}
	}
	slices.SortFunc(c.samples, func(a, b runfile.Sample) int { return a.At.Compare(b.At) })
	for _, s := range c.samples {
		if err := c.file.Sample(unlimited(s)); err != nil {
			return err
		}
	}
	state, reason := runfile.Done, ""
	switch {
	case c.end.State == Interrupted:
		state = runfile.Interrupted
	case c.end.State == Stopped:
		state, reason = runfile.Stopped, cmp.Or(c.stopped, c.reason())
	case c.pending:
		state, reason = runfile.Stopped, "what there was by then was collected"
	}
	return c.file.SetStateAt(state, reason, cmp.Or(c.end.Ended, c.reached, began))
}

func (c *collection) reason() string {
	if c.end.Stop == nil {
		return ""
	}
	return strings.TrimSpace(c.end.Stop.Class + " " + c.end.Stop.Code)
}

// batch takes a batch over.
func (c *collection) batch(ctx context.Context, number, to int64, began time.Time, seals *replay) error {
	l := c.lasts[batchKey(number)]
	if l == nil {
		c.pending = true
		return nil
	}
	d := done{}
	if l.done != "" {
		var err error
		if d, err = readDone(ctx, c.run, "done/"+batchKey(number)+"/"+l.done); err != nil {
			return err
		}
	}
	c.samples = append(c.samples, d.Samples...)
	if d.Batched.Stop != nil {
		c.stopped = cmp.Or(c.stopped, d.Reason)
	}
	known := map[int64]*entry{}
	for i := range d.Tasks {
		known[d.Tasks[i].Seq] = &d.Tasks[i]
	}
	lost := l.begun > l.done
	var tasks []jobs.Task
	var entries []*entry
	for row, err := range c.file.Part(number*BatchSize+1, to) {
		if err != nil {
			return err
		}
		e := known[row.Seq]
		if lost && (e == nil || e.Result == nil) {
			e = inDoubt(&row, e, began)
		}
		if e == nil || e.Result == nil {
			c.pending = true
		}
		if e != nil {
			tasks, entries = append(tasks, row.Task), append(entries, e)
		}
	}
	return c.replay(ctx, tasks, entries, seals)
}

// replay has the run file know what was done of tasks, in few commits. A password comes
// before what is known of it.
func (c *collection) replay(ctx context.Context, tasks []jobs.Task, entries []*entry, seals *replay) error {
	var keys []string
	carrying := map[string][]runner.Intent{}
	var open []runner.Intent
	for n, e := range entries {
		for _, m := range e.Made {
			if carrying[m.Seal] == nil {
				keys = append(keys, m.Seal)
			}
			i := e.action()
			i.Username, i.Version = tasks[n].Username, m.Version
			if m.Seal != "" {
				i.Password = jobs.NewSecret("sealed already")
			}
			carrying[m.Seal] = append(carrying[m.Seal], i)
		}
		for a := range e.Open {
			open = append(open, e.Open[a].intent(e.Seq))
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		seals.key = key
		if err := c.file.Begin(ctx, carrying[key]); err != nil {
			return err
		}
	}
	for n, e := range entries {
		if err := c.known(ctx, e, &tasks[n]); err != nil {
			return err
		}
	}
	if err := c.file.Begin(ctx, open); err != nil {
		return err
	}
	return c.file.Flush()
}

// known takes down how a task and its steps have ended.
func (c *collection) known(ctx context.Context, e *entry, t *jobs.Task) error {
	acted := false
	for i := range e.Done {
		acted = acted || e.Done[i].Step == runner.Act
		if err := c.file.Ended(ctx, e.Seq, e.Done[i].result()); err != nil {
			return err
		}
	}
	if !acted && (len(e.Made) > 0 || e.Attempts > 0 && e.Result == nil) {
		if err := c.file.End(ctx, e.action()); err != nil {
			return err
		}
	}
	if e.Result == nil {
		return nil
	}
	r := e.Result.result(*t)
	if r.FinishedAt.After(c.reached) {
		c.reached = r.FinishedAt
	}
	return c.file.Record(r)
}

// action is what is known of the action's attempts, as one that was answered.
func (e *entry) action() runner.Intent {
	i := runner.Intent{Seq: e.Seq, Attempts: e.Attempts, Throttled: e.Throttled, StartedAt: e.Started.time(), Began: e.Started.time()}
	for _, m := range e.Made {
		i.Made = append(i.Made, runner.Made{Version: m.Version, State: m.State})
	}
	return i
}

// inDoubt is a task of a batch whose worker has left nothing: an attempt may have been
// made at any time since the run began, of the first step that could do harm.
func inDoubt(row *runfile.Row, before *entry, began time.Time) *entry {
	e := &entry{Seq: row.Seq}
	if before != nil {
		e = before
	}
	acted := slices.ContainsFunc(e.Done, func(d ended) bool { return d.Step == runner.Act })
	made := slices.ContainsFunc(e.Done, func(d ended) bool { return d.Step == runner.Create })
	if row.Skip != "" || row.Fail != "" || acted {
		return before
	}
	step := runner.Act
	if row.Create != nil && !made {
		step = runner.Create
	}
	e.answered(step)
	e.Open = append(e.Open, attempt{step, max(e.Attempts, 1), e.Throttled, momentOf(began), momentOf(began), 5 * time.Minute})
	return e
}

// replay gives a run file the seals that workers have made.
type replay struct {
	ctx context.Context
	run *depot.Run
	key string
}

func (r *replay) seal([]runner.Intent) ([]byte, error) {
	text, err := r.run.Get(r.ctx, r.key)
	if err != nil {
		return nil, fmt.Errorf("a sealed password: %w", err)
	}
	return text, nil
}
