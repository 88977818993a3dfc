package bulk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"cogpass/report"
	"cogpass/runner"
	"cogpass/runner/runfile"
)

// Recorded is what a run file holds, also of a run that is going on: reading
// does not slow it.
type Recorded struct {
	Path    string
	Info    runfile.Info
	Counts  runfile.Counts
	Control runfile.Control    // what was asked of the run from elsewhere
	Holder  *runfile.HeldError // who carries it out; nil: nobody
	Err     error              // of List: why this one cannot be read

	Warnings []string // what a person should be told of the file

	file *runfile.File
}

// Read opens a run file to be read. The caller closes it.
func Read(path string) (*Recorded, error) {
	file, err := runfile.OpenReadOnly(path, runfile.OpenOptions{})
	if err != nil {
		return nil, err
	}
	r := &Recorded{Path: path, Holder: runfile.Holder(path), Warnings: file.Warnings(), file: file}
	if r.Info, err = file.Info(); err == nil {
		r.Counts, err = file.Count()
	}
	if err == nil {
		r.Control, err = file.Control()
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return r, nil
}

// List reads all run files of a folder, the newest first. They need not be
// closed, and cannot be reported on. A folder that is not there has none.
func List(dir string) ([]*Recorded, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("looking for runs: %w", err)
	}
	var runs []*Recorded
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if filepath.Ext(path) != ".run" {
			continue
		}
		r, err := Read(path)
		if err == nil {
			err = r.Close()
		}
		if err != nil {
			r = &Recorded{Path: path, Err: err}
			if stat, err := os.Stat(path); err == nil {
				r.Info.CreatedAt = stat.ModTime()
			}
		}
		runs = append(runs, r)
	}
	slices.SortStableFunc(runs, func(a, b *Recorded) int { return b.Info.CreatedAt.Compare(a.Info.CreatedAt) })
	return runs, nil
}

// State says how the run stands, in a word. A run that is said to be running,
// and that no process carries out, was left by one that died.
func (r *Recorded) State() string {
	switch {
	case r.Err != nil:
		return "unreadable"
	case r.Info.State == runfile.Running && r.Holder == nil:
		return "died"
	}
	return r.Info.State.String()
}

// Report hands write the run and its results, as they stand now; redacted, as
// report.Redact has them, with the run's own key. Results that
// cannot be read any more are left out; of those, the error tells the first,
// of kind Damaged, after write has returned nil.
func (r *Recorded) Report(ctx context.Context, redacted bool, write func(report.Run, report.Results) error) error {
	if err := r.file.Freeze(); err != nil {
		return err
	}
	run, damage := reportRun(&r.Info, r.file, r.Path)
	if damage != nil && !errors.Is(damage, runfile.ErrDamaged) {
		return damage
	}
	run.State = r.State()
	results := readable(ctx, r.file.Results(), &damage)
	if redacted {
		var err error
		if run, results, err = report.Redact(r.Info.Salt, run, results); err != nil {
			return err
		}
	}
	err := write(run, results)
	if err == nil && damage != nil {
		return &Error{Damaged, r.Path, damage}
	}
	return err
}

// MayReportTo refuses a path at which a report would replace the run file or
// what it was made from.
func (r *Recorded) MayReportTo(path string) error {
	p := &Plan{Info: r.Info, path: r.Path, file: r.file, sources: r.Info.Sources}
	if what := p.overwritten(path); what != "" {
		return badReport(path, fmt.Errorf("it would replace %s", what))
	}
	return nil
}

// Close closes the run file.
func (r *Recorded) Close() error { return r.file.Close() }

// readable are results without what is damaged, of which the first is kept. They
// end with ctx's cause once it is done.
func readable(ctx context.Context, results report.Results, damage *error) report.Results {
	return func(yield func(runner.Result, error) bool) {
		for r, err := range results {
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			if errors.Is(err, runfile.ErrDamaged) {
				if *damage == nil {
					*damage = err
				}
				continue
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}
