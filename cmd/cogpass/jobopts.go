package main

import (
	"errors"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"cogpass/jobs"
	"cogpass/report"
)

// jobOptions are the flags that beat the job, or say how to reach Cognito.
type jobOptions struct {
	UserPoolID  string
	Region      string
	Profile     string
	EndpointURL string
	Rate        rateFlag
	Concurrency int
	Report      []string
}

func (o *jobOptions) addTo(f *pflag.FlagSet) {
	f.StringVar(&o.UserPoolID, "user-pool-id", "", "the user pool, in place of the job's")
	f.StringVar(&o.Region, "region", "", "its Region, where it cannot be told from its ID")
	o.addRunning(f)
}

// addRunning adds those that may change from one run of a plan to the next.
func (o *jobOptions) addRunning(f *pflag.FlagSet) {
	f.StringVar(&o.Profile, "profile", "", "profile of the AWS config files")
	f.StringVar(&o.EndpointURL, "endpoint-url", "", "where to send requests, in place of AWS")
	f.Var(&o.Rate, "rate", "requests a second at most: 10/s, 300/m or max")
	f.Func("concurrency", "at most `N` requests in flight", func(text string) (err error) {
		o.Concurrency, err = strconv.Atoi(text)
		if err != nil || o.Concurrency < 1 || o.Concurrency > 10_000 {
			return errors.New("want a number from 1 to 10000")
		}
		return nil
	})
	f.StringArrayVar(&o.Report, "report", nil, "where to write a report, by extension; may be repeated")
}

// check finds what is wrong with the flags.
func (o *jobOptions) check() error {
	if o.EndpointURL != "" {
		at, err := url.Parse(o.EndpointURL)
		if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
			return usage("--endpoint-url %s: want a URL such as http://127.0.0.1:8080", o.EndpointURL)
		}
	}
	for _, path := range o.Report {
		_, err := report.FormatOf(path)
		if err == nil {
			_, err = report.ExpandPath(path, "name", time.Time{})
		}
		if err != nil {
			return usage("--report %s: %w", path, err)
		}
	}
	return nil
}

// open reads a job, with the flags in place of what it says.
func (o *jobOptions) open(sys *system, path string) (*jobs.Job, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	job, err := jobs.Open(path, sys.jobsOptions(o))
	if err != nil {
		return nil, err
	}
	if o.Rate.set {
		job.Limits.Rate = o.Rate.rate
	}
	if o.Concurrency > 0 {
		job.Limits.Concurrency = o.Concurrency
	}
	if o.Report != nil {
		job.Report = nil
		for _, path := range o.Report {
			job.Report = append(job.Report, absolute(path)) // a flag's path starts from here, a job's beside the job
		}
	}
	return job, nil
}

func (s *system) jobsOptions(o *jobOptions) jobs.Options {
	return jobs.Options{Stdin: s.In, LookupEnv: s.LookupEnv, UserPoolID: o.UserPoolID, Region: o.Region}
}

// rateFlag is a rate as a flag's value.
type rateFlag struct {
	rate jobs.Rate
	set  bool
}

func (r *rateFlag) Set(text string) (err error) {
	r.rate, err = jobs.ParseRate(text)
	r.set = err == nil
	return err
}

func (r *rateFlag) String() string {
	if !r.set {
		return ""
	}
	return r.rate.String()
}

func (r *rateFlag) Type() string { return "RATE" }
