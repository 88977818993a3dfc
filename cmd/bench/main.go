// Bench measures cogpass, and beside it what one would use in its place: the
// bare AWS SDK, the AWS CLI, boto3 and age. It prints a table, and writes it to
// docs/benchmarks.md where it ran in full.
//
// Each client and each server is a process of its own, on loopback. What is
// compared is measured in the same run of the bench, for machines differ and
// a machine differs from itself an hour later.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// bench is one run of the benchmarks.
type bench struct {
	ctx     context.Context
	self    string // this program
	cogpass string
	loop    string // the tests of runner/cognito, among which is the loop over the SDK
	dir     string // for all files
	env     []string
	quick   bool
	until   time.Time // when the last row is to end
}

// A row is measured together: rows of a phase run one after another, but for
// those of phase together, which are paced and hardly use a processor.
type row struct {
	name    string
	phase   phase
	measure func(*bench) ([]line, error)
	lines   []line
}

type phase int

const (
	alone phase = iota
	together
	last
)

var rows = []*row{
	{name: "pace", phase: together, measure: (*bench).pace},
	{name: "quota", phase: together, measure: (*bench).hiddenQuota},
	{name: "fall", phase: together, measure: (*bench).fallingQuota},
	{name: "several", phase: together, measure: (*bench).several},
	{name: "max", phase: alone, measure: (*bench).max},
	{name: "list", phase: alone, measure: (*bench).list},
	{name: "million", phase: last, measure: (*bench).million},
	{name: "large", phase: last, measure: (*bench).large},
	{name: "one", phase: alone, measure: (*bench).oneUser},
	{name: "thousand", phase: alone, measure: (*bench).thousandUsers},
	{name: "seal", phase: alone, measure: (*bench).seal},
	{name: "generate", phase: alone, measure: (*bench).generate},
	{name: "program", phase: alone, measure: (*bench).program},
}

func main() {
	err := realMain(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func realMain(args []string) error {
	if len(args) > 0 && args[0] == "serve" {
		return serve(args[1:])
	}
	if len(args) > 0 && args[0] == "seal" {
		return sealMany(args[1:])
	}
	var names []string
	for _, r := range rows {
		names = append(names, r.name)
	}
	only := flag.String("rows", "", "measure these alone, as pace,max; of "+strings.Join(names, ", "))
	quick := flag.Bool("quick", false, "measure less of each, to see that all works")
	limit := flag.Duration("limit", 20*time.Minute, "end within this: what takes longer is cut short, and says so")
	doc := flag.String("doc", "docs/benchmarks.md", "where to write the table, if all rows were measured in full")
	flag.Parse()

	chosen := rows
	if *only != "" {
		chosen = nil
		for _, name := range strings.Split(*only, ",") {
			i := slices.Index(names, name)
			if i < 0 {
				return fmt.Errorf("-rows %s: no such row", name)
			}
			chosen = append(chosen, rows[i])
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	start, load := time.Now(), otherLoad()
	b, err := newBench(ctx, *quick, start.Add(*limit))
	if err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	failed := b.run(chosen)
	table := markdown(chosen)
	fmt.Print(table)
	fmt.Fprintf(os.Stderr, "bench: took %s\n", time.Since(start).Round(time.Second))
	if failed == nil && *only == "" && !*quick {
		failed = os.WriteFile(*doc, []byte(document(ctx, start, load, table)), 0o644)
	}
	return failed
}

func newBench(ctx context.Context, quick bool, until time.Time) (*bench, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "cogpass-bench-")
	if err != nil {
		return nil, err
	}
	b := &bench{ctx: ctx, self: self, dir: dir, cogpass: filepath.Join(dir, "cogpass"), loop: filepath.Join(dir, "loop"), quick: quick, until: until}
	b.env = slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "AWS_") })
	b.env = append(b.env, "XDG_STATE_HOME="+filepath.Join(dir, "state"), "AWS_REGION=us-west-2", "AWS_DEFAULT_REGION=us-west-2",
		"AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=secret", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE="+filepath.Join(dir, "none"), "AWS_SHARED_CREDENTIALS_FILE="+filepath.Join(dir, "none"))
	if err := errors.Join(b.build(b.cogpass, "build", "./cmd/cogpass"), b.build(b.loop, "test", "-c", "./runner/cognito")); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return b, nil
}

// build builds a program as a release is built.
func (b *bench) build(program, command string, args ...string) error {
	args = append([]string{command, "-trimpath", "-ldflags", "-s -w", "-o", program}, args...)
	build := exec.CommandContext(b.ctx, "go", args...)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building %s: %w", args[len(args)-1], err)
	}
	return nil
}

// run measures the rows, and goes on with the others where one fails.
func (b *bench) run(chosen []*row) error {
	var failures []error
	for p := alone; p <= last; p++ {
		var group errgroup.Group
		if p != together {
			group.SetLimit(1)
		}
		errs := make([]error, len(chosen))
		for i, r := range chosen {
			if r.phase != p {
				continue
			}
			group.Go(func() error {
				fmt.Fprintln(os.Stderr, "bench: measuring", r.name)
				var err error
				if r.lines, err = r.measure(b); err != nil {
					errs[i] = fmt.Errorf("%s: %w", r.name, err)
				}
				return nil
			})
		}
		_ = group.Wait() // each keeps its own error
		failures = append(failures, errs...)
	}
	return errors.Join(failures...)
}

// job writes a job of n users, each with a password from a CSV. It has a pool
// of its own: a pool has one run at a time.
func (b *bench) job(name string, n int64, rate string) (string, error) {
	return b.jobOf(name, n, rate, writeUsers, "")
}

// jobOf writes a job whose users write puts into a CSV, with more settings.
func (b *bench) jobOf(name string, n int64, rate string, write func(io.Writer, int64) error, more string) (string, error) {
	users, err := os.Create(filepath.Join(b.dir, name+".csv"))
	if err != nil {
		return "", err
	}
	if err := errors.Join(write(users, n), users.Close()); err != nil {
		return "", err
	}
	path := filepath.Join(b.dir, name+".yaml")
	return path, os.WriteFile(path, fmt.Appendf(nil, `version: 1
name: %s
userPoolId: %s
action: set-permanent
users: [{csv: %s.csv}]
limits: {rate: %s, concurrency: %d}
%s`, name, "us-west-2_"+name, name, rate, concurrency, more), 0o600)
}

const (
	poolID      = "us-west-2_aaaaaaaaa" // of clients that are not cogpass
	concurrency = 64
)

// carryOut returns the arguments of a run.
func carryOut(url, path string, more ...string) []string {
	return append([]string{"run", "--yes", "--quiet", "--endpoint-url", url, path}, more...)
}

// pick returns how much is measured: less of it with -quick.
func pick[T any](b *bench, full, quick T) T {
	if b.quick {
		return quick
	}
	return full
}

func processors() int { return runtime.NumCPU() }
