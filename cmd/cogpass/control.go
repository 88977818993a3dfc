package main

import (
	"github.com/spf13/cobra"

	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner/runfile"
)

func newRate(sys *system) *cobra.Command {
	return &cobra.Command{
		Use: "rate RUN_FILE RATE", Short: "Change the rate of a run that is going on",
		Long: `Change the rate of a run that is going on, from another terminal: 5/s, 300/m or
max. It takes effect within a second, and stays until it is changed again or the
run is begun anew with --rate.`,
		Example: `  cogpass rate job.run 5/s
  cogpass rate job.run max`,
		Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			rate, err := jobs.ParseRate(args[1])
			if err != nil {
				return usage("%w", err)
			}
			return control(sys, args[0], func(c *runfile.Control) { c.Rate = float64(rate) })
		},
	}
}

func newPause(sys *system, pause bool) *cobra.Command {
	cmd := &cobra.Command{
		Use: "resume RUN_FILE", Short: "Let a paused run go on",
		Long:    "Let a run go on that was paused. One that was stopped goes on with \"cogpass run RUN_FILE\".",
		Example: "  cogpass resume job.run",
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			return control(sys, args[0], func(c *runfile.Control) { c.Paused = pause })
		},
	}
	if pause {
		cmd.Use, cmd.Short, cmd.Example = "pause RUN_FILE", "Have a run that is going on start no more requests", "  cogpass pause job.run"
		cmd.Long = cmd.Short + ", within a second, until \"cogpass resume\"."
	}
	return cmd
}

func control(sys *system, path string, change func(*runfile.Control)) error {
	path, err := sys.runFile(path, wanted{})
	if err != nil {
		return err
	}
	if err := runfile.ChangeControl(path, change); err != nil {
		return err
	}
	if runfile.Holder(path) == nil {
		sys.info("no process carries %s out now; this holds from its next run on", report.Visible(path))
	}
	return nil
}
