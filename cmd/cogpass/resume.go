package main

import (
	"context"
	"iter"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/runfile"
)

type taskSeq = iter.Seq2[jobs.Task, error]

// resume goes on with a run.
func (o *runOptions) resume(ctx context.Context, path string) error {
	if err := o.checkFrozen(path); err != nil {
		return err
	}
	if o.DryRun {
		return o.dryRunFile(ctx, path)
	}
	if err := o.mustNotAsk(); err != nil {
		return err
	}
	file, err := runfile.Open(path, runfile.OpenOptions{})
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Info()
	if err != nil {
		return err
	}
	if err := o.sameWorld(&info); err != nil {
		return err
	}
	c := &carrying{path: path, file: file, retryFailed: o.RetryFailed, retryUnknown: o.RetryUnknown}
	count, err := o.left(file, &info)
	if err != nil {
		return err
	}
	if err := o.expected(count.users()); err != nil {
		return err
	}
	if count.tasks == 0 {
		return o.nothingLeft(c, &info)
	}
	unlock, err := o.lockPool(&info, path)
	if err != nil {
		return err
	}
	defer unlock()
	if c.passwords, err = o.planPasswords(&info, path); err != nil {
		return err
	}
	defer c.passwords.Close()
	t, stop, err := o.reach(ctx, &info, count, o.planTasks(file), c.passwords)
	if err != nil {
		return err
	}
	defer stop()
	c.target = t
	return o.carryOut(ctx, c)
}

// checkFrozen finds what is wrong with the flags, for a plan that is frozen.
func (o *runOptions) checkFrozen(path string) error {
	if o.UserPoolID != "" || o.Region != "" || o.RunFile != "" {
		return usage("--user-pool-id, --region and --run-file go with a job; %s is a run file, whose plan is frozen", path)
	}
	return o.check()
}

// nothingLeft ends a run that has nothing to do. One that was cut off after its
// last outcome has not been ended yet, nor reported.
func (o *runOptions) nothingLeft(c *carrying, info *runfile.Info) error {
	o.progressf("nothing is left to do")
	if info.State != runfile.Done {
		return o.conclude(c, nil)
	}
	count, err := c.file.Count()
	if err == nil && count.ByOutcome[runner.Failed]+count.ByOutcome[runner.Unknown] > 0 {
		err = errSilent(exitSomeFailed)
	}
	return err
}

// sameWorld refuses to go on against AWS with what was begun in the sandbox,
// and the other way round.
func (o *runOptions) sameWorld(info *runfile.Info) error {
	switch {
	case info.State == runfile.Planned:
		return nil
	case info.Account == sandboxAccount && !o.Sandbox:
		return withHint(exitUsage, "add --sandbox, or run the job anew", "this run was begun in the sandbox")
	case info.Account != sandboxAccount && o.Sandbox:
		return withHint(exitUsage, "leave --sandbox out", "this run was begun on a pool at AWS")
	}
	return nil
}

// left counts what there is to do.
func (o *runOptions) left(file *runfile.File, info *runfile.Info) (*tally, error) {
	all, err := file.Count()
	if err != nil {
		return nil, err
	}
	t := new(tally)
	for action, outcomes := range all.ByAction {
		n := outcomes[runner.Pending]
		if o.RetryFailed {
			n += outcomes[runner.Failed]
		}
		if o.RetryUnknown {
			n += outcomes[runner.Unknown]
		}
		planned := int64(0)
		for _, tasks := range outcomes {
			planned += tasks
		}
		excluded := planned - info.Counts[action] - outcomes[runner.Skipped]
		t.tasks += n
		t.excluded += excluded
		t.actions[action] += n - excluded
	}
	return t, nil
}

// planPasswords opens the sources of a plan's passwords, which must be as they
// were.
func (o *runOptions) planPasswords(info *runfile.Info, path string) (*jobs.Passwords, error) {
	opt := o.sys.jobsOptions(&o.jobOptions)
	opt.Salt = info.Salt
	return jobs.OpenPasswords(passwordDirs(info.JobDir, path), info.Sources, opt)
}

// planTasks are the tasks of a plan that are left.
func (o *runOptions) planTasks(file *runfile.File) taskSeq {
	return func(yield func(jobs.Task, error) bool) {
		for row, err := range file.Pending(o.RetryFailed, o.RetryUnknown) {
			if !yield(row.Task, err) || err != nil {
				return
			}
		}
	}
}
