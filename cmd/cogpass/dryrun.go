package main

import (
	"context"
	"io"
	"iter"
	"path/filepath"

	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner"
	"cogpass/runner/runfile"
)

// dryRunJob prints what a job would send.
func (o *runOptions) dryRunJob(ctx context.Context, path string) error {
	job, err := o.open(o.sys, path)
	if err != nil {
		return err
	}
	count := new(tally)
	for task, err := range tasksUntil(ctx, job) { // all of it is checked before the first line is printed
		if err != nil {
			return err
		}
		count.add(&task)
	}
	if err := o.expected(count.users()); err != nil {
		return err
	}
	for _, w := range job.Warnings {
		o.sys.say("warning: %s", w)
	}
	passwords, err := jobs.OpenPasswords(passwordDirs(filepath.Dir(absolute(job.Path)), job.Path), job.Sources, o.passwordOptions(job))
	if err != nil {
		return err
	}
	defer passwords.Close()
	info := infoOf(job)
	return o.skeletons(ctx, &info, count, func(yield func(runner.Task, error) bool) {
		for task, err := range tasksUntil(ctx, job) {
			if !yield(o.skeletonTask(task, err, passwords)) {
				return
			}
		}
	})
}

// dryRunFile prints what a run would still send.
func (o *runOptions) dryRunFile(ctx context.Context, path string) error {
	file, err := runfile.OpenReadOnly(path, runfile.OpenOptions{})
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Info()
	if err != nil {
		return err
	}
	count, err := o.left(file, &info)
	if err != nil {
		return err
	}
	passwords, err := o.planPasswords(&info, path)
	if err != nil {
		return err
	}
	defer passwords.Close()
	return o.skeletons(ctx, &info, count, func(yield func(runner.Task, error) bool) {
		for row, err := range file.Pending(o.RetryFailed, o.RetryUnknown) {
			if !yield(o.skeletonTask(row.Task, err, passwords)) {
				return
			}
		}
	})
}

// skeletonTask is a task as far as its skeleton shows it.
func (o *runOptions) skeletonTask(t jobs.Task, err error, passwords *jobs.Passwords) (runner.Task, error) {
	task := taskOf(t)
	task.Source = t.Place.String() // with the column, for an editor
	if err == nil && o.ShowPasswords && t.Action.Sets() && !t.Excluded {
		task.Password, err = passwords.Get(t)
	}
	return task, err
}

// skeletons prints those of tasks, and then the summary.
func (o *runOptions) skeletons(ctx context.Context, info *runfile.Info, count *tally, tasks iter.Seq2[runner.Task, error]) error {
	format, err := report.ParseSkeletonFormat(o.Format)
	if err != nil {
		return usage("--format: %w", err)
	}
	err = o.sys.stream(func(w io.Writer) error {
		s := &report.Skeletons{W: w, Format: format, UserPoolID: info.UserPoolID, Region: info.Region, ShowPasswords: o.ShowPasswords}
		for task, err := range tasks {
			if err != nil {
				return err
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err := s.Write(task); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		o.progressf("%s would be acted on, %d excluded; %s; nothing was sent",
			plural(count.users(), "user"), count.excluded, howLong(count.users(), o.rate(info)))
	}
	return err
}
