package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner/cognito"
	"cogpass/runner/runfile"
)

type runOptions struct {
	jobOptions
	sys *system

	Yes          bool
	ExpectUsers  int64
	RunFile      string
	RetryFailed  bool
	RetryUnknown bool
	Sandbox      bool

	DryRun        bool
	Format        string
	ShowPasswords bool

	LogFormat string
	Quiet     bool
}

func newRun(sys *system) *cobra.Command {
	o := &runOptions{sys: sys}
	cmd := &cobra.Command{
		Use:   "run JOB | RUN_FILE",
		Short: "Carry a job out, or go on with a run",
		Long: `Carry a job out, or go on with a run that was stopped.

With a job: checks all of it, freezes its plan into a run file, asks, carries it
out and writes the reports. With a run file: does the tasks that are pending. A
run file is told from a job by its content.

Nothing is lost if this is interrupted or killed: the run file knows what was
sent, and "cogpass run RUN_FILE" goes on.`,
		Example: `  cogpass run --sandbox --yes examples/onboarding.yaml
  cogpass run --dry-run --format cli job.yaml
  cogpass run --yes --expect-users 3 --quiet rotation.yaml
  cogpass run --retry-failed ~/.local/state/cogpass/spring-onboarding-20260101T090000Z.run`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), args[0], cmd.Flags().Changed("expect-users"))
		},
	}
	cmd.Long += "\n" + exitHelp
	f := cmd.Flags()
	o.addTo(f)
	f.BoolVarP(&o.Yes, "yes", "y", false, "do not ask")
	f.Int64Var(&o.ExpectUsers, "expect-users", 0, "refuse to start with any other number of users")
	f.StringVar(&o.RunFile, "run-file", "", "where to make the run file")
	f.BoolVar(&o.RetryFailed, "retry-failed", false, "with a run file: do those that failed again")
	f.BoolVar(&o.RetryUnknown, "retry-unknown", false, "with a run file: do those that are unknown again; a user may get a second code")
	f.BoolVar(&o.Sandbox, "sandbox", false, "act on an embedded stand-in of Cognito that holds the job's users")
	f.BoolVar(&o.DryRun, "dry-run", false, "print what would be sent, and send nothing")
	f.StringVar(&o.Format, "format", "text", "of --dry-run: text, json (one object a line) or cli (AWS CLI commands)")
	f.BoolVar(&o.ShowPasswords, "show-passwords", false, "of --dry-run: show passwords in the clear")
	f.StringVar(&o.LogFormat, "log-format", "text", "of the log where there is no terminal: text or json")
	f.BoolVarP(&o.Quiet, "quiet", "q", false, "no progress; warnings and errors only")
	return cmd
}

func (o *runOptions) run(ctx context.Context, path string, expecting bool) error {
	if !slices.Contains([]string{"text", "json"}, o.LogFormat) {
		return usage("--log-format %s: want text or json", o.LogFormat)
	}
	if o.LogFormat == "json" {
		o.sys.log = slog.New(slog.NewJSONHandler(o.sys.Err, nil))
	}
	if !o.DryRun && (o.Format != "text" || o.ShowPasswords) {
		return usage("--format and --show-passwords go with --dry-run")
	}
	if !expecting {
		o.ExpectUsers = -1
	}
	if !o.DryRun {
		outliveReader()
	}
	switch {
	case runfile.Is(path):
		return o.resume(ctx, path)
	case o.RetryFailed || o.RetryUnknown:
		return usage("--retry-failed and --retry-unknown go with a run file, and %s is none", path)
	case o.DryRun:
		return o.dryRunJob(ctx, path)
	}
	return o.start(ctx, path)
}

// start carries out a job.
func (o *runOptions) start(ctx context.Context, path string) error {
	job, err := o.open(o.sys, path)
	if err != nil {
		return err
	}
	if err := o.mustNotAsk(); err != nil {
		return err
	}
	runPath := o.RunFile
	if runPath == "" {
		if runPath, err = o.sys.newRunFile(job.Name, time.Now()); err != nil {
			return err
		}
	}
	draft, count, err := freeze(ctx, job, runPath)
	if err != nil {
		return err
	}
	defer draft.Discard() // of what is not committed
	for _, w := range job.Warnings {
		o.sys.say("warning: %s", w)
	}
	if err := o.expected(count.users()); err != nil {
		return err
	}
	info := infoOf(job)
	unlock, err := o.lockPool(&info, runPath)
	if err != nil {
		return err
	}
	defer unlock()
	passwords, err := jobs.OpenPasswords(passwordDirs(info.JobDir, runPath), job.Sources, o.passwordOptions(job))
	if err != nil {
		return err
	}
	defer passwords.Close()
	t, stop, err := o.reach(ctx, &info, count, tasksUntil(ctx, job), passwords)
	if err != nil {
		return err
	}
	defer stop()
	if err := draft.Commit(job.Sources); err != nil {
		return err
	}
	file, err := runfile.Open(runPath, runfile.OpenOptions{})
	if err != nil {
		return err
	}
	return o.carryOut(ctx, &carrying{path: runPath, file: file, target: t, passwords: passwords})
}

