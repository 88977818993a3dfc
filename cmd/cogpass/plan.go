package main

import (
	"context"
	"io"
	"strings"
	"text/template"

	"github.com/spf13/cobra"

	"cogpass/jobs"
	"cogpass/runner/runfile"
)

type planOptions struct {
	jobOptions
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
	o.addTo(cmd.Flags())
	cmd.Flags().StringVarP(&o.Out, "out", "o", "", "the run file to make (required)")
	return cmd
}

func (o *planOptions) run(ctx context.Context, sys *system, path string) error {
	if o.Out == "" {
		return withHint(exitUsage, command("plan", path, "--out", "FILE.run"), "--out is missing: where is the run file to be?")
	}
	job, err := o.open(sys, path)
	if err != nil {
		return err
	}
	draft, count, err := freeze(ctx, job, o.Out)
	if err != nil {
		return err
	}
	defer draft.Discard() // of what is not committed
	for _, w := range job.Warnings {
		sys.say("warning: %s", w)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := draft.Commit(job.Sources); err != nil {
		return err
	}
	file, err := runfile.OpenReadOnly(o.Out, runfile.OpenOptions{})
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Info()
	if err != nil {
		return err
	}
	return sys.stream(func(w io.Writer) error {
		return planText.Execute(w, map[string]any{
			"Info": &info, "Count": count, "Long": howLong(count.users(), info.AskedRate),
			"Messages": count.actions[jobs.Reset], "Active": count.sets(),
			"Policy": policy(info.Region, info.UserPoolID, count), "Go": command("run", o.Out),
		})
	})
}

var planText = template.Must(template.New("plan").Funcs(template.FuncMap{"plural": plural}).Parse(`plan of {{.Info.Name}}, on the pool {{.Info.UserPoolID}}
  {{.Count}}
  {{.Long}}
  {{plural .Messages "message"}} to send at least, by e-mail or SMS
  {{plural .Active "user"}} counted as active on the bill
  digest {{.Info.PlanDigest}}
IAM policy that it needs:
{{.Policy}}
to carry it out: {{.Go}}
`))

// partition is the part of AWS that a Region is in, as ARNs name it.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// policy is the IAM policy that a plan needs, for a pool in any account.
func policy(region, poolID string, count *tally) string {
	actions := []string{"DescribeUserPool", "ListUsers"}
	if count.sets() > 0 {
		actions = append(actions, "AdminSetUserPassword")
	}
	if count.actions[jobs.Reset] > 0 {
		actions = append(actions, "AdminResetUserPassword")
	}
	return `  {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
    "Action": ["cognito-idp:` + strings.Join(actions, `", "cognito-idp:`) + `"],
    "Resource": "arn:` + partition(region) + `:cognito-idp:` + region + `:*:userpool/` + poolID + `"}]}`
}
