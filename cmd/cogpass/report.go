package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"cogpass/cmd/bulk"
	"cogpass/report"
)

type reportOptions struct {
	Format, Out string
	Redact      bool
}

func newReport(sys *system) *cobra.Command {
	o := &reportOptions{}
	cmd := &cobra.Command{
		Use: "report RUN_FILE", Short: "Write a report of a run, at any time",
		Long: `Write a report of a run, also while it goes on: every task in the order of the
plan, with its outcome so far. With --redact it may be passed on: users are
shown as digests, which only the run file can tell whose they are.`,
		Example: `  cogpass report job.run
  cogpass report job.run --out report.csv
  cogpass report job.run --out post-mortem.html --redact
  cogpass report job.run --format jsonl | jq 'select(.outcome == "failed")'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), sys, args[0]) },
	}
	cmd.Flags().StringVar(&o.Format, "format", "", "write as `FORMAT`: "+report.FormatNames()+" (default: as the extension of --out says, or text)")
	cmd.Flags().StringVarP(&o.Out, "out", "o", "", "the `FILE` to write, whole or not at all, which only you can read (default: standard output)")
	cmd.Flags().BoolVar(&o.Redact, "redact", false, "show a digest for each username and sub, keyed with a secret of the run file")
	return cmd
}

func (o *reportOptions) run(ctx context.Context, sys *system, path string) error {
	format, err := o.format()
	if err != nil {
		return usage("%w", err)
	}
	if path, err = sys.runFile(path, wanted{}); err != nil {
		return err
	}
	r, err := bulk.Read(path)
	if err != nil {
		return err
	}
	defer r.Close()
	sys.fileWarnings(r)
	if o.Out != "" {
		if err := r.MayReportTo(o.Out); err != nil {
			return err
		}
	}
	return r.Report(ctx, o.Redact, func(run report.Run, results report.Results) error {
		if o.Out != "" {
			return report.WriteFile(o.Out, format, run, results)
		}
		return sys.stream(func(w io.Writer) error { return report.Write(w, format, run, results) })
	})
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
