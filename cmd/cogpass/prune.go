package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"cogpass/cmd/bulk"
	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner/runfile"
)

type pruneOptions struct {
	OlderThan           string
	DryRun, Yes, Sealed bool
}

func newPrune(sys *system) *cobra.Command {
	o := &pruneOptions{}
	cmd := &cobra.Command{
		Use: "prune --older-than AGE", Short: "Remove the run files of runs that are done",
		Long: `Remove from the state folder the run files of runs that are done since longer
than an age, after asking. A run that goes on, was stopped, was not begun or not
reported stays, and so does a file that is damaged or not whole. Run files elsewhere
are not looked at.

What was done stays in the ledger, where there is one; "cogpass ledger --rebuild"
knows of it only as long as the run files are there. Reports stay, and no other can
be made of a run whose file is gone. Nor can its sealed passwords be revealed, so
runs that hold such stay too, unless --sealed is given.`,
		Example: `  cogpass prune --older-than 90d --dry-run
  cogpass prune --older-than 90d
  cogpass prune --older-than 365d --sealed --yes`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), sys) },
	}
	f := cmd.Flags()
	f.StringVar(&o.OlderThan, "older-than", "", "only runs that have ended before then: an `AGE` such as 90d, a date or a time (required)")
	f.BoolVarP(&o.DryRun, "dry-run", "n", false, "show what would be removed, and remove nothing")
	f.BoolVarP(&o.Yes, "yes", "y", false, "do not ask")
	f.BoolVar(&o.Sealed, "sealed", false, "also runs that hold sealed passwords")
	return cmd
}

func (o *pruneOptions) run(ctx context.Context, sys *system) error {
	if o.OlderThan == "" {
		return withHint(exitUsage, "cogpass prune --older-than 90d", "--older-than is missing")
	}
	before, ok := jobs.ParseWhen(o.OlderThan, time.Now())
	if !ok {
		return usage("--older-than %s: want an age such as 90d or 12h, a date or a time", o.OlderThan)
	}
	dir := sys.stateDir()
	if dir == "" {
		return noStateDir()
	}
	old, kept, err := bulk.Prunable(dir, before)
	if err != nil {
		return err
	}
	for _, r := range kept {
		sys.info("%s stays: %s", report.Visible(r.Name()), whyKept(r.Err))
	}
	old = o.withoutSealed(sys, old)
	if len(old) == 0 {
		sys.info("nothing to remove in %s", report.Visible(dir))
		return nil
	}
	if err := sys.stream(func(w io.Writer) error { return listOld(w, old) }); err != nil || o.DryRun {
		return err
	}
	if err := o.confirm(sys, old); err != nil {
		return err
	}
	gone, err := o.remove(ctx, sys, dir, old)
	sys.info("removed %s", plural(gone, "run"))
	return err
}

func (o *pruneOptions) remove(ctx context.Context, sys *system, dir string, old []bulk.Old) (gone int64, err error) {
	for _, r := range old {
		if ctx.Err() != nil {
			return gone, context.Cause(ctx)
		}
		err := bulk.Prune(dir, r.Path)
		switch {
		case errors.Is(err, runfile.ErrKept), errors.As(err, new(*runfile.HeldError)):
			sys.info("%s stays: %s", report.Visible(r.Name()), whyKept(err))
		case err != nil:
			return gone, err
		default:
			gone++
		}
	}
	return gone, nil
}

// withoutSealed leaves out runs whose sealed passwords would be lost.
func (o *pruneOptions) withoutSealed(sys *system, old []bulk.Old) (without []bulk.Old) {
	sealed := 0
	for _, r := range old {
		if r.Sealed {
			sealed++
		}
		if !r.Sealed || o.Sealed {
			without = append(without, r)
		}
	}
	switch {
	case sealed == 0:
	case o.Sealed:
		sys.warn("sealed passwords are lost with %s: nobody can reveal them any more", plural(int64(sealed), "run"))
	default:
		sys.warn("left out: %s with sealed passwords, which could not be revealed any more; --sealed removes them too", plural(int64(sealed), "run"))
	}
	return without
}

func listOld(w io.Writer, old []bulk.Old) error {
	table := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, r := range old {
		sealed := ""
		if r.Sealed {
			sealed = "; sealed passwords"
		}
		fmt.Fprintf(table, "%s\tended %s\t%s%s\n", report.Visible(r.Name()), moment(r.Info.FinishedAt), counted(r.Counts), sealed)
	}
	return table.Flush()
}

func (o *pruneOptions) confirm(sys *system, old []bulk.Old) error {
	if o.Yes {
		return nil
	}
	if !sys.InTerminal {
		return withHint(exitUsage, "add --yes, or --dry-run to see what would be removed", "there is nobody to ask; nothing was removed")
	}
	size := int64(0)
	for _, r := range old {
		size += r.Size
	}
	fmt.Fprintf(sys.Err, "This removes %s, %s. Type yes to go on: ", plural(int64(len(old)), "run file"), megabytes(size))
	answer, err := readLine(sys)
	if err != nil {
		return err
	}
	if !strings.EqualFold(answer, "yes") {
		return withHint(exitUsage, "--dry-run shows what would be removed", "not confirmed; nothing was removed")
	}
	return nil
}

func megabytes(n int64) string {
	if n < 1e6 {
		return report.Number((n+999)/1000) + " kB"
	}
	return report.Number((n+500_000)/1e6) + " MB"
}

// whyKept says in a few words why a run file stays.
func whyKept(err error) string {
	text := unreadable(err)
	return strings.TrimPrefix(text, runfile.ErrKept.Error()+": ")
}
