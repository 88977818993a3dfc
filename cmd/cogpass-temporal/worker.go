package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"cogpass/cmd/bulk"
	"cogpass/cmd/cogpass-temporal/engine"
	"cogpass/jobs"
	"cogpass/runner/sealed"
)

type workerOptions struct {
	reach
	sys                  *system
	Profile, EndpointURL string
	Identity, Dir        string
	Batches              int
}

func newWorker(sys *system) *cobra.Command {
	o := &workerOptions{sys: sys}
	cmd := &cobra.Command{
		Use: "worker", Short: "Carry out what is submitted",
		Long: `Carry out what is submitted, until it is interrupted. SIGTERM has it finish the
requests in flight, and hand the rest to other workers: give it a minute.

It needs AWS credentials for the pools, as "cogpass run" does, and may read and write
the bucket. It keeps nothing of its own: any number may be started, and any may die.`,
		Args: exactly(0, "no argument"),
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	f := cmd.Flags()
	o.addStore(f)
	o.addServer(f)
	f.StringVar(&o.Profile, "profile", "", "the `PROFILE` of the AWS config files whose credentials are used")
	f.StringVar(&o.EndpointURL, "endpoint-url", "", "the `URL` to send requests to, in place of AWS")
	f.StringVar(&o.Identity, "identity", "", "a `FILE` of age identities that open the passwords that jobs give")
	f.StringVar(&o.Dir, "dir", "", "the `FOLDER` for plans while they are worked on (default: a new one, removed at the end)")
	f.IntVar(&o.Batches, "batches", 16, "carry out `N` batches at a time at most")
	return cmd
}

func (o *workerOptions) run(ctx context.Context) error {
	if o.Batches < 1 {
		return usage("--batches %d: want a number from 1", o.Batches)
	}
	store, err := o.openStore(ctx, o.sys)
	if err != nil {
		return err
	}
	defer store.Close()
	identity, err := o.identity()
	if err != nil {
		return err
	}
	dir := o.Dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "cogpass-worker-"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	server, namespace, err := o.dial(ctx)
	if err != nil {
		return fmt.Errorf("connecting to Temporal: %w", err)
	}
	defer server.Close()
	workers := &engine.Workers{
		Depot: store, Dir: dir, Identity: identity,
		Options: bulk.Options{Profile: o.Profile, EndpointURL: o.EndpointURL, Version: version, Screen: screen{o.sys}},
	}
	w := engine.NewWorker(server, namespace, workers, o.Batches)
	if err := w.Start(); err != nil {
		return fmt.Errorf("starting the worker: %w", err)
	}
	o.sys.say("working on what is submitted; an interrupt ends it")
	<-ctx.Done()
	o.sys.say("finishing what is in flight")
	w.Stop()
	return workers.Close()
}

// identity reads the identities of the workers.
func (o *workerOptions) identity() (*sealed.Identities, error) {
	if o.Identity == "" {
		return nil, nil
	}
	file, err := os.Open(o.Identity)
	if err != nil {
		return nil, fmt.Errorf("--identity: %w", err)
	}
	defer file.Close()
	i, err := sealed.ParseIdentities(file, func() (jobs.Secret, error) {
		return jobs.Secret{}, errors.New("a worker has nobody to ask for a passphrase")
	})
	if err != nil {
		return nil, usage("--identity: %w", err)
	}
	return i, nil
}
