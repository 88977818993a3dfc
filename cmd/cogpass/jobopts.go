package main

import (
	"errors"
	"net/url"
	"strconv"

	"github.com/spf13/pflag"

	"cogpass/cmd/bulk"
	"cogpass/jobs"
	"cogpass/report"
)

// addPool adds the flags that name a pool.
func addPool(f *pflag.FlagSet, o *bulk.Options) {
	f.StringVar(&o.UserPoolID, "user-pool-id", "", "the `ID` of the user pool, in place of the job's")
	f.StringVar(&o.Region, "region", "", "the `REGION` of the pool, where its ID does not tell")
}

// addReaching adds the flags that say how to reach Cognito. No plan holds them.
func addReaching(f *pflag.FlagSet, o *bulk.Options) {
	f.StringVar(&o.Profile, "profile", "", "the `PROFILE` of the AWS config files whose credentials are used")
	f.StringVar(&o.EndpointURL, "endpoint-url", "", "the `URL` to send requests to, in place of AWS")
}

// addRunning adds the flags that beat the job, or its plan.
func addRunning(f *pflag.FlagSet, o *bulk.Options) {
	f.Var((*rateFlag)(&o.Rate), "rate", "this many requests at most: 10/s, 300/m or max")
	f.Func("concurrency", "at most `N` requests in flight", func(text string) (err error) {
		o.Concurrency, err = strconv.Atoi(text)
		if err != nil || o.Concurrency < 1 || o.Concurrency > 10_000 {
			return errors.New("want a number from 1 to 10000")
		}
		return nil
	})
	f.BoolVar(&o.FirstRun, "first-run", false, "where the job asks the ledger and there is none yet, make one from the run files that there are")
	f.StringArrayVar(&o.Report, "report", nil, "a `FILE` for a report, whose extension says its format; may be repeated")
}

// options completes what flags have set with what is around the program, and
// finds what is wrong with them.
func (s *system) options(o *bulk.Options) error {
	o.StateDir, o.LookupEnv, o.Stdin, o.Version, o.Protect = s.stateDir(), s.LookupEnv, s.In, version, bulk.ProtectFile(s.LookupEnv)
	if o.EndpointURL != "" {
		at, err := url.Parse(o.EndpointURL)
		if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
			return usage("--endpoint-url: want a URL such as http://127.0.0.1:8080") // it may hold a password
		}
	}
	for _, path := range o.Report {
		if err := report.CheckPath(path); err != nil {
			return usage("--report %s: %w", path, err)
		}
	}
	return nil
}

// rateFlag is a rate as a flag's value.
type rateFlag jobs.Rate

func (r *rateFlag) Set(text string) error {
	rate, err := jobs.ParseRate(text)
	*r = rateFlag(rate)
	return err
}

func (r *rateFlag) String() string {
	if *r == 0 {
		return ""
	}
	return jobs.Rate(*r).String()
}

func (r *rateFlag) Type() string { return "RATE" }
