package main

import (
	"context"
	"fmt"

	"github.com/spf13/pflag"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"

	"cogpass/cmd/cogpass-temporal/depot"
)

// reach is where the server is, and the bucket.
type reach struct{ Address, Namespace, Store string }

func (r *reach) addStore(f *pflag.FlagSet) {
	f.StringVar(&r.Store, "store", "", "the `URL` of the bucket of runs: s3://NAME?region=REGION, or file:///FOLDER (default: $COGPASS_STORE)")
}

func (r *reach) addServer(f *pflag.FlagSet) {
	f.StringVar(&r.Address, "address", "", "`HOST:PORT` of the Temporal server (default: $TEMPORAL_ADDRESS, or localhost:7233)")
	f.StringVar(&r.Namespace, "namespace", "", "the `NAMESPACE` of the runs (default: $TEMPORAL_NAMESPACE, or default)")
}

// openStore opens the bucket.
func (r *reach) openStore(ctx context.Context, sys *system) (*depot.Depot, error) {
	url := r.Store
	if url == "" {
		url = sys.env("COGPASS_STORE")
	}
	if url == "" {
		return nil, usage("which bucket? name it with --store or COGPASS_STORE")
	}
	d, err := depot.Open(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("--store: %w", err)
	}
	return d, nil
}

// dial connects to the server.
func (r *reach) dial(ctx context.Context) (client.Client, string, error) {
	opt, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, "", fmt.Errorf("the settings of Temporal: %w", err)
	}
	if r.Address != "" {
		opt.HostPort = r.Address
	}
	if r.Namespace != "" {
		opt.Namespace = r.Namespace
	}
	if opt.Namespace == "" {
		opt.Namespace = client.DefaultNamespace
	}
	opt.Logger = silent{}
	c, err := client.DialContext(ctx, opt)
	return c, opt.Namespace, err
}

// silent is a logger that says nothing: what a person is to know comes as an error.
type silent struct{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}
