package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"cogpass/cmd/bulk"
	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner/runfile"
)

type statusOptions struct {
	Format        string
	Watch, Failed bool
}

func newStatus(sys *system) *cobra.Command {
	o := &statusOptions{}
	cmd := &cobra.Command{
		Use: "status [RUN_FILE]", Short: "Show how far a run is, what failed and what to do",
		Long: `Show how far a run is, and of one that has ended what failed, why, and what to do
about it. It may be going on: looking does not slow it.
Without an argument, the runs in the state folder, the newest first.`,
		Example: `  cogpass status
  cogpass status spring-onboarding
  cogpass status --watch last
  cogpass status --failed --format json job.run`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(args); err != nil {
				return err
			}
			if len(args) == 0 {
				return sys.listRuns(o.Format)
			}
			return o.run(cmd.Context(), sys, args[0])
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Format, "format", "text", "write as `FORMAT`: text or json (one object a line)")
	f.BoolVarP(&o.Watch, "watch", "w", false, "follow the run until it ends")
	f.BoolVar(&o.Failed, "failed", false, "list what failed or is unknown")
	return cmd
}

func (o *statusOptions) check(args []string) error {
	switch {
	case o.Format != "text" && o.Format != "json":
		return usage("--format %s: want text or json", report.Visible(o.Format))
	case o.Watch && o.Failed:
		return usage("--watch and --failed do not go together")
	case (o.Watch || o.Failed) && len(args) == 0:
		return usage("--watch and --failed want a run file")
	}
	return nil
}

func (o *statusOptions) run(ctx context.Context, sys *system, path string) error {
	path, err := sys.runFile(path, wanted{})
	if err != nil {
		return err
	}
	r, err := bulk.Read(path)
	if err != nil {
		return err
	}
	sys.fileWarnings(r)
	if o.Watch {
		return sys.watch(ctx, r, o.Format)
	}
	defer r.Close()
	if o.Failed {
		return sys.failedOf(ctx, r, o.Format)
	}
	return sys.statusOf(ctx, r, o.Format)
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
