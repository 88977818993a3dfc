package main

import (
	"context"
	"io"
	"text/template"

	"github.com/spf13/cobra"

	"cogpass/cmd/bulk"
)

type planOptions struct {
	bulk.Options
	Out string
}

func newPlan(sys *system) *cobra.Command {
	o := &planOptions{}
	cmd := &cobra.Command{
		Use: "plan JOB --out RUN_FILE", Short: "Freeze a job's plan into a run file, for review",
		Long: `Freeze a job's plan into a run file, and show what it would do: how many users by
action, how long it takes, how many messages it sends, how many users become
active users on the bill, and the IAM policy that it needs. Sends nothing.

"cogpass run RUN_FILE" then does exactly that plan, as its digest shows.` + "\n" + exitHelp,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), sys, args[0]) },
	}
	addPool(cmd.Flags(), &o.Options)
	addRunning(cmd.Flags(), &o.Options)
	cmd.Flags().StringVarP(&o.Out, "out", "o", "", "the run file to make (required)")
	return cmd
}

func (o *planOptions) run(ctx context.Context, sys *system, path string) error {
	if o.Out == "" {
		return withHint(exitUsage, command("plan", pathArgument(path), "--out", "FILE.run"), "--out is missing: where is the run file to be?")
	}
	if err := sys.options(&o.Options); err != nil {
		return err
	}
	plan, err := bulk.Freeze(ctx, path, o.Out, o.Options)
	if err != nil {
		return err
	}
	sys.warnings(plan)
	return sys.stream(func(w io.Writer) error {
		return planText.Execute(w, map[string]any{"Plan": plan, "Tally": &plan.Tally, "Go": command("run", pathArgument(o.Out))})
	})
}

var planText = template.Must(template.New("plan").Funcs(template.FuncMap{
	"plural": plural, "tallied": tallied, "howLong": howLong,
}).Parse(`plan of {{.Plan.Info.Name}}, on the pool {{.Plan.Info.UserPoolID}}
  {{tallied .Tally}}
  {{howLong .Tally.Users .Plan.Rate}}
  {{plural .Tally.Messages "message"}} to send at least, by e-mail or SMS
  {{plural .Tally.Active "user"}} counted as active on the bill
  digest {{.Plan.Info.PlanDigest}}
IAM policy that it needs:
{{.Plan.Policy}}
to carry it out: {{.Go}}
`))
