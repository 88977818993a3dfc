package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"cogpass/cmd/bulk"
	"cogpass/cmd/cogpass-temporal/depot"
	"cogpass/cmd/cogpass-temporal/engine"
	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner"
)

// version is that of cogpass; a release names another with -ldflags.
var version = "0.1.0-dev"

func exactly(n int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != n {
			return usage("want %s", what)
		}
		return nil
	}
}

// runOptions are those of commands about a run.
type runOptions struct {
	reach
	sys *system
}

// with opens the bucket, and what it says of a run: the ID of its workflow.
func (o *runOptions) with(ctx context.Context, id string, do func(d *depot.Depot, workflow string) error) error {
	d, err := o.openStore(ctx, o.sys)
	if err != nil {
		return err
	}
	defer d.Close()
	workflow, err := engine.WorkflowOf(ctx, d, id)
	if err != nil {
		return err
	}
	return do(d, workflow)
}

func newOrders(sys *system) []*cobra.Command {
	o := &runOptions{sys: sys}
	order := func(use, short string, args int, what string, of func(args []string) (engine.Order, error)) *cobra.Command {
		cmd := &cobra.Command{Use: use, Short: short, Args: exactly(args, what), RunE: func(cmd *cobra.Command, args []string) error {
			order, err := of(args)
			if err != nil {
				return err
			}
			order.Run = args[0]
			return o.order(cmd.Context(), order)
		}}
		o.addStore(cmd.Flags())
		o.addServer(cmd.Flags())
		return cmd
	}
	plain := func(do engine.Command) func([]string) (engine.Order, error) {
		return func([]string) (engine.Order, error) { return engine.Order{Do: do}, nil }
	}
	return []*cobra.Command{
		order("rate RUN RATE", "Change the rate of a run: 10/s, 300/m or max", 2, "a run and a rate", func(args []string) (engine.Order, error) {
			rate, err := jobs.ParseRate(args[1])
			if err != nil {
				return engine.Order{}, usage("%w", err)
			}
			if rate == jobs.MaxRate {
				rate = 0
			}
			return engine.Order{Do: engine.SetRate, Rate: float64(rate)}, nil
		}),
		order("pause RUN", "Have a run send nothing more until it is resumed", 1, "a run", plain(engine.Pause)),
		order("resume RUN", "Have a paused run go on", 1, "a run", plain(engine.Resume)),
		order("cancel RUN", "End a run; requests in flight are finished, and nothing is lost", 1, "a run", plain(engine.Cancel)),
	}
}

func (o *runOptions) order(ctx context.Context, order engine.Order) error {
	return o.with(ctx, order.Run, func(d *depot.Depot, workflow string) error {
		if end, ended, err := engine.HasEnded(ctx, d, order.Run); err != nil || ended {
			return errors.Join(err, &coded{exitUsage, "", fmt.Errorf("the run has ended: %s", end.State)})
		}
		server, _, err := o.dial(ctx)
		if err != nil {
			return fmt.Errorf("connecting to Temporal: %w", err)
		}
		defer server.Close()
		return server.SignalWorkflow(ctx, workflow, "", engine.OrderSignal, order)
	})
}

func newStatus(sys *system) *cobra.Command {
	o := &runOptions{sys: sys}
	cmd := &cobra.Command{
		Use: "status RUN", Short: "Show how far a run is",
		Long: `Show how far a run is, as of the batches of a hundred tasks that have ended. While it
goes on, a worker has to be there to answer.`,
		Args: exactly(1, "a run"),
		RunE: func(cmd *cobra.Command, args []string) error { return o.status(cmd.Context(), args[0]) },
	}
	o.addStore(cmd.Flags())
	o.addServer(cmd.Flags())
	return cmd
}

func (o *runOptions) status(ctx context.Context, id string) error {
	return o.with(ctx, id, func(d *depot.Depot, workflow string) error {
		end, ended, err := engine.HasEnded(ctx, d, id)
		if err != nil {
			return err
		}
		if ended {
			o.show(id, end.State, &end.Going)
			return nil
		}
		server, _, err := o.dial(ctx)
		if err != nil {
			return fmt.Errorf("connecting to Temporal: %w", err)
		}
		defer server.Close()
		s, err := ask(ctx, server, workflow)
		if err != nil {
			return err
		}
		if s.ID != id {
			return fmt.Errorf("the run was terminated, and the pool has another by now, %s", s.ID)
		}
		state := "running"
		switch {
		case s.Going.Paused:
			state = "paused"
		case s.Lane != "" && s.Going.Share.Share == 0:
			state = "waiting for its part of the quota"
		}
		o.show(id, state, &s.Going)
		fmt.Fprintf(o.sys.Out, "%-10s %s at most, with %.0f%% of the lane, %d batches under way\n", "rate", rateText(s.Rate), 100*s.Going.Share.Share, s.Flying)
		return nil
	})
}

