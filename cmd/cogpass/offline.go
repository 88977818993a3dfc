package main

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"cogpass/cmd/bulk"
	"cogpass/jobs"
	"cogpass/report"
)

// schemas are what schema prints, by name.
var schemas = map[string]func() []byte{
	"job":    func() []byte { return jobs.Schema(report.Extensions()) },
	"report": report.Schema,
}

func newSchema(sys *system) *cobra.Command {
	names := slices.Sorted(maps.Keys(schemas))
	return &cobra.Command{
		Use: "schema [job | report]", Short: "Print the JSON Schema of the job file, or of the report",
		Long: `Print the JSON Schema of the job file, for editors, or that of the JSON report,
for programs that read it.

An editor with the YAML language server checks a job that begins with
  # yaml-language-server: $schema=cogpass.schema.json`,
		Example: `  cogpass schema > cogpass.schema.json
  cogpass schema report > report.schema.json`,
		Args: cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs), ValidArgs: names,
		RunE: func(_ *cobra.Command, args []string) error {
			return sys.print("%s", schemas[append(args, "job")[0]]())
		},
	}
}

func newValidate(sys *system) *cobra.Command {
	o, list := &bulk.Options{}, ""
	cmd := &cobra.Command{
		Use: "validate JOB", Short: "Check a job and its sources, offline",
		Long: `Check a job and every source it names, to the last line, offline.

Every fault is shown with its place and, where there is one, a way to mend it.`,
		Example: `  cogpass validate job.yaml
  cogpass validate --pool-list pools.csv job.yaml`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := sys.options(o); err != nil {
				return err
			}
			if list == "" {
				return sys.validate(cmd.Context(), o, args[0])
			}
			each, err := onPools(list, *o)
			for i := range each {
				if err = sys.validate(cmd.Context(), &each[i], args[0]); err != nil {
					break
				}
			}
			return err
		},
	}
	addPool(cmd.Flags(), o)
	addPoolList(cmd.Flags(), &list)
	return cmd
}

func (s *system) validate(ctx context.Context, o *bulk.Options, path string) error {
	plan, err := bulk.Validate(ctx, path, *o)
	if err != nil {
		return err
	}
	defer plan.Close()
	s.warnings(plan)
	var known []string
	if plan.Tally.Tasks > 0 || plan.Unasked == nil {
		known = append(known, tallied(&plan.Tally))
	}
	if plan.Unasked != nil {
		known = append(known, "a plan will ask "+unasked(plan.Unasked))
	}
	on := ""
	if pool := bulk.PoolOf(o); pool != "" {
		on = " on " + pool
	}
	return s.print("%s%s: %s\n", report.Visible(path), on, strings.Join(known, "; "))
}

// unasked says what a plan will look up.
func unasked(needs *jobs.Needs) string {
	var ofPool []string
	add := func(what string) {
		if !slices.Contains(ofPool, what) {
			ofPool = append(ofPool, what)
		}
	}
	for _, source := range needs.Sources {
		switch q := source.Query; {
		case source.Guard:
			add("whom to leave alone")
		case q.Group != "":
			add("the users of the group " + report.Visible(q.Group))
		case q.Filter != "":
			add("the users that a filter finds")
		default:
			add("its users")
		}
	}
	if needs.LookUp {
		add("the state of those named")
	}
	var all []string
	if ofPool != nil {
		all = append(all, "the pool for "+and(ofPool))
	}
	if needs.LastDone {
		all = append(all, "the ledger when each was done last")
	}
	return and(all)
}
