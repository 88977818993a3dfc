package bulk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

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

// List reads all run files of a folder, the one that was begun latest first: as
// much as tells how each is, so that a thousand are read in a second. They need not be
// closed, and cannot be reported on. A folder that is not there has none.
func List(dir string) ([]*Recorded, error) {
	paths, err := RunFiles(dir)
	if err != nil {
		return nil, err
	}
	runs := Glance(paths)
	slices.SortStableFunc(runs, func(a, b *Recorded) int { return b.When().Compare(a.When()) })
	return runs, nil
}

// RunFiles returns the paths of the run files of a folder, by name.
func RunFiles(dir string) (paths []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("looking for runs: %w", err)
	}
	for _, entry := range entries {
		if name := entry.Name(); filepath.Ext(name) == ".run" {
			paths = append(paths, filepath.Join(dir, name))
		}
	}
	return paths, nil
}

// Glance is List for some run files, which stay in their order.
func Glance(paths []string) []*Recorded {
	runs := make([]*Recorded, len(paths))
	var workers errgroup.Group
	workers.SetLimit(runtime.GOMAXPROCS(0))
	for i, path := range paths {
		workers.Go(func() error {
			r := &Recorded{Path: path}
			if r.Info, r.Counts, r.Err = runfile.Glance(path); r.Err == nil {
				r.Holder = runfile.Holder(path)
			} else if stat, err := os.Stat(path); err == nil {
				r.Info = runfile.Info{Plan: runfile.Plan{CreatedAt: stat.ModTime()}}
			}
			runs[i] = r
			return nil
		})
	}
	_ = workers.Wait()
	return runs
}

// When is when the run was begun; of one that was not begun, when its plan was
// made; and of a file that cannot be read, when it was changed last.
func (r *Recorded) When() time.Time {
	if r.Info.StartedAt.IsZero() {
		return r.Info.CreatedAt
	}
	return r.Info.StartedAt
}

// Name is what the run is called in its folder: the name of its file, without
// the extension.
func (r *Recorded) Name() string { return strings.TrimSuffix(filepath.Base(r.Path), ".run") }

// State says how the run stands, in a word. A run that is said to be running,
// and that no process carries out, was left by one that died.
func (r *Recorded) State() string {
	switch {
	case errors.Is(r.Err, runfile.ErrDamaged), errors.Is(r.Err, runfile.ErrNotRunFile):
		return "damaged"
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
