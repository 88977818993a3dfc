package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newRoot(sys *system) *cobra.Command {
	sys.help = helpOutput{out: sys.Out}
	root := &cobra.Command{
		Use:   "cogpass",
		Short: "Bulk password work on Amazon Cognito user pools",
		Long: `cogpass does bulk password work on Amazon Cognito user pools.

A YAML job names users and what to do to each: set a temporary password, set a
permanent one, or reset. cogpass checks the whole job, shows what it would send,
carries it out at a rate the account can afford, and leaves a report. Whatever
happens on the way, no outcome is lost and nobody gets a second code.

For one user, the AWS CLI's own commands are here too, option for option.`,
		Example: `  cogpass validate job.yaml          is the job right? offline
  cogpass run --dry-run job.yaml     what would be sent? sends nothing
  cogpass run --sandbox job.yaml     try it against a stand-in of Cognito
  cogpass run job.yaml               do it; asks first
  cogpass run RUN_FILE               go on with a run that was stopped`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(sys.In)
	root.SetOut(&sys.help)
	root.SetErr(sys.Err)
	root.SetVersionTemplate("cogpass {{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(
		newRun(sys), newValidate(sys), newPlan(sys), newStatus(sys), newReport(sys), newLedger(sys), newReveal(sys),
		newPrune(sys), newInit(sys), newRate(sys), newPause(sys, true), newPause(sys, false),
		newSandbox(sys), newSchema(sys), newVersion(sys), newCompletion(sys), newMan(),
		awsCommand("admin-set-user-password", "Set the password of one user, as the AWS CLI does"),
		awsCommand("admin-reset-user-password", "Make one user choose a new password, as the AWS CLI does"),
	)
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(newHelp())
	root.InitDefaultHelpCmd()
	setHelp(root)
	completion(sys, root)
	usageArgs(root)
	return root
}

func newHelp() *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Show the help of a command",
		Example: `  cogpass help run
  cogpass run --help                 the same`,
		Args: knownCommand,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) (names []string, _ cobra.ShellCompDirective) {
			for _, c := range cmd.Root().Commands() {
				if !c.Hidden && len(args) == 0 {
					names = append(names, c.Name()+"\t"+c.Short)
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			named, _, err := cmd.Root().Find(args)
			if err != nil {
				return err
			}
			return named.Help()
		},
	}
}

// knownCommand refuses words that name no command.
func knownCommand(cmd *cobra.Command, args []string) error {
	if _, rest, err := cmd.Root().Find(args); err != nil || len(rest) > 0 {
		return fmt.Errorf("unknown command %q for %q", strings.Join(args, " "), cmd.Root().Name())
	}
	return nil
}

// usageArgs has the errors of arguments end the program as errors of the
// command line.
func usageArgs(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return withHint(exitUsage, cmd.CommandPath()+" --help shows how to call it", "%w", err)
			}
			return noEmptyFlags(cmd.Flags())
		}
	}
	for _, sub := range cmd.Commands() {
		usageArgs(sub)
	}
}

// wants says what the values of flags are, by type. Flags of other types say it
// themselves.
var wants = map[string]string{
	"bool": "true or false", "duration": "a time such as 250ms or 5s", "int64": "a whole number", "uint64": "a whole number from 0",
}

// flagError is the error of a flag that cannot be read.
func flagError(cmd *cobra.Command, err error) error {
	hint := cmd.CommandPath() + " --help shows the flags"
	var bad *pflag.InvalidValueError
	if !errors.As(err, &bad) {
		return withHint(exitUsage, hint, "%w", err)
	}
	f := bad.GetFlag()
	want := bad.Unwrap().Error()
	if known := wants[f.Value.Type()]; known != "" {
		want = "want " + known
	}
	if bad.GetValue() == "" {
		return emptyFlag(f)
	}
	return withHint(exitUsage, hint, "--%s: %s", f.Name, want)
}

func emptyFlag(f *pflag.Flag) error {
	return withHint(exitUsage, "give it a value, or leave it out", "--%s is empty", f.Name)
}

// noEmptyFlags refuses a flag whose value is empty: it comes from a variable
// that is not set, and the default is not what was meant.
func noEmptyFlags(flags *pflag.FlagSet) (err error) {
	flags.Visit(func(f *pflag.Flag) {
		var values []string
		switch list, is := f.Value.(pflag.SliceValue); {
		case is:
			values = list.GetSlice()
		case f.Value.Type() == "string":
			values = []string{f.Value.String()}
		}
		if err == nil && slices.Contains(values, "") {
			err = emptyFlag(f)
		}
	})
	return err
}

// awsCommand lists a command in the help and the completion; main hands its
// arguments to awscli before cobra sees them. Its help is awscli's.
func awsCommand(name, short string) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: short, DisableFlagParsing: true,
		RunE: func(*cobra.Command, []string) error { return usage("%s was not recognized here", name) },
	}
}

func isAWS(cmd *cobra.Command) bool { return cmd.DisableFlagParsing }
