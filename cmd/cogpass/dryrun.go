package main

import (
	"context"
	"io"

	"cogpass/cmd/bulk"
	"cogpass/report"
)

// dryRun prints what a job would send, or a run would still send, and then the
// summary.
func (o *runOptions) dryRun(ctx context.Context, path string) error {
	format, err := report.ParseSkeletonFormat(o.Format)
	if err != nil {
		return usage("--format: %w", err)
	}
	plan, err := bulk.DryRun(ctx, path, o.Options)
	if err != nil {
		return err
	}
	defer plan.Close()
	o.sys.warnings(plan)
	err = o.sys.stream(func(w io.Writer) error {
		s := &report.Skeletons{W: w, Format: format, UserPoolID: plan.Info.UserPoolID, Region: plan.Info.Region, ShowPasswords: o.ShowPasswords}
		for task, err := range plan.Tasks(ctx, o.ShowPasswords) {
			if err != nil {
				return err
			}
			if err := s.Write(task); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && !o.Quiet {
		o.sys.info("%s would be acted on, %d skipped; %s; nothing was sent",
			plural(plan.Tally.Users(), "user"), plan.Tally.Skipped, planDuration(plan))
	}
	return err
}

// warnings says what a plan's user may not know of the job.
func (s *system) warnings(p *bulk.Plan) {
	for _, w := range p.Warnings {
		s.warn("%s", w.Advice())
	}
	for _, line := range weak(p) {
		s.warn("%s", line)
	}
}
