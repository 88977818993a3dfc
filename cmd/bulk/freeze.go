package bulk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"

	"cogpass/jobs"
	"cogpass/runner/runfile"
)

// openJob reads a job file, with the options in place of what it says.
func (o *Options) openJob(path string) (*jobs.Job, error) {
	job, err := jobs.Open(path, o.jobOptions())
	if err != nil {
		return nil, err
	}
	if l := job.Limits; l.Canary > 0 || l.MaxFailures.Given || l.Messages > 0 || l.Rates != nil || job.Account != "" {
		return nil, fail(Refused, "canary, maxFailures, messages, rates and account are not supported yet")
	}
	if o.Rate != 0 {
		job.Limits.Rate = o.Rate
	}
	if o.Concurrency > 0 {
		job.Limits.Concurrency = o.Concurrency
	}
	if o.Report != nil {
		job.Report = nil
		for _, path := range o.Report {
			job.Report = append(job.Report, absolute(path)) // an option's path starts from here, a job's beside the job
		}
	}
	return job, nil
}

// ofJob is the plan of a job; its tasks are to be read yet.
func (o *Options) ofJob(job *jobs.Job, path string) *Plan {
	return &Plan{
		Info: o.infoOf(job), opt: o, path: path,
		tasks: func(ctx context.Context) iter.Seq2[jobs.Task, error] { return job.Tasks(ctx).All() },
		passwordOptions: func() jobs.Options {
			opt := o.jobOptions()
			opt.Salt = job.Salt
			if in := job.Stdin(); in != nil { // passwords are read where the job was
				opt.Stdin = in
			}
			return opt
		},
	}
}

// infoOf is what a run file says of a job.
func (o *Options) infoOf(job *jobs.Job) runfile.Info {
	return runfile.Info{Plan: runfile.Plan{
		Name: job.Name, UserPoolID: job.UserPoolID, Region: job.Region,
		JobPath: job.Path, JobDir: filepath.Dir(absolute(job.Path)), JobDigest: job.Digest,
		ToolVersion: o.Version, CreatedAt: o.Now(), AskedRate: float64(job.Limits.Rate),
		Concurrency: job.Limits.Concurrency, Attempts: job.Retry.Attempts,
		MaxDelay: job.Retry.MaxDelay, Timeout: job.Retry.Timeout, Outage: job.Retry.Outage, Report: job.Report, Salt: job.Salt,
	}}
}

// lookAtJob reads all of a job and writes nothing.
func (o *Options) lookAtJob(ctx context.Context, job *jobs.Job) (*Plan, error) {
	p := o.ofJob(job, job.Path)
	if err := p.readTasks(job.Tasks(ctx), func(jobs.Task) error { return nil }); err != nil {
		return nil, err
	}
	return p, nil
}

// freeze reads all of a job and drafts its run file.
func (o *Options) freeze(ctx context.Context, job *jobs.Job, path string) (*Plan, error) {
	p := o.ofJob(job, path)
	draft, err := runfile.Create(path, p.Info.Plan)
	if err != nil {
		return nil, existing(path, err)
	}
	p.draft = draft
	if err := p.readTasks(job.Tasks(ctx), draft.Add); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// readTasks reads all of a job.
func (p *Plan) readTasks(tasks *jobs.Tasks, add func(jobs.Task) error) error {
	for task, err := range tasks.All() {
		if err != nil {
			return err
		}
		if task.SignOut != jobs.NoSignOut {
			return fail(Refused, "signOut is not supported yet") // until a run carries it out
		}
		p.Tally.add(&task)
		if err := add(task); err != nil {
			return err
		}
	}
	if needs := tasks.Needs(); needs.Any() {
		return fail(Refused, "what has to be asked of the pool (pool, where, ifMissing, enable, onImpossible) is not supported yet")
	}
	p.sources, p.Warnings = tasks.Sources(), tasks.Warnings()
	return nil
}

// newRunFile returns the path of a run file that is not there yet, in the
// state folder. What else may be wrong with the path, making the file will say.
func (o *Options) newRunFile(name string) (string, error) {
	if o.StateDir == "" {
		return "", fail(NoStateDir, "there is no folder for run files and locks")
	}
	if err := os.MkdirAll(o.StateDir, 0o700); err != nil {
		return "", fail(BadStateDir, "making the folder of run files: %w", err)
	}
	base := filepath.Join(o.StateDir, name+"-"+o.Now().UTC().Format("20060102T150405Z"))
	path := base + ".run"
	for n := 2; ; n++ {
		if _, err := os.Lstat(path); err != nil {
			return path, nil
		}
		path = fmt.Sprintf("%s-%d.run", base, n)
	}
}

// absolute returns a path that means the same from any folder, where that can be told.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
