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
	opt := o.jobOptions()
	var err error
	if opt.Protect, err = o.protect(); err != nil {
		return nil, err
	}
	opt.AllowProtected = o.AllowProtected
	job, err := jobs.Open(path, opt)
	if err != nil {
		return nil, err
	}
	if job.Handoff, err = resolved(job); err != nil {
		return nil, err
	}
	if o.Rate != 0 {
		job.Limits.Rate = o.Rate
	}
	if o.Profile != "" && job.Credentials.Profile != "" {
		job.Credentials.Profile = o.Profile
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
	if err := o.ownReports(job); err != nil {
		return nil, err
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

// readersOf are those to whom a job has passwords sealed.
func readersOf(h *jobs.Handoff) []string {
	if h.Age == nil {
		return nil
	}
	return h.Age.Recipients
}

// infoOf is what a run file says of a job.
func (o *Options) infoOf(job *jobs.Job) runfile.Info {
	return runfile.Info{Plan: runfile.Plan{
		Name: job.Name, UserPoolID: job.UserPoolID, Region: job.Region,
		JobPath: job.Path, JobDir: filepath.Dir(absolute(job.Path)), JobDigest: job.Digest,
		ToolVersion: o.Version, CreatedAt: o.Now(), AskedRate: float64(job.Limits.Rate),
		Concurrency: job.Limits.Concurrency, Attempts: job.Retry.Attempts,
		MaxDelay: job.Retry.MaxDelay, Timeout: job.Retry.Timeout, Outage: job.Retry.Outage, Report: job.Report, Salt: job.Salt,
		Rates: ratesOf(job.Limits.Rates), Canary: job.Limits.Canary, MaxFailures: job.Limits.MaxFailures, Messages: job.Limits.Messages,
		WantAccount: job.Account, Credentials: job.Credentials, Where: job.Where.Conditions, LastDoneBefore: job.Where.LastDoneBefore, Handoff: job.Handoff, PasswordPolicy: job.PasswordPolicy, Readers: readersOf(&job.Handoff), Check: job.Check,
	}}
}

func ratesOf(asked map[jobs.Category]jobs.Rate) map[jobs.Category]float64 {
	rates := map[jobs.Category]float64{}
	for category, rate := range asked {
		rates[category] = float64(rate)
	}
	return rates
}

// lookAtJob reads all of a job and writes nothing, but for what it finds out
// about the pool. Offline, it finds out nothing.
func (o *Options) lookAtJob(ctx context.Context, job *jobs.Job, offline bool) (*Plan, error) {
	p := o.ofJob(job, job.Path)
	tasks := job.Tasks(ctx)
	tasks.Naming = jobs.NamesUnknown
	err := p.readTasks(tasks.All(), nil)
	if err == nil && !offline && undecided(tasks) {
		err = p.readDecided(ctx, tasks, nil)
	}
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	p.take(tasks)
	if needs := tasks.Needs(); offline && (needs.Any() || needs.LastDone) {
		p.Unasked = &needs
	}
	return p, nil
}

// freeze reads all of a job and drafts its run file.
func (o *Options) freeze(ctx context.Context, job *jobs.Job, path string) (*Plan, error) {
	p := o.ofJob(job, path)
	if err := p.freeze(ctx, job.Tasks(ctx)); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func (p *Plan) freeze(ctx context.Context, tasks *jobs.Tasks) error {
	if err := p.newDraft(); err != nil {
		return err
	}
	tasks.Naming = jobs.NamesUnknown
	if err := p.readTasks(tasks.All(), p.draft.Add); err != nil {
		return err
	}
	if undecided(tasks) { // so what there is to do was not known yet
		if err := p.draft.Discard(); err != nil {
			return err
		}
		if err := p.newDraft(); err != nil {
			return err
		}
		if err := p.readDecided(ctx, tasks, p.draft.Add); err != nil {
			return err
		}
	}
	p.take(tasks)
	return nil
}

func (p *Plan) newDraft() error {
	draft, err := runfile.Create(p.path, p.Info.Plan)
	if err != nil {
		return existing(p.path, err)
	}
	p.draft = draft
	return nil
}

// asksPool reports whether tasks that were read can only be decided upon with
// what the pool says.
func asksPool(tasks *jobs.Tasks) bool {
	needs := tasks.Needs()
	return needs.Any() || tasks.Alike() > 0
}

// undecided reports whether tasks that were read can only be decided upon with
// what the pool says, or the ledger.
func undecided(tasks *jobs.Tasks) bool { return asksPool(tasks) || tasks.Needs().LastDone }

// readDecided asks what a job needs to know, and reads its tasks with that.
func (p *Plan) readDecided(ctx context.Context, tasks *jobs.Tasks, add func(jobs.Task) error) error {
	if err := p.openPast(ctx, tasks); err != nil {
		return err
	}
	if asksPool(tasks) {
		return p.readSurveyed(ctx, tasks, add)
	}
	p.tasks = p.due(tasks)
	return p.readTasks(p.tasks(ctx), add)
}

// readSurveyed asks the pool what a job needs to know, and reads its tasks with
// that.
func (p *Plan) readSurveyed(ctx context.Context, tasks *jobs.Tasks, add func(jobs.Task) error) error {
	survey, err := p.newSurvey(ctx, tasks)
	if err != nil {
		return err
	}
	p.survey, p.tasks = survey, survey.planned
	return p.readTasks(survey.planned(ctx), add)
}

// readTasks reads all tasks. add may be nil.
func (p *Plan) readTasks(tasks iter.Seq2[jobs.Task, error], add func(jobs.Task) error) error {
	p.Tally = newTally()
	for task, err := range tasks {
		if err != nil {
			return err
		}
		p.Tally.add(&task)
		if add == nil {
			continue
		}
		if err := add(task); err != nil {
			return err
		}
	}
	return nil
}

// take takes over what reading has found beside the tasks.
func (p *Plan) take(tasks *jobs.Tasks) { p.sources, p.Warnings = tasks.Sources(), tasks.Warnings() }

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
		if _, err := os.Lstat(path); err != nil && !o.together.has(realPath(path)) {
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
