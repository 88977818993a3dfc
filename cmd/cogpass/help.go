package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"cogpass/cmd/cogpass/awscli"
)

// A group is names that belong together, of commands or of flags, under a title.
type group struct {
	Title string
	Names []string
}

// commandGroups is the commands in the order in which the help lists them.
var commandGroups = []group{
	{"Run a job", []string{"init", "validate", "plan", "run"}},
	{"Look at runs", []string{"status", "report", "reveal", "ledger", "prune"}},
	{"Steer a run that is going on, from another terminal", []string{"rate", "pause", "resume"}},
	{"One user, as with the AWS CLI", []string{"admin-set-user-password", "admin-reset-user-password"}},
	{"Besides", []string{"sandbox", "schema", "completion", "version", "help"}},
}

// flagGroups is the flags of the commands that have many.
var flagGroups = map[string][]group{
	"run": {
		{"Pool and credentials", []string{"user-pool-id", "region", "profile", "endpoint-url"}},
		{"Try it first", []string{"dry-run", "format", "show-passwords", "sandbox", "sandbox-pool"}},
		{"Before it starts", []string{"yes", "expect-users", "approve", "allow-protected", "first-run"}},
		{"Pace", []string{"rate", "concurrency", "wait"}},
		{"Going on with a run file", []string{"retry-failed", "retry-unknown", "look-first"}},
		{"What it writes", []string{"run-file", "report", "quiet", "log-format", "log-file", "metrics", "metrics-file", "notify-command"}},
	},
	"init": {
		{"The job", []string{"story", "source", "name", "user-pool-id", "recipient"}},
		{"What it writes", []string{"out"}},
		{"To list pools to choose from", []string{"region", "profile", "endpoint-url"}},
	},
	"plan": {
		{"Pool and credentials", []string{"user-pool-id", "region", "profile", "endpoint-url"}},
		{"Held by the plan", []string{"rate", "concurrency", "report", "first-run"}},
		{"What it writes", []string{"out", "format"}},
	},
	"reveal": {
		{"Who opens them", []string{"identity", "passphrase", "passphrase-env"}},
		{"Which, and where to", []string{"user", "format", "out", "split", "yes"}},
		{"One more reader", []string{"reseal"}},
	},
	"sandbox": {
		{"Users and pools", []string{"listen", "pool"}},
		{"Pace", []string{"quota", "emails", "latency", "jitter"}},
		{"Faults", []string{"throttle", "fail", "lost-after", "lost-before", "user-fault", "seed"}},
	},
}

// A manual is what the help and the man page of a command say.
type manual struct {
	Command *cobra.Command
	Long    string
	Exits   []exitCode
}

func manualOf(cmd *cobra.Command) manual {
	m := manual{Command: cmd, Long: strings.TrimSpace(cmd.Long), Exits: exitsOf[cmd.Name()]}
	if isAWS(cmd) {
		m.Long = awscli.Help(cmd.Name())
	}
	if m.Long == "" {
		m.Long = cmd.Short + "."
	}
	return m
}

// usage is how the command is called.
func (m manual) usage() string {
	if m.Command.HasSubCommands() {
		return m.Command.Name() + " COMMAND [flags]"
	}
	return m.Command.UseLine()
}

// commands returns the visible commands below by group. One that is in no group
// is in the last.
func (m manual) commands() (titles []string, groups [][]*cobra.Command) {
	listed := func(names []string) (found []*cobra.Command) {
		for _, name := range names {
			if i := slices.IndexFunc(m.Command.Commands(), func(c *cobra.Command) bool { return c.Name() == name && !c.Hidden }); i >= 0 {
				found = append(found, m.Command.Commands()[i])
			}
		}
		return found
	}
	for _, g := range commandGroups {
		if found := listed(g.Names); found != nil {
			titles, groups = append(titles, g.Title), append(groups, found)
		}
	}
	return titles, groups
}

// flags returns the flags by group; what is in no group comes last.
func (m manual) flags() (titles []string, groups []*pflag.FlagSet) {
	all := m.Command.LocalFlags()
	taken := map[string]bool{}
	add := func(title string, names []string) {
		set := pflag.NewFlagSet(title, pflag.ContinueOnError)
		set.SortFlags = false
		for _, name := range names {
			if f := all.Lookup(name); f != nil && !f.Hidden {
				set.AddFlag(f)
				taken[name] = true
			}
		}
		if set.HasFlags() {
			titles, groups = append(titles, title), append(groups, set)
		}
	}
	for _, g := range flagGroups[m.Command.Name()] {
		add(g.Title, g.Names)
	}
	var rest []string
	all.VisitAll(func(f *pflag.Flag) {
		if !taken[f.Name] {
			rest = append(rest, f.Name)
		}
	})
	if titles == nil {
		add("Flags", rest)
	} else {
		add("Other flags", rest)
	}
	return titles, groups
}

// write prints the help.
func (m manual) write(w io.Writer) error {
	if isAWS(m.Command) {
		_, err := io.WriteString(w, m.Long)
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nUsage:\n  %s\n", m.Long, m.usage())
	if m.Command.HasSubCommands() {
		titles, groups := m.commands()
		for i, title := range titles {
			fmt.Fprintf(&b, "\n%s:\n", title)
			for _, c := range groups[i] {
				fmt.Fprintf(&b, "  %-27s%s\n", c.Name(), c.Short)
			}
		}
	}
	titles, groups := m.flags()
	for i, title := range titles {
		fmt.Fprintf(&b, "\n%s:\n%s", title, groups[i].FlagUsagesWrapped(80))
	}
	fmt.Fprintf(&b, "\nExamples:\n%s\n\nExit codes:\n", strings.Trim(m.Command.Example, "\n"))
	for _, e := range m.Exits {
		fmt.Fprintf(&b, "  %-3d  %s\n", e.Code, e.Meaning)
	}
	if m.Command.HasSubCommands() {
		fmt.Fprintf(&b, "\n%s COMMAND --help shows the flags, examples and exit codes of a command.\n", m.Command.Name())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// setHelp gives all commands below root their help.
func setHelp(root *cobra.Command) {
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		manualOf(cmd).write(cmd.OutOrStdout()) // which keeps its error
	})
	for _, cmd := range append(root.Commands(), root) {
		cmd.InitDefaultHelpFlag()
		cmd.Flags().Lookup("help").Usage = "show this help"
	}
	root.InitDefaultVersionFlag()
	root.Flags().Lookup("version").Usage = "print the version"
}
