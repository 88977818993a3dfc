package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner/cognito"
)

// questions are asked on a terminal. Nothing is written before the last is
// answered, so that an interrupt leaves nothing.
type questions struct {
	sys *system
	in  *bufio.Reader
}

// ask asks until the answer is right; check says what is wrong with it, and may be
// nil. An empty answer is the default.
func (q *questions) ask(prompt, byDefault string, check func(string) error) (string, error) {
	for {
		fmt.Fprint(q.sys.Err, prompt)
		if byDefault != "" {
			fmt.Fprintf(q.sys.Err, " [%s]", report.Visible(byDefault))
		}
		fmt.Fprint(q.sys.Err, ": ")
		text, err := q.in.ReadString('\n')
		if err != nil {
			fmt.Fprintln(q.sys.Err)
			if errors.Is(err, errInterrupted) {
				return "", err
			}
			return "", withHint(exitUsage, "", "the questions were not answered; nothing was written")
		}
		answer := cmp.Or(strings.TrimSpace(text), byDefault)
		if check == nil {
			return answer, nil
		}
		err = check(answer)
		if err == nil {
			return answer, nil
		}
		fmt.Fprintf(q.sys.Err, "  %s\n", report.Visible(err.Error()))
	}
}

// choose asks for one of several, by number or name.
func (q *questions) choose(prompt string, names, about []string, other func(string) error) (string, error) {
	for i, name := range names {
		fmt.Fprintf(q.sys.Err, "  %2d  %-12s  %s\n", i+1, report.Visible(name), report.Visible(about[i]))
	}
	answer, err := q.ask(prompt, "", func(answer string) error {
		n, err := strconv.Atoi(answer)
		for i, name := range names {
			if answer == name || err == nil && n == i+1 {
				return nil
			}
		}
		return other(answer)
	})
	if n, number := strconv.Atoi(answer); err == nil && number == nil {
		return names[n-1], nil
	}
	return answer, err
}

// ask fills in what the flags have not said.
func (o *initOptions) ask(ctx context.Context, q *questions) error {
	var names, about []string
	for _, s := range stories {
		names, about = append(names, s.name), append(about, s.about)
	}
	fmt.Fprintln(q.sys.Err, "What is the job for?")
	name, err := q.choose("Number or name", names, about, func(string) error { return errors.New("want one of these") })
	if err != nil {
		return err
	}
	o.story, _ = storyOf(name)
	if o.PoolID == "" {
		if err := o.askPool(ctx, q); err != nil {
			return err
		}
	}
	if o.Source == "" {
		o.Source, err = q.ask("The users: "+o.sources, o.source, func(source string) error {
			try := o.draft
			try.Source = source
			if source == "" {
				return errors.New("want " + o.sources)
			}
			_, err := try.users()
			return err
		})
		if err != nil {
			return err
		}
	}
	if o.Recipient == "" && o.name == "onboarding" {
		o.Recipient, err = q.ask("The public key to seal passwords with, as age-keygen prints it (empty: to be filled in)", "", func(key string) error {
			if key == "" {
				return nil
			}
			return recipientFault(key)
		})
		if err != nil {
			return err
		}
	}
	if o.JobName == "" {
		o.JobName, err = q.ask("The job's name, which its runs and reports get", o.name, func(name string) error {
			if !jobNames.MatchString(name) {
				return errors.New("want small letters, digits and hyphens")
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if o.Out == "" {
		o.Out, err = q.ask("The job file", o.JobName+".yaml", func(path string) error {
			if _, err := os.Lstat(path); err == nil {
				return errors.New("it is there already, and is left alone: name another")
			}
			return nil
		})
	}
	return err
}

// askPool asks for the pool: one of those that there are, where they can be
// listed.
func (o *initOptions) askPool(ctx context.Context, q *questions) error {
	for {
		pools, more, err := o.pools(ctx, q)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			fmt.Fprintf(q.sys.Err, "Your user pools cannot be listed: %s\n", report.Visible(strings.ReplaceAll(err.Error(), "\n", "; ")))
		case len(pools) == 0:
			fmt.Fprintln(q.sys.Err, "There is no user pool in this Region and account.")
		}
		var ids, names []string
		for _, p := range pools {
			ids, names = append(ids, p.ID), append(names, p.Name)
		}
		prompt := "The pool's ID, or a Region such as eu-west-1 to list its pools"
		if len(pools) > 0 {
			fmt.Fprintln(q.sys.Err, "The user pool:")
			prompt = "Number or ID, or another Region"
		}
		if more {
			prompt = "Number or ID (there are more than these), or another Region"
		}
		answer, err := q.choose(prompt, ids, names, func(answer string) error {
			if jobs.ValidPoolID(answer) || regions.MatchString(answer) {
				return nil
			}
			return errors.New("want a number of the list, a Region, or an ID such as us-west-2_aaaaaaaaa")
		})
		if err != nil {
			return err
		}
		if jobs.ValidPoolID(answer) {
			o.PoolID = answer
			return nil
		}
		o.Region = answer
	}
}

var regions = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]+$`)

// listing is how long the list of pools is waited for.
const listing = 15 * time.Second

// pools lists the pools of the Region.
func (o *initOptions) pools(ctx context.Context, q *questions) (pools []cognito.PoolName, more bool, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, listing, fmt.Errorf("no answer within %s", listing))
	defer cancel()
	client, err := cognito.Open(ctx, cognito.Config{Region: o.Region, Profile: o.Profile, EndpointURL: o.EndpointURL})
	if err != nil {
		return nil, false, err
	}
	slow := time.AfterFunc(2*time.Second, func() { fmt.Fprintln(q.sys.Err, "waiting for the list of your user pools") })
	defer slow.Stop()
	if err := client.Check(ctx); err != nil {
		return nil, false, err
	}
	pools, more, err = client.Pools(ctx)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return pools, more, err
}
