// Cogpass-temporal carries jobs of cogpass out on Temporal: over several workers,
// any of which may die, while nobody is reset twice.
//
// This package is the command line. The workflow and its activities are in engine,
// and what lies in the bucket is in depot.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"cogpass/report"
)

func main() {
	log.SetOutput(io.Discard) // net/http says things there that are in nobody's format
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	sys := &system{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Terminal: term.IsTerminal(int(os.Stdin.Fd())), LookupEnv: os.LookupEnv,
	}
	cmd := newRoot(sys)
	err := cmd.ExecuteContext(ctx)
	stop()
	os.Exit(sys.exit(err))
}

// A system is what a command has around it.
type system struct {
	In        io.Reader
	Out, Err  io.Writer
	Terminal  bool // In is one
	LookupEnv func(string) (string, bool)
}

func (s *system) env(name string) string {
	value, _ := s.LookupEnv(name)
	return value
}

func (s *system) say(format string, args ...any) { fmt.Fprintf(s.Err, format+"\n", args...) }

func (s *system) exit(err error) int {
	var silent exitCode
	switch {
	case err == nil:
		return 0
	case errors.As(err, &silent):
		return int(silent)
	}
	code, hint := meaning(err)
	s.say("cogpass-temporal: %s", report.Visible(err.Error()))
	if hint != "" {
		s.say("hint: %s", hint)
	}
	return code
}

func newRoot(sys *system) *cobra.Command {
	root := &cobra.Command{
		Use: "cogpass-temporal", Short: "Carry jobs of cogpass out on Temporal, over several workers",
		Long: `Carry jobs of cogpass out on Temporal: over several workers, any of which may die.

A job is planned, checked and confirmed as "cogpass run" does it, and its plan is
put into a bucket, from which workers carry it out. docs/temporal.md says when that
is worth it.

The server is found as all of Temporal's tools find it: TEMPORAL_ADDRESS,
TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, or a profile of temporal.toml.`,
		SilenceErrors: true, SilenceUsage: true, Version: version,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage("there is no command %s", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage("%w", err) })
	root.AddCommand(newSubmit(sys), newWorker(sys), newStatus(sys), newCollect(sys), newReport(sys))
	root.AddCommand(newOrders(sys)...)
	return root
}
