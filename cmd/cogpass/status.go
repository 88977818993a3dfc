package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"cogpass/cmd/bulk"
	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner/runfile"
)

func newStatus(sys *system) *cobra.Command {
	return &cobra.Command{
		Use: "status [RUN_FILE]", Short: "Show how far a run is, also while it runs",
		Long: `Show how far a run is. It may be going on: looking does not slow it.
Without an argument, the runs in the state folder, newest first.`,
		Example: `  cogpass status
  cogpass status job.run`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return sys.listRuns()
			}
			return sys.status(args[0])
		},
	}
}

func (s *system) status(path string) error {
	r, err := bulk.Read(path)
	if err != nil {
		return err
	}
	defer r.Close()
	s.fileWarnings(r)
	return s.stream(func(w io.Writer) error {
		line := func(name, format string, args ...any) {
			if text := fmt.Sprintf(format, args...); text != "" {
				fmt.Fprintf(w, "%-10s %s\n", name, report.Visible(text))
			}
		}
		line("run", "%s", r.Info.Name)
		line("pool", "%s %s", r.Info.UserPoolID, r.Info.PoolName)
		line("state", "%s", r.State())
		line("because", "%s", r.Info.Reason)
		if r.Holder != nil {
			line("process", "%d, since %s", r.Holder.PID, moment(r.Holder.Since))
		}
		line("done", "%s", counted(r.Counts))
		if n := r.Counts.InDoubt; n > 0 {
			line("in doubt", "%s", plural(n, "task"))
		}
		line("requests", "%s, %s throttled", report.Number(r.Counts.Requests), report.Number(r.Counts.Throttled))
		line("rate", "%s asked%s", jobs.Rate(r.Info.AskedRate), controlled(r.Control))
		line("started", "%s", moment(r.Info.StartedAt))
		line("finished", "%s", moment(r.Info.FinishedAt))
		line("plan", "%s", r.Info.PlanDigest)
		if r.Info.State != runfile.Done && r.Holder == nil {
			line("to go on", "%s", goOn(&r.Info, path))
		}
		return nil
	})
}

// fileWarnings says what is wrong with a run file that can be read.
func (s *system) fileWarnings(r *bulk.Recorded) {
	for _, w := range r.Warnings {
		s.warn("%s", report.Visible(w))
	}
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

func (s *system) listRuns() error {
	dir := s.stateDir()
	if dir == "" {
		return noStateDir()
	}
	runs, err := bulk.List(dir)
	if err != nil {
		return err
	}
	if len(runs) == 0 {
		s.info("no runs in %s", report.Visible(dir))
		return nil
	}
	return s.stream(func(w io.Writer) error {
		table := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
		fmt.Fprintln(table, "CREATED\tSTATE\tTASKS\tRUN FILE")
		for _, r := range runs {
			done := counted(r.Counts)
			if r.Err != nil {
				done = unreadable(r.Err)
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", moment(r.Info.CreatedAt), r.State(), done, report.Visible(r.Path))
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