// mustNotAsk refuses, before any work, a run that would have to ask where
// nobody can answer.
func (o *runOptions) mustNotAsk() error {
	if !o.Yes && !o.Sandbox && !o.sys.InTerminal {
		return withHint(exitUsage, "add --yes, and --expect-users N to be sure of their number", "there is no terminal to ask on")
	}
	return nil
}

func (o *runOptions) expected(users int64) error {
	if o.ExpectUsers >= 0 && o.ExpectUsers != users {
		return usage("--expect-users %d: there are %d", o.ExpectUsers, users)
	}
	return nil
}

// reach connects to the pool, or to a sandbox with the users of tasks, checks
// the passwords of a new run against the pool's policy, and has it confirmed.
// stop ends the sandbox.
func (o *runOptions) reach(ctx context.Context, info *runfile.Info, count *tally, tasks taskSeq, passwords *jobs.Passwords) (t *target, stop func(), err error) {
	cfg := cognito.Config{
		Region: info.Region, Profile: o.Profile, EndpointURL: o.EndpointURL,
		Conns: max(o.Concurrency, info.Concurrency, 64),
	}
	stop = func() {}
	if o.Sandbox {
		if stop, err = o.startSandbox(info, &cfg, tasks); err != nil {
			return nil, nil, err
		}
	}
	t, err = connect(ctx, o.sys, info, cfg)
	if err == nil && info.State == runfile.Planned && count.sets() > 0 {
		err = t.pool.Policy.CheckAll(tasks, passwords)
	}
	if err == nil && !o.Yes && !o.Sandbox {
		err = confirm(o.sys, info, t, count, o.rate(info))
	}
	if err != nil {
		stop()
		return nil, nil, err
	}
	return t, stop, nil
}

// rate is the one to begin with.
func (o *runOptions) rate(info *runfile.Info) float64 {
	if o.Rate.set {
		return float64(o.Rate.rate)
	}
	return info.AskedRate
}

// lockPool takes the lock of the pool. A sandbox needs none: its pool is this
// run's own.
func (o *runOptions) lockPool(info *runfile.Info, runPath string) (unlock func(), err error) {
	if o.Sandbox {
		return func() {}, nil
	}
	dir, err := o.sys.stateDir()
	if err != nil {
		return nil, err
	}
	lock, err := runfile.LockPool(filepath.Join(dir, "locks"), info.UserPoolID, o.EndpointURL, runPath)
	if err != nil {
		return nil, err
	}
	return func() { _ = lock.Unlock() }, nil // the end of the process releases it too
}

// passwordOptions let passwords be read where the job was.
func (o *runOptions) passwordOptions(job *jobs.Job) jobs.Options {
	opt := o.sys.jobsOptions(&o.jobOptions)
	opt.Salt = job.Salt
	if in := job.Stdin(); in != nil {
		opt.Stdin = in
	}
	return opt
}

// passwordDirs are where sources are looked for: beside the job, beside the
// run file, and here.
func passwordDirs(jobDir, runPath string) []string {
	dirs := []string{jobDir, filepath.Dir(absolute(runPath))}
	if here, err := os.Getwd(); err == nil {
		dirs = append(dirs, here)
	}
	return dirs
}

// writeReports writes a run's reports, as the job or --report asks for them.
func (o *runOptions) writeReports(c *carrying, info *runfile.Info) error {
	paths := info.Report
	if o.Report != nil {
		paths = o.Report
	}
	var failed error
	for _, asked := range paths {
		path, err := report.ExpandPath(asked, info.Name, info.CreatedAt)
		if err == nil {
			if o.Report == nil && !filepath.IsAbs(path) {
				path = filepath.Join(info.JobDir, path)
			}
			var format report.Format
			if format, err = report.FormatOf(path); err == nil {
				err = report.WriteFile(path, format, reportRun(info), c.file.Results())
			}
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", asked, err))
			continue
		}
		o.progressf("report: %s", path)
	}
	if failed != nil {
		return withHint(exitFatal, "the run file has it all: "+command("report", c.path, "--format", "csv", "--out", "FILE"), "%w", failed)
	}
	return nil
}

// progressf tells what is not needed with --quiet.
func (o *runOptions) progressf(format string, args ...any) {
	if !o.Quiet {
		o.sys.say(format, args...)
	}
}
