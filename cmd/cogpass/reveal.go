package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"cogpass/cmd/bulk"
	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner/sealed"
)

type revealOptions struct {
	sys *system

	Identity                 []string
	Passphrase, Yes          bool
	PassphraseEnv            string
	Format, Out, Split, User string
	Reseal                   []string
}

func newReveal(sys *system) *cobra.Command {
	o := &revealOptions{sys: sys}
	cmd := &cobra.Command{
		Use: "reveal RUN_FILE", Short: "Open the sealed passwords of a run",
		Long: `Open the generated passwords of a run that are sealed with age, with the secret
key of one who may read them: seq, username, password and outcome. A password is
written exactly as it is. Only those of tasks that are ok are shown, and those of
tasks that are unknown, marked as such: one of these may be the user's, or none.

An identity file holds secret keys of age, as age-keygen writes them, or an SSH
private key; one that is protected by a passphrase has it asked for. --reseal
shows nothing: it seals the same passwords to one more reader, in the run file.`,
		Example: `  cogpass reveal job.run --identity key.txt --out passwords.csv
  cogpass reveal job.run --identity ~/.ssh/id_ed25519 --user ana
  cogpass reveal job.run --identity key.txt --split passwords     # one file a user
  cogpass reveal job.run --identity key.txt --reseal age1…`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args[0]) },
	}
	f := cmd.Flags()
	f.StringArrayVarP(&o.Identity, "identity", "i", nil, "a `FILE` of secret keys; - is standard input; may be repeated")
	f.BoolVar(&o.Passphrase, "passphrase", false, "ask for the passphrase that the passwords are sealed with, in tests")
	f.StringVar(&o.PassphraseEnv, "passphrase-env", "", "the same, from the environment variable of this `NAME`")
	f.StringVar(&o.Format, "format", "csv", "write as `FORMAT`: csv or jsonl")
	f.StringVarP(&o.Out, "out", "o", "", "a `FILE` to make, with mode 0600 (default: standard output)")
	f.StringVar(&o.Split, "split", "", "a `FOLDER` to make, with mode 0700, and in it a file for each user")
	f.StringVar(&o.User, "user", "", "the `NAME` of one user, as the job has it")
	f.StringArrayVar(&o.Reseal, "reseal", nil, "a `RECIPIENT` who may read the passwords from now on too; may be repeated")
	f.BoolVar(&o.Yes, "yes", false, "do not ask before passwords are shown on a terminal")
	return cmd
}

func (o *revealOptions) run(ctx context.Context, path string) error {
	format, err := bulk.ParsePasswordFormat(o.Format)
	switch {
	case err != nil:
		return usage("--format: want csv or jsonl")
	case o.Out != "" && o.Split != "":
		return usage("--out and --split do not go together")
	case len(o.Identity) == 0 && !o.Passphrase && o.PassphraseEnv == "":
		return withHint(exitUsage, "name the file of your secret key with --identity FILE", "there is nothing to open the passwords with")
	case o.Reseal != nil && (o.Out != "" || o.Split != "" || o.User != ""):
		return usage("--reseal shows nothing, and is of all users: --out, --split and --user do not go with it")
	}
	if path, err = o.sys.runFile(path, wanted{}); err != nil {
		return err
	}
	if o.Reseal != nil {
		return o.reseal(ctx, path)
	}
	r, err := bulk.Read(path)
	if err != nil {
		return err
	}
	defer r.Close()
	o.sys.fileWarnings(r)
	if err := o.confirm(); err != nil {
		return err
	}
	ids, err := o.identities(ctx)
	if err != nil {
		return err
	}
	opened, err := r.Reveal(ctx, bulk.RevealOptions{Identities: ids, User: o.User}, func(rows iter.Seq2[bulk.Revealed, error]) error {
		switch {
		case o.Split != "":
			return bulk.SplitPasswords(o.Split, format, rows)
		case o.Out != "":
			return bulk.WritePasswordFile(o.Out, format, rows)
		}
		return o.sys.stream(func(w io.Writer) error { return bulk.WritePasswords(w, format, rows) })
	})
	o.opened(opened, "opened", err)
	return err
}

