package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner"
	"cogpass/runner/runfile"
)

func newStatus(sys *system) *cobra.Command {
	return &cobra.Command{
		Use: "status [RUN_FILE]", Short: "Show how far a run is, also while it runs",
		Long: `Show how far a run is. It may be going on: looking does not slow it.
Without an argument, the runs in the state folder, newest first.` + "\n" + exitHelpFile,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return sys.listRuns()
			}
			return sys.status(args[0])
		},
	}
}

// look opens a run file to read it, and reads what is general.
func look(path string) (*runfile.File, runfile.Info, runfile.Counts, error) {
	file, err := runfile.OpenReadOnly(path, runfile.OpenOptions{})
	if err != nil {
		return nil, runfile.Info{}, runfile.Counts{}, err
	}
	info, err := file.Info()
	var count runfile.Counts
	if err == nil {
		count, err = file.Count()
	}
	if err != nil {
		file.Close()
		return nil, info, count, err
	}
	return file, info, count, nil
}

// stateOf says how a run stands, in a word or two. A run that is said to be
// running, and that no process holds, was left by one that died.
func stateOf(path string, info *runfile.Info) string {
	if info.State == runfile.Running && runfile.Holder(path) == nil {
		return "died"
	}
	return info.State.String()
}

func (s *system) status(path string) error {
	file, info, count, err := look(path)
	if err != nil {
		return err
	}
	defer file.Close()
	control, err := file.Control()
	if err != nil {
		return err
	}
	holder := runfile.Holder(path)
	return s.stream(func(w io.Writer) error {
		line := func(name, format string, args ...any) {
			if text := fmt.Sprintf(format, args...); text != "" {
				fmt.Fprintf(w, "%-10s %s\n", name, report.Visible(text))
			}
		}
		line("run", "%s", info.Name)
		line("pool", "%s %s", info.UserPoolID, info.PoolName)
		line("state", "%s", stateOf(path, &info))
		line("because", "%s", info.Reason)
		if holder != nil {
			line("process", "%d, since %s", holder.PID, moment(holder.Since))
		}
		line("done", "%s", counted(count))
		if count.InDoubt > 0 {
			line("in doubt", "%s", plural(count.InDoubt, "task"))
		}
		line("requests", "%s, %s throttled", report.Number(count.Requests), report.Number(count.Throttled))
		line("rate", "%s asked%s", jobs.Rate(info.AskedRate), controlled(control))
		line("started", "%s", moment(info.StartedAt))
		line("finished", "%s", moment(info.FinishedAt))
		line("plan", "%s", info.PlanDigest)
		if count.ByOutcome[runner.Pending] > 0 && holder == nil {
			line("to go on", "%s", goOn(&info, path))
		}
		return nil
	})
}

// goOn is the command line that goes on with a run.
func goOn(info *runfile.Info, path string) string {
	if info.Account == sandboxAccount {
		return command("run", "--sandbox", path)
	}
	return command("run", path)
}

func controlled(c runfile.Control) string {
	switch {
	case c.Paused:
		return ", paused"
	case c.Rate > 0:
		return fmt.Sprintf(", changed to %s", jobs.Rate(c.Rate))
	}
	return ""
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func (s *system) listRuns() error {
	dir, err := s.stateDir()
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking for runs: %w", err)
	}
	type run struct {
		path, state, done string
		created           time.Time
	}
	var runs []run
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if filepath.Ext(path) != ".run" {
			continue
		}
		file, info, count, err := look(path)
		if err != nil {
			created := time.Time{}
			if stat, err := os.Stat(path); err == nil {
				created = stat.ModTime()
			}
			runs = append(runs, run{path, "unreadable", unreadable(err), created})
			continue
		}
		runs = append(runs, run{path, stateOf(path, &info), counted(count), info.CreatedAt})
		file.Close()
	}
	slices.SortStableFunc(runs, func(a, b run) int { return b.created.Compare(a.created) })
	if len(runs) == 0 {
		s.say("no runs in %s", dir)
		return nil
	}
	return s.stream(func(w io.Writer) error {
		table := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
		fmt.Fprintln(table, "CREATED\tSTATE\tTASKS\tRUN FILE")
		for _, r := range runs {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", moment(r.created), r.state, r.done, report.Visible(r.path))
		}
		return table.Flush()
	})
}

// unreadable says in a few words why a run file cannot be read.
func unreadable(err error) string {
	var file *runfile.Error
	if errors.As(err, &file) {
		err = file.Err // without the path, which stands beside it
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return report.Visible(text)
}

type reportOptions struct {
	Format, Out string
}

func newReport(sys *system) *cobra.Command {
	o := &reportOptions{}
	cmd := &cobra.Command{
		Use: "report RUN_FILE", Short: "Write a report of a run, at any time",
		Long: `Write a report of a run, also while it goes on: every task in the order of the
plan, with its outcome so far.` + "\n" + exitHelpFile,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), sys, args[0]) },
	}
	cmd.Flags().StringVar(&o.Format, "format", "", "json, jsonl, csv or text (default: by the extension of --out, or text)")
	cmd.Flags().StringVarP(&o.Out, "out", "o", "", "where to write it, in one step, with mode 0600 (default: standard output)")
	return cmd
}

func (o *reportOptions) run(ctx context.Context, sys *system, path string) error {
	format, err := o.format()
	if err != nil {
		return usage("%w", err)
	}
	file, info, _, err := look(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := file.Freeze(); err != nil {
		return err
	}
	run := reportRun(&info)
	run.State = stateOf(path, &info)
	var damage error
	results := readable(ctx, file.Results(), &damage)
	if o.Out != "" {
		err = report.WriteFile(o.Out, format, run, results)
	} else {
		err = sys.stream(func(w io.Writer) error { return report.Write(w, format, run, results) })
	}
	if err == nil && damage != nil {
		return withHint(exitFatal, "the report has what is still readable", "%w", damage)
	}
	return err
}

func (o *reportOptions) format() (report.Format, error) {
	switch {
	case o.Format != "":
		return report.ParseFormat(o.Format)
	case o.Out != "":
		return report.FormatOf(o.Out)
	}
	return report.Text, nil
}

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

// reportRun is what reports say of a run.
func reportRun(info *runfile.Info) report.Run {
	return report.Run{
		Name: info.Name, UserPoolID: info.UserPoolID, PoolName: info.PoolName, Region: info.Region,
		Account: info.Account, Actor: info.Actor, JobDigest: info.JobDigest, PlanDigest: info.PlanDigest,
		ToolVersion: info.ToolVersion, CreatedAt: info.CreatedAt, StartedAt: info.StartedAt, FinishedAt: info.FinishedAt,
		State: info.State.String(), StopReason: info.Reason, AskedRate: info.AskedRate, Tasks: info.Tasks,
	}
}
