package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"cogpass/jobs"
	"cogpass/report"
)

func newSchema(sys *system) *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of the job file, for editors",
		Long: `Print the JSON Schema of the job file, for editors.

  cogpass schema > cogpass.schema.json

An editor with the YAML language server checks a job that begins with
  # yaml-language-server: $schema=cogpass.schema.json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return sys.print("%s", jobs.Schema()) },
	}
}

func newValidate(sys *system) *cobra.Command {
	o := &jobOptions{}
	cmd := &cobra.Command{
		Use: "validate JOB", Short: "Check a job and its sources, offline",
		Long: `Check a job and every source it names, to the last line, offline.

Every fault is shown with its place and, where there is one, a way to mend it.` + "\n" + exitHelp,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.validate(cmd.Context(), sys, args[0]) },
	}
	cmd.Flags().StringVar(&o.UserPoolID, "user-pool-id", "", "the user pool, in place of the job's")
	cmd.Flags().StringVar(&o.Region, "region", "", "its Region, where it cannot be told from its ID")
	return cmd
}

func (o *jobOptions) validate(ctx context.Context, sys *system, path string) error {
	job, err := o.open(sys, path)
	if err != nil {
		return err
	}
	count := new(tally)
	for task, err := range tasksUntil(ctx, job) {
		if err != nil {
			return err
		}
		count.add(&task)
	}
	for _, w := range job.Warnings {
		sys.say("warning: %s", w)
	}
	return sys.print("%s: %s\n", report.Visible(path), count)
}

// String says what a plan does, in one line.
func (t *tally) String() string {
	parts := []string{plural(t.tasks, "user")}
	for a, n := range t.actions {
		if n > 0 {
			parts = append(parts, report.Number(n)+" "+jobs.Action(a).String())
		}
	}
	if t.excluded > 0 {
		parts = append(parts, report.Number(t.excluded)+" excluded")
	}
	return strings.Join(parts, ", ")
}
