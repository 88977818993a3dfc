package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"cogpass/cmd/bulk"
	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner/sealed"
)

type initOptions struct {
	bulk.Options // Region, Profile and EndpointURL: to list pools with
	draft
	Story string
}

func newInit(sys *system) *cobra.Command {
	o := &initOptions{}
	cmd := &cobra.Command{
		Use: "init [--story STORY]", Short: "Write a commented job to begin with",
		Long: `Write a job to begin with: small, commented, and of the kind that the story is.
On a terminal, and without --story, it asks a few questions; the user pools to choose
from are listed, where the credentials may do that. With --story it asks nothing, and
prints the job, or writes it to --out. What it does not know is left to be filled in,
and "cogpass validate" says what that is.

The stories:
`,
		Example: `  cogpass init
  cogpass init --story rotation --source svc-billing,svc-reports
  cogpass init --story onboarding --source new-hires.csv --out onboarding.yaml
  cogpass init --story incident --source "group staff" > incident.yaml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), sys) },
	}
	for _, s := range stories {
		cmd.Long += fmt.Sprintf("  %-11s %s\n", s.name, s.about)
	}
	cmd.Long += "\n--source says whom it is about:\n"
	for _, s := range stories {
		cmd.Long += fmt.Sprintf("  %-11s %s\n", s.name, s.sources)
	}
	f := cmd.Flags()
	f.StringVar(&o.Story, "story", "", "what it is for: a `STORY`, one of "+strings.Join(storyNames(), ", "))
	f.StringVar(&o.PoolID, "user-pool-id", "", "the user pool's `ID`")
	f.StringVar(&o.Source, "source", "", "the `USERS`: pool, \"group NAME\", a list, or usernames with commas between them")
	f.StringVar(&o.JobName, "name", "", "the job's `NAME` (default: the story's)")
	f.StringVar(&o.Recipient, "recipient", "", "who may read passwords that are sealed: a `KEY` as age-keygen prints, or an SSH public key")
	f.StringVarP(&o.Out, "out", "o", "", "the job `FILE` to make (default: standard output)")
	f.StringVar(&o.Region, "region", "", "list the pools of this `REGION`")
	addReaching(f, &o.Options)
	return cmd
}

func (o *initOptions) run(ctx context.Context, sys *system) error {
	asks := o.Story == ""
	if asks && !sys.InTerminal {
		return withHint(exitUsage, "cogpass init --story STORY, where that is one of "+strings.Join(storyNames(), ", "), "there is no terminal to ask on")
	}
	if !asks {
		known := false
		if o.story, known = storyOf(o.Story); !known {
			return withHint(exitUsage, "the stories are "+strings.Join(storyNames(), ", "), "--story %s: there is no such story", o.Story)
		}
	}
	if err := o.check(); err != nil {
		return err
	}
	if asks {
		q := &questions{sys: sys, in: bufio.NewReader(sys.In)}
		if err := o.ask(ctx, q); err != nil {
			return err
		}
	}
	o.JobName = cmp.Or(o.JobName, o.name)
	o.Source = cmp.Or(o.Source, o.source)
	text, err := o.text()
	if err != nil {
		return err
	}
	if o.Out == "" {
		return sys.print("%s", text)
	}
	if err := writeNew(o.Out, text); err != nil {
		return err
	}
	sys.info("wrote %s", report.Visible(o.Out))
	return o.next(ctx, sys)
}

var jobNames = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`) // as jobs wants them

// check says what is wrong with the flags.
func (o *initOptions) check() error {
	switch {
	case o.PoolID != "" && !jobs.ValidPoolID(o.PoolID):
		return withHint(exitUsage, "a pool ID is its Region, _ and letters or digits, as us-west-2_aaaaaaaaa", "--user-pool-id: this is not a user pool ID")
	case o.JobName != "" && !jobNames.MatchString(o.JobName):
		return usage("--name: want small letters, digits and hyphens")
	case o.Recipient != "":
		return recipientFault(o.Recipient)
	}
	return nil
}

func recipientFault(key string) error {
	if _, err := sealed.ParseRecipients([]string{key}); err != nil {
		return withHint(exitUsage, "age-keygen prints a public key, which begins with age1", "--recipient: %w", err)
	}
	return nil
}

// writeNew makes a file, and leaves none where it cannot be written whole. One that
// is there already is left alone.
func writeNew(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return withHint(exitUsage, "name another with --out", "%s is there already; nothing was written", path)
	}
	if err != nil {
		return fmt.Errorf("writing the job: %w", err)
	}
	_, err = io.WriteString(f, text)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("writing the job: %w", errors.Join(err, os.Remove(path)))
	}
	return nil
}

// next says what is to be filled in, and how to go on.
func (o *initOptions) next(ctx context.Context, sys *system) error {
	opt := bulk.Options{}
	if err := sys.options(&opt); err != nil {
		return err
	}
	plan, err := bulk.Validate(ctx, o.Out, opt)
	var faults *jobs.Faults
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &faults):
		sys.info("to fill in, or mend:\n%s", strings.TrimRight(faults.Error(), "\n"))
		sys.info("then: %s", report.Command("validate", report.PathArgument(o.Out)))
		return nil
	case err != nil:
		return err
	}
	sys.info("next: %s", report.Command("run", "--sandbox", report.PathArgument(o.Out)))
	return plan.Close()
}