func (o *revealOptions) reseal(ctx context.Context, path string) error {
	ids, err := o.identities(ctx)
	if err != nil {
		return err
	}
	resealed, err := bulk.Reseal(ctx, path, ids, o.Reseal)
	o.opened(resealed, "sealed anew", err)
	return err
}

// opened says what was done.
func (o *revealOptions) opened(n bulk.Opened, what string, err error) {
	if n.Passwords > 0 || n.Elsewhere == 0 && err == nil {
		o.sys.info("%s %s", plural(n.Passwords, "password"), what)
	}
	if n.Unknown > 0 {
		o.sys.warn("%s of a task that is unknown: it may be the user's, or not", isOrAre(n.Unknown, "password"))
	}
	if n.Elsewhere > 0 {
		o.sys.info("%s in the store that the job names, not in the run file", isOrAre(n.Elsewhere, "password"))
	}
	if n.Pending > 0 && o.User == "" && err == nil {
		o.sys.warn("%s not done yet, whose passwords are not among these", isOrAre(n.Pending, "task"))
	}
}

func isOrAre(n int64, word string) string {
	if n == 1 {
		return plural(n, word) + " is"
	}
	return plural(n, word) + " are"
}

// confirm asks before passwords are shown on a terminal. Into a pipe they go on
// purpose.
func (o *revealOptions) confirm() error {
	if !o.sys.OutTerminal || o.Out != "" || o.Split != "" || o.Yes {
		return nil
	}
	if !o.sys.InTerminal {
		return withHint(exitUsage, "name a file with --out, or add --yes", "passwords would be shown on a terminal, and there is nobody to ask")
	}
	fmt.Fprint(o.sys.Err, "This shows passwords on the terminal. Type yes to go on: ")
	answer, err := readLine(o.sys)
	if err != nil {
		return err
	}
	if !strings.EqualFold(answer, "yes") {
		return withHint(exitUsage, "--out FILE writes them to a file that only you can read", "not confirmed; nothing was shown")
	}
	return nil
}

// identities reads the secret keys.
func (o *revealOptions) identities(ctx context.Context) (*sealed.Identities, error) {
	var all []*sealed.Identities
	for _, path := range o.Identity {
		ids, err := o.identity(ctx, path)
		if err != nil {
			return nil, identityError(ctx, report.Visible(path), err)
		}
		all = append(all, ids)
	}
	var phrases []jobs.Secret
	if o.Passphrase {
		secret, err := askSecret(ctx, "Passphrase: ")
		if err != nil {
			return nil, err
		}
		phrases = append(phrases, secret)
	}
	if o.PassphraseEnv != "" {
		phrases = append(phrases, jobs.NewSecret(o.sys.env(o.PassphraseEnv)))
	}
	for _, secret := range phrases {
		ids, err := sealed.PassphraseIdentity(secret)
		if err != nil {
			return nil, usage("%w", err)
		}
		all = append(all, ids)
	}
	return sealed.JoinIdentities(all...), nil
}

func (o *revealOptions) identity(ctx context.Context, path string) (*sealed.Identities, error) {
	in := o.sys.In
	if path != "-" {
		file, err := openInput(ctx, path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		in = interruptible{ctx, file}
	}
	return sealed.ParseIdentities(in, func() (jobs.Secret, error) {
		return askSecret(ctx, "Passphrase of "+report.Visible(path)+": ")
	})
}

// openInput opens a file to be read once, such as a shell's <(…), whose other
// end may never come.
func openInput(ctx context.Context, path string) (*os.File, error) {
	type result struct {
		file *os.File
		err  error
	}
	opened := make(chan result, 1)
	go func() {
		file, err := os.Open(path)
		opened <- result{file, err}
	}()
	select {
	case r := <-opened:
		return r.file, r.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// identityError is the error of an identity that cannot be used.
func identityError(ctx context.Context, path string, err error) error {
	var known *exitError
	var file *fs.PathError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &known):
		return withHint(known.code, known.hint, "identity %s: %w", path, err)
	case errors.As(err, &file):
		return usage("identity %s: %w", path, file.Err)
	}
	return usage("identity %s: %w", path, err)
}
