package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"cogpass/cmd/bulk"
	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner/runfile"
)

type ledgerOptions struct {
	Pool    string
	Due     string
	Format  string
	Rebuild bool

	before time.Time // of Due; zero: all are shown
	now    time.Time
}

func newLedger(sys *system) *cobra.Command {
	o := &ledgerOptions{}
	cmd := &cobra.Command{
		Use: "ledger [RUN_FILE...]", Short: "Show who was done when, over all runs, and who is due",
		Long: `Show who was done when, over all runs: of each pool, user and action, when that
was ok last. It is what "where: {lastDoneBefore: 30d}" in a job asks. With --due,
only those who are due by then; who was never done is not in it.

The ledger is a small file in the state folder. --rebuild makes it anew from the
run files there, from those that it knew before, and from those that are given.`,
		Example: `  cogpass ledger --due 30d
  cogpass ledger --pool us-west-2_aaaaaaaaa --format csv
  cogpass ledger --rebuild /mnt/backup/*.run`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error { return o.run(sys, args) },
	}
	f := cmd.Flags()
	f.StringVar(&o.Pool, "pool", "", "of this user pool only, by its `ID`")
	f.StringVar(&o.Due, "due", "", "only those last done before `WHEN`: an age such as 30d, a date or a time")
	f.StringVar(&o.Format, "format", "text", "write as `FORMAT`: text, json (an array of objects) or csv")
	f.BoolVar(&o.Rebuild, "rebuild", false, "make it anew from run files, and show nothing")
	return cmd
}

func (o *ledgerOptions) run(sys *system, runFiles []string) error {
	o.now = time.Now()
	var ok bool
	switch {
	case o.Rebuild && (o.Pool != "" || o.Due != "" || o.Format != "text"):
		return usage("--rebuild makes the ledger of all pools, and shows nothing: --pool, --due and --format do not go with it")
	case !o.Rebuild && len(runFiles) > 0:
		return usage("run files go with --rebuild")
	case !slices.Contains([]string{"text", "json", "csv"}, o.Format):
		return usage("--format %s: want text, json or csv", o.Format)
	case o.Due != "":
		if o.before, ok = jobs.ParseWhen(o.Due, o.now); !ok {
			return usage("--due %s: want an age such as 30d or 12h, a date or a time", o.Due)
		}
	}
	dir := sys.stateDir()
	if dir == "" {
		return noStateDir()
	}
	if o.Rebuild {
		return sys.rebuildLedger(dir, runFiles)
	}
	h, err := runfile.OpenHistory(bulk.HistoryPath(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return withHint(exitFatal, "`cogpass ledger --rebuild` makes it from the run files, and so does a first run with --first-run", "there is no ledger in %s", dir)
	}
	if err != nil {
		return err
	}
	defer h.Close()
	if err := h.Check(); err != nil {
		return err
	}
	return sys.stream(func(w io.Writer) error { return o.write(sys, w, h) })
}

func (s *system) rebuildLedger(dir string, runFiles []string) error {
	for i, arg := range runFiles {
		path, err := s.runFile(arg, wanted{})
		if err != nil {
			return err
		}
		runFiles[i] = path
	}
	rebuilt, err := bulk.RebuildHistory(dir, runFiles...)
	if err != nil && !errors.Is(err, runfile.ErrNoRuns) {
		return err
	}
	for _, fault := range rebuilt.Faults {
		s.warn("not in the ledger, or not all of it: %s", report.Visible(fault.Error()))
	}
	if err != nil {
		return withHint(exitFatal, "name run files of earlier nights; where there never was one, `cogpass run --first-run` makes a ledger", "%v, and by an empty one everybody would be due: %s is as it was", err, report.Visible(bulk.HistoryPath(dir)))
	}
	s.info("the ledger holds what %s did: %s", plural(int64(rebuilt.Runs), "run"), report.Visible(bulk.HistoryPath(dir)))
	if rebuilt.Gone > 0 {
		s.warn("the files of %s are not there any more: what the ledger had of them is kept, %s", plural(int64(rebuilt.Gone), "run"), plural(rebuilt.Kept, "row"))
	}
	if len(rebuilt.Faults) > 0 {
		return errSilent(exitSomeFailed)
	}
	return nil
}

// ledgerRow is a line of the ledger.
type ledgerRow struct {
	Pool     string `json:"user_pool_id"`
	Endpoint string `json:"endpoint,omitempty"` // the port of one on loopback
	Username string `json:"username"`
	Sub      string `json:"sub,omitempty"`
	Action   string `json:"action"`
	At       string `json:"last_done_at"`
	Days     int    `json:"days_ago"`
	RunFile  string `json:"run_file"`
}

func (o *ledgerOptions) write(sys *system, w io.Writer, h *runfile.History) error {
	pools, err := h.Pools()
	if err != nil {
		return err
	}
	put, end := ledgerForms[o.Format](w)
	rows := 0
	for _, pool := range pools {
		if o.Pool != "" && o.Pool != pool.ID {
			continue
		}
		for d, err := range h.Each(pool) {
			if err != nil {
				return err
			}
			if !o.before.IsZero() && !d.At.Before(o.before) {
				continue
			}
			rows++
			err := put(&ledgerRow{
				Pool: pool.ID, Endpoint: pool.Port, Username: d.Username, Sub: d.Sub, Action: d.Action.String(),
				At: moment(d.At), Days: int(o.now.Sub(d.At) / (24 * time.Hour)), RunFile: d.RunFile,
			})
			if err != nil {
				return err
			}
		}
	}
	if rows == 0 && o.Format == "text" {
		sys.info("nobody%s", map[bool]string{true: " is due of those who were done before"}[o.Due != ""])
	}
	return end()
}

// ledgerForms write rows, and what comes after the last.
var ledgerForms = map[string]func(io.Writer) (put func(*ledgerRow) error, end func() error){
	"text": func(w io.Writer) (func(*ledgerRow) error, func() error) {
		pool := ""
		return func(r *ledgerRow) error {
			if of := r.Pool + r.Endpoint; of != pool {
				pool = of
				fmt.Fprintf(w, "%s\n", report.Visible(of))
			}
			_, err := fmt.Fprintf(w, "  %s  %4d %-4s  %-13s  %s\n", r.At, r.Days, map[bool]string{true: "day", false: "days"}[r.Days == 1], r.Action, report.Visible(r.Username))
			return err
		}, func() error { return nil }
	},
	"json": func(w io.Writer) (func(*ledgerRow) error, func() error) {
		before := "[\n  "
		return func(r *ledgerRow) error {
				b, err := json.Marshal(r)
				if err == nil {
					_, err = fmt.Fprintf(w, "%s%s", before, b)
				}
				before = ",\n  "
				return err
			}, func() error {
				_, err := io.WriteString(w, map[bool]string{true: "[]\n", false: "\n]\n"}[before == "[\n  "])
				return err
			}
	},
	"csv": func(w io.Writer) (func(*ledgerRow) error, func() error) {
		rows := csv.NewWriter(w)
		_ = rows.Write([]string{"user_pool_id", "endpoint", "username", "sub", "action", "last_done_at", "days_ago", "run_file"}) // its error is Flush's, too
		return func(r *ledgerRow) error {
				return rows.Write([]string{r.Pool, r.Endpoint, report.CSVText(r.Username), report.CSVText(r.Sub), r.Action, r.At, strconv.Itoa(r.Days), report.CSVText(r.RunFile)})
			}, func() error {
				rows.Flush()
				return rows.Error()
			}
	},
}
