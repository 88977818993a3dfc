package runfile

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"cogpass/jobs"
	"cogpass/runner"
)

// The benchmarks work on a million tasks each, or on fewer with -short.
func benchSize() int64 {
	if testing.Short() {
		return 100_000
	}
	return 1_000_000
}

func perTask(b *testing.B, n int64) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/task")
}

func BenchmarkPlan(b *testing.B) {
	n := benchSize()
	for b.Loop() {
		makeFile(b, n)
	}
	perTask(b, n)
}

// BenchmarkRun begins and records 50,000 tasks, 64 in flight, as fast as the
// disk takes it.
func BenchmarkRun(b *testing.B) { benchmarkRun(b, false) }

// BenchmarkRunGenerated is the same with passwords to keep, but for what it
// takes to seal them.
func BenchmarkRunGenerated(b *testing.B) { benchmarkRun(b, true) }

func benchmarkRun(b *testing.B, generated bool) {
	const n, inFlight = 50_000, 64
	path := makeFile(b, n)
	before, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	plan, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	var after int64
	for b.Loop() {
		b.StopTimer()
		copied := filepath.Join(b.TempDir(), "copy.run")
		if err := os.WriteFile(copied, plan, 0o600); err != nil {
			b.Fatal(err)
		}
		f, err := Open(copied, OpenOptions{Place: b.TempDir()}) // of a machine that has not seen the copies before
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if generated {
			f.SealWith(func(attempts []runner.Intent) ([]byte, error) { return make([]byte, 300+120*len(attempts)), nil })
		}
		carryOut(b, f, n, inFlight)
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
		info, err := os.Stat(copied)
		if err != nil {
			b.Fatal(err)
		}
		after = info.Size()
	}
	perTask(b, n)
	b.ReportMetric(float64(before.Size())/n, "plan-B/task")
	b.ReportMetric(float64(after)/n, "B/task")
}

func versionOf(seq int64) string { return fmt.Sprintf("0198b3a2-77aa-7c11-8a44-%012x", seq) }

// carryOut takes the first n tasks of a file from intent to outcome, in
// groups of inFlight.
func carryOut(b *testing.B, f *File, n, inFlight int64) {
	b.Helper()
	intents := make([]runner.Intent, 0, inFlight)
	for first := int64(1); first <= n; first += inFlight {
		intents = intents[:0]
		for seq := first; seq < first+inFlight && seq <= n; seq++ {
			i := intentOf(seq)
			if f.seal != nil {
				i.Version, i.Password = versionOf(seq), jobs.NewSecret("Xy7-kkkkkkkkkkkkkkkk")
			}
			intents = append(intents, i)
		}
		if err := f.Begin(context.Background(), intents); err != nil {
			b.Fatal(err)
		}
		for _, i := range intents {
			r := resultOf(i.Seq, runner.OK)
			r.Version = i.Version
			if err := f.Record(r); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := f.Flush(); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkResults(b *testing.B) {
	n := benchSize()
	f := openFile(b, makeFile(b, n))
	carryOut(b, f, n, 4096)
	for b.Loop() {
		for _, err := range f.Results() {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	perTask(b, n)
}

// BenchmarkResume opens a run that is half done and takes its first task.
func BenchmarkResume(b *testing.B) {
	n := benchSize()
	path := makeFile(b, n)
	f := openFile(b, path)
	carryOut(b, f, n/2, 4096)
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		f, err := Open(path, options)
		if err != nil {
			b.Fatal(err)
		}
		for row, err := range f.Pending(false, false) {
			if err != nil || row.Seq != n/2+1 {
				b.Fatal(row.Seq, err)
			}
			break
		}
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCount(b *testing.B) {
	f := openFile(b, makeFile(b, 100_000))
	carryOut(b, f, 100_000, 4096)
	for b.Loop() {
		if _, err := f.Count(); err != nil {
			b.Fatal(err)
		}
	}
}
