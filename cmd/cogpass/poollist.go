package main

import (
	"errors"

	"github.com/spf13/pflag"

	"cogpass/cmd/bulk"
)

// addPoolList adds the flag that has a job carried out on many pools.
func addPoolList(f *pflag.FlagSet, path *string) {
	f.Func("pool-list", "a CSV `FILE` of pools to do the job on, each as a run of its own: userPoolId, and where wanted profile, roleArn, rate", func(text string) error {
		if *path = text; text == "" {
			return errors.New("want the name of a file")
		}
		return nil
	})
}

// onPools returns the options for each pool of a list.
func onPools(list string, opt bulk.Options) ([]bulk.Options, error) {
	each, err := bulk.OnPools(list, opt)
	var ours *bulk.Error
	if errors.As(err, &ours) {
		return nil, withHint(exitUsage, "", "--pool-list: %w", err)
	}
	return each, err
}
