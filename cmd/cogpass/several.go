package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cogpass/cmd/bulk"
	"cogpass/report"
)

// several carries several jobs out, or goes on with several runs, as one command.
func (o *runOptions) several(ctx context.Context, args []string) error {
	if err := o.fitsSeveral(); err != nil {
		return err
	}
	runs, err := o.runs(args)
	if err != nil {
		return err
	}
	if o.DryRun {
		for _, run := range runs {
			own := *o
			own.Options = run.Options
			if err := own.dryRun(ctx, run.Path); err != nil {
				return atOne(&bulk.At{Path: run.Path, Pool: bulk.PoolOf(&run.Options), Err: err})
			}
		}
		return nil
	}
	o.settle()
	b := newBoard(o.sys, o.Quiet)
	for i := range runs {
		run := &runs[i]
		row := b.row(run.Path)
		if pool := bulk.PoolOf(&run.Options); pool != "" {
			row.label = pool
		}
		run.Screen = row
	}
	all := bulk.All{ExpectUsers: o.ExpectUsers, Planned: func(plans []bulk.Question) { b.planned(plans, o) }}
	if o.sys.InTerminal {
		o.Confirm = func(context.Context, bulk.Question) error { return nil } // all are asked for at once
		all.Confirm = func(_ context.Context, plans []bulk.Question) error { return confirmAll(o.sys, plans) }
	}
	defer context.AfterFunc(ctx, b.interrupted)()
	outcomes, err := bulk.RunAll(ctx, runs, all)
	if err != nil {
		var at *bulk.At
		if errors.As(err, &at) {
			err = atOne(at)
		}
		o.notify(ctx, nil, err, codeOf(err))
		return err
	}
	return o.severalEnded(ctx, b, outcomes)
}

// atOne is the error of one of several runs, for which none was begun.
func atOne(at *bulk.At) error {
	err := at.Err
	code, hint := meaning(err)
	if errors.Is(err, errInterrupted) {
		return err
	}
	of := report.Visible(at.Path) + ": "
	if at.Pool != "" {
		of = report.Visible(at.Path) + " on " + at.Pool + ": "
	}
	if strings.HasPrefix(err.Error(), at.Path) {
		of = "" // it says so itself
	}
	return withHint(code, strings.TrimPrefix(hint+"; none of the runs was begun", "; "), "%s%w", of, err)
}

// fitsSeveral refuses the flags that are about one run.
func (o *runOptions) fitsSeveral() error {
	for _, f := range []struct {
		name, why string
		given     bool
	}{
		{"--run-file", "each run has a run file of its own, in the state folder", o.RunFile != "" && o.PoolList == ""},
		{"--report", "each job names its own reports", o.Report != nil && o.PoolList == ""},
		{"--approve", "a digest is of one plan", o.Approve != ""},
		{"--metrics", "metrics are of one run", o.Metrics != ""},
		{"--metrics-file", "metrics are of one run", o.MetricsFile != ""},
	} {
		if f.given {
			return withHint(exitUsage, f.why, "%s goes with one job or run file, not with several", f.name)
		}
	}
	return nil
}

// runs returns the runs that arguments mean: one each, or of one job, one for each pool
// of the list.
func (o *runOptions) runs(args []string) ([]bulk.One, error) {
	if o.PoolList != "" && len(args) > 1 {
		return nil, usage("--pool-list goes with one job, not with several")
	}
	paths, err := o.each(args)
	if err != nil {
		return nil, err
	}
	var runs []bulk.One
	if o.PoolList == "" {
		for _, path := range paths {
			runs = append(runs, bulk.One{Path: path, Options: o.Options})
		}
		return runs, nil
	}
	each, err := onPools(o.PoolList, o.Options)
	for _, opt := range each {
		runs = append(runs, bulk.One{Path: paths[0], Options: opt})
	}
	return runs, err
}

