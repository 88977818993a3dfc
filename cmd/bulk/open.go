package bulk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner/runfile"
)

// purpose is what a plan is opened for.
type purpose uint8

const (
	toLook purpose = iota // at the tasks; nothing is written
	toRun
)

// open opens a job or a run file.
func (o *Options) open(ctx context.Context, path string, why purpose) (*Plan, error) {
	if runfile.Is(path) {
		return o.openFile(ctx, path, why)
	}
	if o.RetryFailed || o.RetryUnknown || o.LookFirst {
		return nil, fail(Refused, "what was sent before is known with its run file only, and %s is none", path)
	}
	job, err := o.openJob(path)
	if err != nil {
		return nil, err
	}
	if why == toLook {
		return o.lookAtJob(ctx, job, false)
	}
	if err := o.mustNotAsk(); err != nil {
		return nil, err
	}
	runPath := o.RunFile
	if runPath == "" {
		if runPath, err = o.newRunFile(job.Name); err != nil {
			return nil, err
		}
	}
	return o.freeze(ctx, job, runPath)
}

// openFile opens a run file, for what is left of its run.
func (o *Options) openFile(ctx context.Context, path string, why purpose) (*Plan, error) {
	if o.UserPoolID != "" || o.Region != "" || o.RunFile != "" {
		return nil, fail(Refused, "%s is a run file, whose plan is frozen: no pool, Region or run file can be given with it", path)
	}
	open := runfile.OpenReadOnly
	if why == toRun {
		open = runfile.Open
	}
	file, err := open(path, o.opening())
	if err != nil {
		return nil, err
	}
	for _, w := range file.Warnings() {
		o.warn("%s", report.Visible(w))
	}
	p := &Plan{opt: o, path: path, file: file}
	err = p.readFile(why)
	if as := p.Info.Credentials.Profile; err == nil && as != "" && o.Profile != "" && o.Profile != as {
		err = fail(Refused, "%s is a run file, whose plan is frozen: it is for the profile %s, not %s", path, report.Visible(as), report.Visible(o.Profile))
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return p, nil
}

func (p *Plan) readFile(why purpose) (err error) {
	if p.Info, err = p.file.Info(); err != nil {
		return err
	}
	if why == toRun {
		if err := p.sameWorld(); err != nil {
			return err
		}
	}
	count, err := p.file.Count()
	if err != nil {
		return err
	}
	p.Tally = p.opt.left(count, &p.Info)
	p.sources = p.Info.Sources
	p.passwordOptions = func() jobs.Options {
		opt := p.opt.jobOptions()
		opt.Salt = p.Info.Salt
		return opt
	}
	p.tasks = func(ctx context.Context) iter.Seq2[jobs.Task, error] {
		return func(yield func(jobs.Task, error) bool) {
			for row, err := range p.file.Pending(p.opt.RetryFailed, p.opt.RetryUnknown) {
				if ctx.Err() != nil {
					err = context.Cause(ctx)
				}
				if !yield(row.Task, err) || err != nil {
					return
				}
			}
		}
	}
	return nil
}

// sameWorld refuses to go on against AWS with what was begun in the sandbox,
// and the other way round.
func (p *Plan) sameWorld() error {
	switch begunInSandbox := BegunInSandbox(&p.Info); {
	case p.Info.State == runfile.Planned || begunInSandbox == p.opt.Sandbox:
		return nil
	case begunInSandbox:
		return fail(InSandbox, "this run was begun in the sandbox")
	}
	return fail(NotInSandbox, "this run was begun on a pool at AWS")
}

// passwordDirs are where sources are looked for: beside the job, beside the
// run file, and here.
func (p *Plan) passwordDirs() []string {
	dirs := []string{p.Info.JobDir, filepath.Dir(absolute(p.path))}
	if here, err := os.Getwd(); err == nil {
		dirs = append(dirs, here)
	}
	return dirs
}

// openPasswords opens the sources of the plan's passwords, which must be as
// they were.
func (p *Plan) openPasswords(ctx context.Context) (err error) {
	p.passwords, err = jobs.OpenPasswords(ctx, p.passwordDirs(), p.sources, p.passwordOptions())
	return err
}

// opening says how run files are opened. How far a rehearsal in the sandbox has
// come is nothing to the run that follows, of the same plan.
func (o *Options) opening() runfile.OpenOptions {
	opening := runfile.OpenOptions{LookFirst: o.LookFirst}
	if o.Sandbox && o.StateDir != "" {
		opening.Place = filepath.Join(o.StateDir, "locks")
	}
	return opening
}

// lockPool takes the lock of the pool, for an endpoint.
func (p *Plan) lockPool(endpoint string) (*runfile.Lock, error) {
	place, warning, err := runfile.UserPlace(p.fallbackPlace())
	if err != nil {
		return nil, &Error{NoStateDir, p.path, fmt.Errorf("there is no folder for locks: %w", err)}
	}
	if warning != "" {
		p.opt.warn("%s", report.Visible(warning))
	}
	return runfile.LockPool(place, p.Info.UserPoolID, endpoint, p.path)
}

// takePool is lockPool, once for the runs of this process that are carried out together.
func (p *Plan) takePool(endpoint string) (leave func(), err error) {
	if g := p.opt.together; g != nil {
		return func() {}, g.lockPool(p.poolKey(), func() (*runfile.Lock, error) { return p.lockPool(endpoint) })
	}
	lock, err := p.lockPool(endpoint)
	return func() { _ = lock.Unlock() }, err // the end of the process releases it too
}

// fallbackPlace is where runs meet that have no folder of their user's.
func (p *Plan) fallbackPlace() string {
	if p.opt.StateDir == "" {
		return ""
	}
	return filepath.Join(p.opt.StateDir, "locks")
}

// commit puts the run file of a job in place, and opens it.
func (p *Plan) commit() (err error) {
	if p.file != nil {
		return nil
	}
	if err := p.draft.Commit(p.sources); err != nil {
		return err
	}
	p.placed = true
	if p.survey != nil { // the run file has it all now
		if err := p.survey.close(); err != nil {
			return err
		}
	}
	p.file, err = runfile.Open(p.path, p.opt.opening())
	return err
}

// existing makes an error of making a run file one of this package, where
// there is a file already.
func existing(path string, err error) error {
	if errors.Is(err, fs.ErrExist) {
		return fail(RunFileExists, "%s is there already", path)
	}
	return err
}
