package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"cogpass/cmd/bulk"
	"cogpass/cmd/cogpass-temporal/engine"
	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner/runfile"
	"cogpass/runner/sealed"
)

type submitOptions struct {
	bulk.Options
	reach
	sys        *system
	Sure       bool // --yes
	WorkerKeys []string
}

func newSubmit(sys *system) *cobra.Command {
	o := &submitOptions{sys: sys}
	var users int64
	var rate string
	cmd := &cobra.Command{
		Use: "submit JOB | RUN_FILE", Short: "Plan a job, have it confirmed, and have the workers carry it out",
		Long: `Plan a job, have it confirmed, and have the workers carry it out.

A run file is a plan that "cogpass plan" has made. It is moved into the bucket: the
run is there from then on, and "cogpass-temporal collect" gets it back.

Prints the name of the run, which the other commands take.`,
		Example: `  cogpass-temporal submit rotation.yaml --store s3://cogpass-runs?region=eu-west-1
  cogpass-temporal submit reset.run --approve sha256:... --yes`,
		Args: exactly(1, "a job or a run file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("expect-users") {
				o.ExpectUsers = &users
			}
			if rate != "" {
				r, err := jobs.ParseRate(rate)
				if err != nil {
					return usage("--rate: %w", err)
				}
				o.Rate = r
			}
			return o.run(cmd.Context(), args[0])
		},
	}
	f := cmd.Flags()
	o.addStore(f)
	o.addServer(f)
	f.StringVar(&o.Profile, "profile", "", "the `PROFILE` of the AWS config files with which the pool is asked about; workers have credentials of their own")
	f.StringVar(&o.EndpointURL, "endpoint-url", "", "the `URL` to send requests to, in place of AWS: the workers' too")
	f.StringVar(&rate, "rate", "", "this many requests at most: 10/s, 300/m or max")
	f.StringVar(&o.Approve, "approve", "", "refuse any plan but the one with this `DIGEST`")
	f.StringArrayVar(&o.AllowProtected, "allow-protected", nil, "act on the user of this `NAME` though it is protected; may be repeated")
	f.StringArrayVar(&o.WorkerKeys, "worker-key", nil, "seal the passwords that the job gives to this age `RECIPIENT`, the workers' (default: $COGPASS_WORKER_KEY); may be repeated")
	f.Int64Var(&users, "expect-users", 0, "refuse to start unless it is `N` users")
	f.BoolVarP(&o.Sure, "yes", "y", false, "do not ask before it starts")
	return cmd
}

func (o *submitOptions) run(ctx context.Context, path string) error {
	store, err := o.openStore(ctx, o.sys)
	if err != nil {
		return err
	}
	defer store.Close()
	keys, err := o.workerKeys()
	if err != nil {
		return err
	}
	server, _, err := o.dial(ctx)
	if err != nil {
		return fmt.Errorf("connecting to Temporal: %w", err)
	}
	defer server.Close()
	o.StateDir, o.LookupEnv, o.Stdin = bulk.StateDir(o.sys.LookupEnv), o.sys.LookupEnv, o.sys.In
	o.Protect, o.Version, o.Screen = bulk.ProtectFile(o.sys.LookupEnv), version, screen{o.sys}
	ours := !runfile.Is(path)
	if ours { // the run is in the bucket: what is left here could be run a second time
		dir, err := os.MkdirTemp("", "cogpass-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		o.RunFile = filepath.Join(dir, "plan.run")
	}
	o.Confirm = o.confirm
	return bulk.Prepare(ctx, path, o.Options, func(ctx context.Context, p *bulk.Prepared) error {
		run, err := engine.Stow(ctx, store, p, keys)
		if err != nil {
			return err
		}
		if err := o.start(ctx, server, run); err != nil {
			var held *coded
			if errors.As(err, &held) { // so it has not begun
				return errors.Join(err, store.Run(run.ID).Remove(ctx))
			}
			return &coded{exitFatal, "whether it has begun, `cogpass-temporal status " + run.ID + "` tells; do not run the plan before you know", fmt.Errorf("starting the run: %w", err)}
		}
		fmt.Fprintln(o.sys.Out, run.ID)
		o.sys.say("the run %s has begun, with %d tasks: `cogpass-temporal status %[1]s` shows how far it is", run.ID, run.Tasks)
		if ours {
			return nil
		}
		if err := os.Remove(p.RunFile); err != nil {
			return fmt.Errorf("the run has begun, and its plan is still here; do not run it from here: %w", err)
		}
		o.sys.say("the plan %s is in the bucket now: `cogpass-temporal collect %s` gets it back", report.Visible(path), run.ID)
		return nil
	})
}

// start starts the workflow. Its ID is the lock of the pool.
func (o *submitOptions) start(ctx context.Context, server client.Client, run engine.Run) error {
	_, err := server.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: run.WorkflowID(), TaskQueue: engine.Queue,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, engine.RunWorkflow, run)
	var held *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &held) {
		return &coded{exitHeld, "wait for it to end, or cancel it", fmt.Errorf("another run of the pool %s goes on", run.Pool)}
	}
	return err
}

func (o *submitOptions) workerKeys() (*sealed.Recipients, error) {
	keys := o.WorkerKeys
	if keys == nil && o.sys.env("COGPASS_WORKER_KEY") != "" {
		keys = []string{o.sys.env("COGPASS_WORKER_KEY")}
	}
	if keys == nil {
		return nil, nil
	}
	r, err := sealed.ParseRecipients(keys)
	if err != nil {
		return nil, usage("--worker-key: %w", err)
	}
	return r, nil
}

// confirm refuses what is not carried out on Temporal, and asks a person.
func (o *submitOptions) confirm(_ context.Context, q bulk.Question) error {
	if err := engine.Refuse(q.Info, q.Pool.CognitoMail, q.Tally.Mails(&q.Pool)); err != nil {
		return &coded{exitUsage, "", err}
	}
	if o.Sure {
		return nil
	}
	if !o.sys.Terminal {
		return &bulk.Error{Kind: bulk.NobodyToAsk, Err: errors.New("there is nobody to ask")}
	}
	account := q.Account
	if account == "" {
		account = "that is not known"
	}
	o.sys.say("This changes users of the pool %s (%s) in account %s, on Temporal:", report.Visible(q.PoolName()), q.Info.UserPoolID, report.Visible(account))
	for _, a := range jobs.Actions() {
		if n := q.Tally.Actions[a]; n > 0 {
			o.sys.say("  %-14s %s users", a, report.Number(n))
		}
	}
	if n := q.Tally.Skipped; n > 0 {
		o.sys.say("  %-14s %s users", "skipped", report.Number(n))
	}
	if to := q.Plan.HandedTo(); to != "" {
		o.sys.say("  passwords go %s", report.Visible(to))
	}
	fmt.Fprintf(o.sys.Err, "Type the pool's name to go on: ")
	answer, err := bufio.NewReader(o.sys.In).ReadString('\n')
	if strings.TrimSpace(answer) != strings.TrimSpace(q.PoolName()) {
		return &coded{exitUsage, "the name is " + report.Visible(q.PoolName()), errors.Join(errors.New("not confirmed; nothing was sent"), err)}
	}
	return nil
}

// screen says what a plan has to say.
type screen struct{ sys *system }

func (s screen) Say(m bulk.Message) { s.sys.say("%s", m.Text) }
func (s screen) Show(bulk.Progress) {}
