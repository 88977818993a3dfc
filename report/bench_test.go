package report

import (
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

// generated gives n results as a large run has them: one in 50 is not ok.
func generated(n int) Results {
	return func(yield func(runner.Result, error) bool) {
		start := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
		for i := range n {
			at := start.Add(time.Duration(i) * 100 * time.Millisecond)
			r := runner.Result{
				Seq: int64(i + 1), Username: fmt.Sprintf("user-%07d@example.com", i+1), Action: jobs.Reset,
				Outcome: runner.OK, Attempts: 1, RequestID: "7d6c4f5e-0000-4000-8000-123456789abc",
				StartedAt: at, FinishedAt: at.Add(83 * time.Millisecond),
				Latency: time.Duration(80+i%40) * time.Millisecond, Source: "affected.csv:1234567",
			}
			if i%50 == 0 {
				r.Outcome, r.Code, r.Reason = runner.Failed, "UserNotFoundException", "User does not exist."
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	const tasks = 1_000_000
	for _, f := range Formats() {
		b.Run(string(f), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := Write(io.Discard, f, sampleRun(), generated(tasks)); err != nil {
					b.Fatal(err)
				}
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(m.HeapSys)/(1<<20), "MiB-heap")
		})
	}
	b.Run("results alone", func(b *testing.B) {
		for b.Loop() {
			for range generated(tasks) {
			}
		}
	})
}
