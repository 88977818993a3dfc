package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"cogpass/jobs"
	"cogpass/runner/runfile"
)

// tally counts a plan while it is made.
type tally struct {
	tasks, excluded int64
	actions         [4]int64 // of tasks that are not excluded
}

func (t *tally) add(task *jobs.Task) {
	t.tasks++
	if task.Excluded {
		t.excluded++
		return
	}
	t.actions[task.Action]++
}

// sets is how many get a password.
func (t *tally) sets() int64 { return t.actions[jobs.SetTemporary] + t.actions[jobs.SetPermanent] }

// users is how many are acted on.
func (t *tally) users() int64 { return t.tasks - t.excluded }

// freeze checks a whole job and writes its plan. The caller commits or
// discards the draft; after an error there is none.
func freeze(ctx context.Context, job *jobs.Job, path string) (*runfile.Draft, *tally, error) {
	draft, err := runfile.Create(path, infoOf(job))
	if errors.Is(err, fs.ErrExist) {
		return nil, nil, withHint(exitUsage, "name another, or remove it", "%s is there already", path)
	}
	if err != nil {
		return nil, nil, err
	}
	count, err := fill(ctx, draft, job)
	if err != nil {
		return nil, nil, errors.Join(err, draft.Discard())
	}
	return draft, count, nil
}

// infoOf is what a run file says of a job.
func infoOf(job *jobs.Job) runfile.Info {
	return runfile.Info{
		Name: job.Name, UserPoolID: job.UserPoolID, Region: job.Region,
		JobPath: job.Path, JobDir: filepath.Dir(absolute(job.Path)), JobDigest: job.Digest,
		ToolVersion: version, CreatedAt: time.Now(), AskedRate: float64(job.Limits.Rate),
		Concurrency: job.Limits.Concurrency, Attempts: job.Retry.Attempts,
		MaxDelay: job.Retry.MaxDelay, Timeout: job.Retry.Timeout, Report: job.Report, Salt: job.Salt,
	}
}

func fill(ctx context.Context, draft *runfile.Draft, job *jobs.Job) (*tally, error) {
	count := new(tally)
	for task, err := range tasksUntil(ctx, job) {
		if err != nil {
			return nil, err
		}
		count.add(&task)
		if err := draft.Add(task); err != nil {
			return nil, err
		}
	}
	return count, nil
}

// tasksUntil are a job's tasks, until ctx is done: whatever reading them came to
// then, the interrupt is why it ended.
func tasksUntil(ctx context.Context, job *jobs.Job) taskSeq {
	return func(yield func(jobs.Task, error) bool) {
		for task, err := range job.Tasks() {
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			if !yield(task, err) || err != nil {
				return
			}
		}
	}
}

// newRunFile returns the path of a run file that is not there yet, in the
// state folder. What else may be wrong with the path, making the file will say.
func (s *system) newRunFile(name string, now time.Time) (string, error) {
	dir, err := s.stateDir()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", withHint(exitFatal, "name a run file elsewhere with --run-file", "making the folder of run files: %w", err)
	}
	base := filepath.Join(dir, name+"-"+now.UTC().Format("20060102T150405Z"))
	path := base + ".run"
	for n := 2; ; n++ {
		if _, err := os.Lstat(path); err != nil {
			return path, nil
		}
		path = fmt.Sprintf("%s-%d.run", base, n)
	}
}
