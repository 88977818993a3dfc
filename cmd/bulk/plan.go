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
	"cogpass/runner"
	"cogpass/runner/runfile"
)

// Plan is what is to be done: all of a job, or what is left of a run.
type Plan struct {
	Info     runfile.Info
	Tally    Tally
	Warnings []jobs.Fault

	opt     *Options
	path    string         // of the run file; of the job where there is none
	draft   *runfile.Draft // of a job that is to be run or frozen, until it is committed
	file    *runfile.File  // of a run file, or once the draft is committed
	tasks   func(context.Context) iter.Seq2[jobs.Task, error]
	sources []jobs.Source // of a job: once all its tasks were read

	passwordOptions func() jobs.Options // the same
	passwords       *jobs.Passwords     // once they were opened
}

// purpose is what a plan is opened for.
type purpose uint8

const (
	toLook purpose = iota // at the tasks; nothing is written
	toRun
)

// Validate reads a job and every source it names, to the last line, offline.
// Its error has every fault that was found. The caller closes the plan.
func Validate(ctx context.Context, jobPath string, opt Options) (*Plan, error) {
	opt = opt.withDefaults()
	job, err := opt.openJob(jobPath)
	if err != nil {
		return nil, err
	}
	return opt.lookAtJob(ctx, job)
}

// DryRun is Validate for a job, or what is left to do where path names a run
// file. Tasks then yields what would be sent.
func DryRun(ctx context.Context, path string, opt Options) (*Plan, error) {
	opt = opt.withDefaults()
	p, err := opt.open(ctx, path, toLook)
	if err != nil {
		return nil, err
	}
	err = opt.expected(p.Tally.Users())
	if err == nil {
		err = p.openPasswords(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// Freeze makes the run file of a job, for Run to carry out later. Its Info has
// the digest of the plan.
func Freeze(ctx context.Context, jobPath, runPath string, opt Options) (*Plan, error) {
	opt = opt.withDefaults()
	job, err := opt.openJob(jobPath)
	if err != nil {
		return nil, err
	}
	p, err := opt.freeze(ctx, job, runPath)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	if err := p.checkReports(ctx); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err := p.draft.Commit(p.sources); err != nil {
		return nil, err
	}
	file, err := runfile.OpenReadOnly(runPath, runfile.OpenOptions{})
	if err != nil {
		return nil, err
	}
	defer file.Close()
	p.Info, err = file.Info()
	return p, err
}

// Close closes what the plan was read from. A run file that was not put in
// place is removed.
func (p *Plan) Close() error {
	var err error
	if p.draft != nil {
		err = p.draft.Discard()
	}
	if p.passwords != nil {
		err = errors.Join(err, p.passwords.Close())
	}
	if p.file != nil {
		err = errors.Join(err, p.file.Close())
	}
	return err
}

// Rate is the one to begin with.
func (p *Plan) Rate() jobs.Rate {
	if p.opt.Rate != 0 {
		return p.opt.Rate
	}
	return jobs.Rate(p.Info.AskedRate)
}

// Tasks are those to be done, as a dry run shows them: with the column of their
// source, and with their passwords only where those are asked for.
func (p *Plan) Tasks(ctx context.Context, passwords bool) iter.Seq2[runner.Task, error] {
	return func(yield func(runner.Task, error) bool) {
		for t, err := range p.tasks(ctx) {
			task := taskOf(t)
			task.Source = t.Place.String()
			if err == nil && passwords && t.Action.Sets() && !t.Excluded {
				task.Password, err = p.passwords.Get(t)
			}
			if !yield(task, err) || err != nil {
				return
			}
		}
	}
}

// open opens a job or a run file.
func (o *Options) open(ctx context.Context, path string, for_ purpose) (*Plan, error) {
	if runfile.Is(path) {
		return o.openFile(ctx, path, for_)
	}
	if o.RetryFailed || o.RetryUnknown || o.LookFirst {
		return nil, fail(Refused, "what was sent before is known with its run file only, and %s is none", path)
	}
	job, err := o.openJob(path)
	if err != nil {
		return nil, err
	}
	if for_ == toLook {
		return o.lookAtJob(ctx, job)
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
func (o *Options) openFile(ctx context.Context, path string, for_ purpose) (*Plan, error) {
	if o.UserPoolID != "" || o.Region != "" || o.RunFile != "" {
		return nil, fail(Refused, "%s is a run file, whose plan is frozen: no pool, Region or run file can be given with it", path)
	}
	open := runfile.OpenReadOnly
	if for_ == toRun {
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
	if err := p.readFile(for_); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return p, nil
}

func (p *Plan) readFile(for_ purpose) (err error) {
	if p.Info, err = p.file.Info(); err != nil {
		return err
	}
	if for_ == toRun {
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
	fallback := ""
	if p.opt.StateDir != "" {
		fallback = filepath.Join(p.opt.StateDir, "locks")
	}
	place, warning, err := runfile.UserPlace(fallback)
	if err != nil {
		return nil, &Error{NoStateDir, p.path, fmt.Errorf("there is no folder for locks: %w", err)}
	}
	if warning != "" {
		p.opt.warn("%s", report.Visible(warning))
	}
	return runfile.LockPool(place, p.Info.UserPoolID, endpoint, p.path)
}

// commit puts the run file of a job in place, and opens it.
func (p *Plan) commit() (err error) {
	if p.file != nil {
		return nil
	}
	if err := p.draft.Commit(p.sources); err != nil {
		return err
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
