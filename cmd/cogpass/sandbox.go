package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"

	"cogpass/jobs"
	"cogpass/runner/sandbox"
)

type sandboxOptions struct {
	Listen           string
	Pool             string
	Quota, UserFault []string
	Account          []string
	Throttle, Fail   shareFlag
	LostAfter        shareFlag
	LostBefore       shareFlag
	Latency, Jitter  time.Duration
	Seed             uint64
	Emails           int
}

// shareFlag is a share of requests as a flag's value.
type shareFlag float64

func (s *shareFlag) Set(text string) error {
	v, err := sandbox.ParseShare(text)
	*s = shareFlag(v)
	return err
}
func (s *shareFlag) String() string {
	if *s == 0 {
		return "0" // which is said of no flag
	}
	return fmt.Sprintf("%g%%", float64(*s)*100)
}
func (s *shareFlag) Type() string { return "SHARE" }

func newSandbox(sys *system) *cobra.Command {
	o := &sandboxOptions{}
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve a stand-in of Cognito on a loopback port",
		Long:  sandbox.Help,
		Example: `  cogpass sandbox --pool pools.json
  cogpass sandbox --listen 127.0.0.1:9229 --throttle 10% --latency 100ms`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), sys) },
	}
	f := cmd.Flags()
	f.StringVar(&o.Listen, "listen", "127.0.0.1:0", "`ADDRESS` to listen on; loopback only")
	f.StringVar(&o.Pool, "pool", "", "a `FILE` of pools and users, as JSON")
	f.StringArrayVar(&o.Account, "account", nil, "`KEY=ACCOUNT`: the account that an access key is of; may be repeated")
	f.StringArrayVar(&o.Quota, "quota", nil, "`CATEGORY=N` requests a second, of each account and Region; may be repeated")
	f.DurationVar(&o.Latency, "latency", 0, "the `TIME` that an answer takes")
	f.DurationVar(&o.Jitter, "jitter", 0, "give or take this `TIME`")
	f.Var(&o.Throttle, "throttle", "share of requests that are throttled")
	f.Var(&o.Fail, "fail", "share of requests that fail with 500")
	f.Var(&o.LostAfter, "lost-after", "share of answers lost after the change was made")
	f.Var(&o.LostBefore, "lost-before", "share of answers lost before a change was made")
	f.StringArrayVar(&o.UserFault, "user-fault", nil, "`NAME=FAULT,…` that a user's requests meet; may be repeated")
	f.IntVar(&o.Emails, "emails", 0, "`N` e-mails a day and account of pools that send with COGNITO_DEFAULT; 0 is no limit")
	f.Uint64Var(&o.Seed, "seed", 0, "a number `N` that decides which requests the shares hit")
	return cmd
}

// config is what the flags ask for.
func (o *sandboxOptions) config() (sandbox.Config, error) {
	cfg := sandbox.Config{
		Accounts: map[string]string{}, Quotas: map[jobs.Category]float64{}, Latency: o.Latency, Jitter: o.Jitter, Seed: o.Seed, DailyEmails: max(0, o.Emails),
		Faults: sandbox.Faults{
			Throttle: float64(o.Throttle), Fail: float64(o.Fail), LostAfter: float64(o.LostAfter),
			LostBefore: float64(o.LostBefore), User: map[string][]string{},
		},
	}
	for _, text := range o.Account {
		key, account, err := sandbox.ParseAccount(text)
		if err != nil {
			return cfg, usage("--account: %w", err)
		}
		cfg.Accounts[key] = account
	}
	for _, text := range o.Quota {
		category, rps, err := sandbox.ParseQuota(text)
		if err != nil {
			return cfg, usage("--quota: %w", err)
		}
		cfg.Quotas[category] = rps
	}
	for _, text := range o.UserFault {
		name, faults, err := sandbox.ParseUserFault(text)
		if err != nil {
			return cfg, usage("--user-fault: %w", err)
		}
		cfg.Faults.User[name] = faults
	}
	if err := cfg.Check(); err != nil {
		return cfg, usage("%w", err)
	}
	return cfg, nil
}

func (o *sandboxOptions) run(ctx context.Context, sys *system) error {
	cfg, err := o.config()
	if err != nil {
		return err
	}
	server := sandbox.New(cfg)
	defer server.Close()
	if o.Pool != "" {
		if err := o.load(ctx, server); err != nil {
			return err
		}
	}
	url, err := server.Listen(o.Listen)
	if taken := (*net.OpError)(nil); errors.As(err, &taken) {
		return withHint(exitFatal, "--listen 127.0.0.1:0 takes a port that is free", "--listen: %w", err)
	}
	if err != nil {
		return usage("--listen: %w", err)
	}
	if err := sys.print("%s\n", url); err != nil {
		return err
	}
	sys.info("serving until interrupted; cogpass sandbox --help shows how to use it")
	<-ctx.Done()
	return nil
}

// load reads the file of --pool. It may be a pipe that says nothing: an
// interrupt ends the wait.
func (o *sandboxOptions) load(ctx context.Context, server *sandbox.Server) error {
	loaded := make(chan error, 1)
	go func() {
		file, err := os.Open(o.Pool)
		if err != nil {
			loaded <- usage("--pool: %w", err)
			return
		}
		defer file.Close()
		if err = server.Load(file); err != nil {
			err = usage("--pool %s: %w", o.Pool, err)
		}
		loaded <- err
	}()
	select {
	case err := <-loaded:
		return err
	case <-ctx.Done():
		return errSilent(exitInterrupted)
	}
}
