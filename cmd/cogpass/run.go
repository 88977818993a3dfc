package main

import (
	"context"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"cogpass/cmd/bulk"
	"cogpass/report"
)

type runOptions struct {
	bulk.Options
	sys *system

	DryRun        bool
	Format        string
	ShowPasswords bool

	LogFormat string
	LogFile   string

	Metrics     string
	MetricsFile string

	NotifyCommand string

	PoolList string

	Quiet bool
}

func newRun(sys *system) *cobra.Command {
	o := &runOptions{sys: sys}
	var users int64
	cmd := &cobra.Command{
		Use:   "run JOB... | RUN_FILE...",
		Short: "Carry a job out, or go on with a run",
		Long: `Carry a job out, or go on with a run that was stopped.

With a job: checks all of it, freezes its plan into a run file, asks, carries it
out and writes the reports. With a run file: does the tasks that are pending. A
run file is told from a job by its content.

Nothing is lost if this is interrupted or killed: the run file knows what was
sent, and "cogpass run RUN_FILE" goes on.

Several jobs or run files are planned and checked first, all of them, and confirmed
at once. Those of one pool are carried out one after another, in the order given,
the others side by side: those of one account and Region share its rate. The exit
code is the first of 3, 5, 2, 130, 4, 1 and 0 that any of them has.`,
		Example: `  cogpass run --sandbox --yes examples/onboarding.yaml
  cogpass run --dry-run --format cli job.yaml
  cogpass run --yes --quiet rotation.yaml
  cogpass run --pool-list pools.csv job.yaml
  cogpass run --retry-failed ~/.local/state/cogpass/spring-onboarding-20260101T090000Z.run`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("expect-users") {
				o.ExpectUsers = &users
			}
			return o.run(cmd.Context(), args)
		},
	}
	f := cmd.Flags()
	addPool(f, &o.Options)
	addReaching(f, &o.Options)
	addRunning(f, &o.Options)
	addPoolList(f, &o.PoolList)
	f.BoolVarP(&o.Yes, "yes", "y", false, "do not ask before it starts")
	f.Int64Var(&users, "expect-users", 0, "refuse to start unless it is `N` users")
	f.StringVar(&o.RunFile, "run-file", "", "the run `FILE` to make (default: one in the state folder)")
	f.BoolVar(&o.LookFirst, "look-first", false, "where the run file is not whole: look at every pending user before anything is sent")
	f.BoolVar(&o.RetryFailed, "retry-failed", false, "do again what failed")
	f.BoolVar(&o.RetryUnknown, "retry-unknown", false, "do again what is unknown; a user may get a second code")
	f.StringVar(&o.Approve, "approve", "", "refuse any plan but the one with this `DIGEST`, as it was reviewed")
	f.BoolVar(&o.Wait, "wait", false, "where the messages of the day are used up, wait for the next day")
	f.StringArrayVar(&o.AllowProtected, "allow-protected", nil, "act on the user of this `NAME` though it is protected; may be repeated")
	f.BoolVar(&o.Sandbox, "sandbox", false, "act on a built-in stand-in of Cognito, which holds the job's users")
	f.StringVar(&o.SandboxPool, "sandbox-pool", "", "with --sandbox: a `FILE` of the pool and its users, as \"cogpass sandbox --pool\" takes")
	f.BoolVar(&o.DryRun, "dry-run", false, "print what would be sent, and send nothing")
	f.StringVar(&o.Format, "format", "text", "`FORMAT` of --dry-run: text, json (one object a line) or cli (AWS CLI commands)")
	f.BoolVar(&o.ShowPasswords, "show-passwords", false, "have --dry-run show passwords in the clear")
	f.StringVar(&o.LogFormat, "log-format", "text", "`FORMAT` of the log: text or json; on standard error, or of --log-file")
	f.StringVar(&o.LogFile, "log-file", "", "a `FILE` that the log is added to, beside what standard error shows")
	f.StringVar(&o.Metrics, "metrics", "", "serve metrics for Prometheus at this `ADDRESS` while it runs, such as 127.0.0.1:9464")
	f.StringVar(&o.MetricsFile, "metrics-file", "", "write them to this `FILE` too, for the node exporter; its name ends in .prom")
	f.StringVar(&o.NotifyCommand, "notify-command", "", "start this `PROGRAM` with its arguments at the end; it reads what has come of the run, as JSON")
	f.BoolVarP(&o.Quiet, "quiet", "q", false, "say nothing but warnings and errors")
	return cmd
}