// each returns the paths that arguments mean, of which no two may be the same file.
func (o *runOptions) each(args []string) (paths []string, err error) {
	var infos []os.FileInfo
	for _, arg := range args {
		path, err := o.sys.runFile(arg, wanted{Sandbox: o.Sandbox, Job: true, Quiet: o.Quiet})
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(path)
		if err == nil {
			for i, other := range infos {
				if os.SameFile(info, other) {
					return nil, withHint(exitUsage, "name each once", "%s and %s are one file", report.Visible(args[i]), report.Visible(arg))
				}
			}
		}
		infos, paths = append(infos, info), append(paths, path)
	}
	return paths, nil
}

// exitOrder is which exit code counts where runs have several: the first of these that
// any of them has.
var exitOrder = []int{exitFatal, exitHeld, exitUsage, exitInterrupted, exitLimit, exitSomeFailed}

// severalEnded says how each run has ended, and returns what is the exit code of all.
func (o *runOptions) severalEnded(ctx context.Context, b *board, outcomes []bulk.Outcome) error {
	var codes []int
	for i, outcome := range outcomes {
		own := *o
		sys := *o.sys
		own.sys = &sys
		if !b.rows[i].named {
			b.rows[i].label = outcome.Name
		}
		sys.of = b.rows[i].called()
		person := !o.Quiet && sys.log == nil
		if person {
			sys.printLine(slog.LevelInfo, report.Visible(sys.of)+":")
		}
		err := outcome.Err
		if outcome.Ended != nil {
			err = own.ended(outcome.Ended, err)
		}
		code := codeOf(err)
		var silent errSilent
		if err != nil && !errors.As(err, &silent) && !errors.Is(err, errInterrupted) {
			if !person {
				err = fmt.Errorf("%s: %w", sys.of, err)
			}
			sys.exit(err)
		}
		o.notify(ctx, outcome.Ended, outcome.Err, code)
		codes = append(codes, code)
	}
	for _, code := range exitOrder {
		if !slices.Contains(codes, code) {
			continue
		}
		if code == exitInterrupted {
			return errInterrupted
		}
		return errSilent(code)
	}
	return nil
}

// planned says in a line each what is going to happen, where nobody is asked.
func (b *board) planned(plans []bulk.Question, o *runOptions) {
	for _, q := range plans {
		if !o.Quiet && (o.Yes || o.Sandbox) {
			b.sys.info("%s: %s, on the pool %s (%s) in account %s: %s", report.Visible(q.Info.Name), tallied(q.Tally),
				report.Visible(q.PoolName()), q.Info.UserPoolID, report.Visible(orUnknown(q.Account)), planDuration(q.Plan))
		}
	}
}

// confirmAll shows what is going to happen, and wants one answer to all of it: the pool's
// name where there is one pool, and else the number of users.
func confirmAll(sys *system, plans []bulk.Question) error {
	sys = sys.forPerson()
	users, pools, accounts := int64(0), map[string]bool{}, map[string]bool{}
	for _, q := range plans {
		sys.info("%s:", report.Visible(q.Info.Name))
		describe(sys, q)
		users += q.Tally.Users()
		pools[q.Info.UserPoolID] = true
		accounts[q.Account] = true
	}
	sys.info("%s: %s, %s, %s. Those of one pool are carried out one after another, in this order.",
		plural(int64(len(plans)), "run"), plural(users, "user"), plural(int64(len(pools)), "pool"), plural(int64(len(accounts)), "account"))
	if len(pools) == 1 {
		return typed(sys, "the pool's name", "the name is ", plans[0].PoolName())
	}
	return typed(sys, "the number of users", "it is ", fmt.Sprint(users))
}

// labelOf is what a run is called before it has a name: its file's, without where that
// lies and of what kind it is.
func labelOf(path string) string {
	if name, _, full := runName(path); name != "" && strings.HasSuffix(path, ".run") {
		return full
	}
	base := filepath.Base(path)
	return strings.TrimSuffix(base, filepath.Ext(base))
}
