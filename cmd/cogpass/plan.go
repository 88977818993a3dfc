package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"text/template"

	"github.com/spf13/cobra"

	"cogpass/cmd/bulk"
	"cogpass/report"
)

type planOptions struct {
	bulk.Options
	Out      string
	Format   string
	PoolList string
}

func newPlan(sys *system) *cobra.Command {
	o := &planOptions{}
	cmd := &cobra.Command{
		Use: "plan JOB --out RUN_FILE", Short: "Freeze a job's plan into a run file, for review",
		Long: `Freeze a job's plan into a run file, and show what it would do: how many users by
action and state, who is skipped and why, how long it takes, how many messages it
sends, how many users become active users on the bill, and the IAM policy that it
needs. Changes nothing; where the job needs to know users of the pool, it asks.

"cogpass run RUN_FILE" then does exactly that plan, as its digest shows.

With --pool-list there is a plan for each pool of the list, in a run file of its own;
where one of them cannot be made, none is.`,
		Example: `  cogpass plan job.yaml --out job.run
  cogpass plan job.yaml --out job.run --format json > plan.json
  cogpass plan job.yaml --pool-list pools.csv --out 'plans/{pool}.run'
  cogpass run --approve DIGEST job.run     # after it was reviewed`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), sys, args[0]) },
	}
	addPool(cmd.Flags(), &o.Options)
	addReaching(cmd.Flags(), &o.Options)
	addRunning(cmd.Flags(), &o.Options)
	addPoolList(cmd.Flags(), &o.PoolList)
	cmd.Flags().StringVar(&o.Format, "format", "text", "write as `FORMAT`: text or json")
	cmd.Flags().StringVarP(&o.Out, "out", "o", "", "the run `FILE` to make (required)")
	return cmd
}

func (o *planOptions) run(ctx context.Context, sys *system, path string) error {
	if o.Out == "" {
		return withHint(exitUsage, report.Command("plan", report.PathArgument(path), "--out", "FILE.run"), "--out is missing: where is the run file to be?")
	}
	if o.Format != "text" && o.Format != "json" {
		return usage("--format %s: want text or json", o.Format)
	}
	if err := sys.options(&o.Options); err != nil {
		return err
	}
	o.Screen = &screen{sys: sys}
	if o.PoolList == "" {
		plan, err := bulk.Freeze(ctx, path, o.Out, o.Options)
		if err != nil {
			return err
		}
		return o.show(sys, plan, o.Out)
	}
	return o.onPools(ctx, sys, path)
}

// onPools makes the plans of a job for the pools of a list, and shows them once all of
// them are made.
func (o *planOptions) onPools(ctx context.Context, sys *system, path string) (err error) {
	opt := o.Options
	opt.RunFile = o.Out
	each, err := onPools(o.PoolList, opt)
	if err != nil {
		return err
	}
	plans := make([]*bulk.Plan, len(each))
	defer func() {
		for i := 0; err != nil && i < len(plans) && plans[i] != nil; i++ {
			err = errors.Join(err, os.Remove(each[i].RunFile))
		}
	}()
	for i := range each {
		if plans[i], err = bulk.Freeze(ctx, path, each[i].RunFile, each[i]); err != nil {
			return err
		}
	}
	for i, plan := range plans {
		if shown := o.show(sys, plan, each[i].RunFile); shown != nil {
			return shown // of plans that are made
		}
	}
	return nil
}

func (o *planOptions) show(sys *system, plan *bulk.Plan, out string) error {
	sys.warnings(plan)
	return sys.stream(func(w io.Writer) error {
		if o.Format == "json" {
			lines := json.NewEncoder(w)
			lines.SetIndent("", "  ")
			return lines.Encode(planDocument(plan, out))
		}
		return planText.Execute(w, map[string]any{"Plan": plan, "Tally": &plan.Tally, "Go": report.Command("run", report.PathArgument(out))})
	})
}

var planText = template.Must(template.New("plan").Funcs(template.FuncMap{
	"plural": plural, "tallied": tallied, "duration": planDuration, "decided": decided, "besides": besides, "lanes": lanes, "days": messageDays, "about": aboutPool, "overlaps": overlaps, "passwords": passwordsOf, "visible": report.Visible,
}).Parse(`plan of {{.Plan.Info.Name}}, on the pool {{.Plan.Info.UserPoolID}}
  {{tallied .Tally}}
{{- range decided .Tally}}
    {{.}}
{{- end}}
{{- range overlaps .Plan}}
    {{.}}
{{- end}}
{{- range besides .Tally}}
  {{.}}
{{- end}}
{{- range passwords .Plan}}
  {{.}}
{{- end}}
  {{duration .Plan}}
{{- range lanes .Plan}}
    {{.}}
{{- end}}
{{- with .Plan.Lookups}}
  {{plural . "request"}} made to learn of users{{if $.Plan.Listed}}, by listing the pool{{else}}, a look at each{{end}}
{{- end}}
  {{plural .Tally.Messages "message"}} to send at least, by e-mail or SMS
{{- with days .Plan}}
    {{.}}
{{- end}}
  {{plural .Tally.Active "user"}} counted as active on the bill
{{- with about .Plan}}
  {{.}}
{{- end}}
  {{- with .Plan.Credentials.String}}
  with the credentials of {{visible .}}
  {{- end}}
  digest {{.Plan.Info.PlanDigest}}
IAM policy that {{if .Plan.AssumePolicy}}the role{{else}}it{{end}} needs:
{{.Plan.Policy}}
{{- with .Plan.AssumePolicy}}
IAM policy of who assumes the role, whose trust policy has to allow it:
{{.}}
{{- end}}
to carry it out: {{.Go}}
`))