// gcPercent is the garbage collector's. A run keeps a few megabytes, and each
// request leaves 30 kB: at Go's own 100 all that is kept would be looked at
// again every 150 requests. The sandbox's users are kept in the same heap.
const gcPercent = 400

func (o *runOptions) run(ctx context.Context, args []string) error {
	if !slices.Contains([]string{"text", "json"}, o.LogFormat) {
		return usage("--log-format %s: want text or json", o.LogFormat)
	}
	switch {
	case !o.DryRun && (o.Format != "text" || o.ShowPasswords):
		return usage("--format and --show-passwords go with --dry-run")
	case o.DryRun && (o.RunFile != "" || o.Report != nil):
		return usage("--dry-run makes no run file and no report: --run-file and --report do not go with it")
	case o.Sandbox && (o.EndpointURL != "" || o.Profile != ""):
		return usage("--sandbox has an endpoint of its own: --endpoint-url and --profile do not go with it")
	case o.SandboxPool != "" && !o.Sandbox:
		return usage("--sandbox-pool goes with --sandbox")
	case o.ExpectUsers != nil && *o.ExpectUsers < 0:
		return usage("--expect-users %d: want a number from 0", *o.ExpectUsers)
	}
	if err := o.checkWatching(); err != nil {
		return err
	}
	if err := o.sys.options(&o.Options); err != nil {
		return err
	}
	if err := o.openLog(); err != nil {
		return err
	}
	if len(args) > 1 || o.PoolList != "" {
		return o.several(ctx, args)
	}
	path, err := o.sys.runFile(args[0], wanted{Sandbox: o.Sandbox, Job: true, Quiet: o.Quiet})
	if err != nil {
		return err
	}
	show := &screen{sys: o.sys, quiet: o.Quiet}
	o.Screen = show
	if o.DryRun {
		return o.dryRun(ctx, path)
	}
	o.settle()
	if o.sys.InTerminal {
		o.Confirm = func(_ context.Context, q bulk.Question) error { return confirm(o.sys, q) }
	}
	if show.watch, err = o.openMetrics(); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, show.interrupted)()
	ended, err := bulk.Run(ctx, path, o.Options)
	why := err
	if ended != nil {
		err = o.ended(ended, err)
	}
	show.watch.end(codeOf(err))
	o.notify(ctx, ended, why, codeOf(err))
	return err
}

// settle has the process do for a run what it should.
func (o *runOptions) settle() {
	outliveReader()
	if o.sys.env("GOGC") == "" && !o.Sandbox {
		debug.SetGCPercent(gcPercent)
	}
}

// ended says how a run has ended, and what is left. Where that is not well, it
// returns an error, which says the rest.
func (o *runOptions) ended(e *bulk.Ended, err error) error {
	a := account{Figures: e.Figures, runFile: e.RunFile, reports: e.Reports}
	code := codeOf(err)
	if err == nil && e.SomeFailed() {
		code = exitSomeFailed
	}
	o.logEnd(&a, code)
	switch next := a.Ending.Next(); {
	case !o.Quiet && o.sys.log == nil:
		width := o.sys.width()
		lines := append([]string{report.Wrap(a.Ending.Counted(), "  ", width)}, a.lines(width)...)
		for _, line := range append(lines, a.next(width)...) {
			o.sys.printLine(slog.LevelInfo, line)
		}
	case !o.Quiet:
	case err != nil && next.Args != nil:
		_, hint := meaning(err)
		return withHint(code, strings.TrimPrefix(hint+"; "+next.Why+": "+next.Command(a.runFile), "; "), "%w", err)
	case code == exitSomeFailed:
		return a.essential()
	}
	if code == exitSomeFailed {
		return errSilent(code)
	}
	return err
}