const askTime = 10 * time.Second

func ask(ctx context.Context, server client.Client, workflow string) (s engine.Status, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, askTime, errors.New("no worker answers"))
	defer cancel()
	answer, err := server.QueryWorkflow(ctx, workflow, "", engine.StatusQuery)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return s, err
	}
	return s, answer.Get(&s)
}

func rateText(rate float64) string {
	if rate == 0 {
		return jobs.MaxRate.String()
	}
	return jobs.Rate(rate).String()
}

func (o *runOptions) show(id, state string, g *engine.Going) {
	line := func(name, text string) { fmt.Fprintf(o.sys.Out, "%-10s %s\n", name, text) }
	line("run", id)
	if g.Stop != nil {
		state += " (" + g.Stop.Class + " " + g.Stop.Code + ")"
	}
	line("state", report.Visible(state))
	for outcome := runner.Pending; outcome <= runner.Unknown; outcome++ {
		if n := g.Counts[outcome]; n > 0 {
			line(outcome.String(), report.Number(n))
		}
	}
}

func newCollect(sys *system) *cobra.Command {
	o := &runOptions{sys: sys}
	var out string
	cmd := &cobra.Command{
		Use: "collect RUN --out RUN_FILE", Short: "Make a run file of a run that has ended",
		Long: `Make a run file of a run that has ended, which every command of cogpass reads: report,
status, reveal; and "cogpass run" goes on with what is left.

A run that goes on is refused, for "cogpass run" would do the same users again. One
that was terminated has not ended by itself: --terminated takes it, with what its workers
had not written down in doubt, which "cogpass run" settles by looking.`,
		Args: exactly(1, "a run"),
	}
	terminated := cmd.Flags().Bool("terminated", false, "the workflow was terminated, and its workers have stopped")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if out == "" {
			return usage("--out says which run file is to be made")
		}
		return o.with(cmd.Context(), args[0], func(d *depot.Depot, _ string) error {
			_, ended, err := engine.HasEnded(cmd.Context(), d, args[0])
			if err != nil {
				return err
			}
			if !ended && !*terminated {
				return &coded{exitHeld, "wait for it to end, or cancel it; `cogpass-temporal report` shows what there is by now", errors.New("the run goes on")}
			}
			return engine.Collect(cmd.Context(), d, args[0], out, "")
		})
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "the run `FILE` to make")
	o.addStore(cmd.Flags())
	return cmd
}

func newReport(sys *system) *cobra.Command {
	o := &runOptions{sys: sys}
	var format, out string
	var redact bool
	cmd := &cobra.Command{
		Use: "report RUN", Short: "Write a report of a run, at any time",
		Long: `Write a report of a run, also while it goes on: as of the batches that have ended. A
task of a batch that is under way is shown as pending.`,
		Args: exactly(1, "a run"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.report(cmd.Context(), args[0], format, out, redact)
		},
	}
	f := cmd.Flags()
	f.StringVar(&format, "format", "", "write as `FORMAT`: "+report.FormatNames()+" (default: as the extension of --out says, or text)")
	f.StringVarP(&out, "out", "o", "", "the `FILE` to write (default: standard output)")
	f.BoolVar(&redact, "redact", false, "show a digest for each username and sub")
	o.addStore(f)
	return cmd
}

func (o *runOptions) report(ctx context.Context, id, name, out string, redact bool) (err error) {
	format := report.Text
	switch {
	case name != "":
		format, err = report.ParseFormat(name)
	case out != "":
		format, err = report.FormatOf(out)
	}
	if err != nil {
		return usage("%w", err)
	}
	return o.with(ctx, id, func(d *depot.Depot, _ string) error {
		dir, err := os.MkdirTemp("", "cogpass-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		path := filepath.Join(dir, id+".run")
		if err := engine.Collect(ctx, d, id, path, dir); err != nil {
			return err
		}
		r, err := bulk.Read(path)
		if err != nil {
			return err
		}
		defer r.Close()
		return r.Report(ctx, redact, func(run report.Run, results report.Results) error {
			if out != "" {
				return report.WriteFile(out, format, run, results)
			}
			return report.Write(o.sys.Out, format, run, results)
		})
	})
}
