package report

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cogpass/jobs"
	"cogpass/runner"
)

func TestSummarize(t *testing.T) {
	s, err := Summarize(sequence(sampleResults()))
	if err != nil {
		t.Fatal(err)
	}
	if s.Tasks != 7 || s.Requests != 7 || s.Throttled != 2 {
		t.Errorf("got %d tasks, %d requests, %d throttled, want 7, 7, 2", s.Tasks, s.Requests, s.Throttled)
	}
	if got, want := fmt.Sprint(s.outcomeCounts()), "[{ok 2} {failed 2} {unknown 1} {skipped 1} {pending 1}]"; got != want {
		t.Errorf("got outcomes %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(s.actionCounts()[:3]), "[{set-temporary 1} {set-permanent 1} {reset 5}]"; got != want {
		t.Errorf("got actions %s, want %s", got, want)
	}
	// The code of the task that was throttled first and ended ok is not an error of the run's.
	if got, want := fmt.Sprint(s.codeCounts()), "[{InvalidParameterException 1} {UserNotFoundException 1}]"; got != want {
		t.Errorf("got codes %s, want %s", got, want)
	}
	if got, want := s.Rate(), 6/30.3; math.Abs(got-want) > 1e-9 {
		t.Errorf("got rate %v, want %v", got, want)
	}
}

// A run that keeps to its rate must not look as if it had gone over it,
// however short it was.
func TestRateIsNotAboveThePace(t *testing.T) {
	start := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	for n := 1; n < 20; n++ {
		var s Summary
		for i := range n {
			at := start.Add(time.Duration(i) * 100 * time.Millisecond)
			s.Add(&runner.Result{Attempts: 1, StartedAt: at, FinishedAt: at.Add(time.Millisecond)})
		}
		if got := s.Rate(); got > 10 {
			t.Errorf("%d requests at 10/s: got %v", n, got)
		}
	}
}

func TestSummaryOfNothing(t *testing.T) {
	var s Summary
	if s.Rate() != 0 || s.Latency(0.5) != 0 || s.Latency(1) != 0 {
		t.Errorf("got rate %v, latency %v, %v, want 0", s.Rate(), s.Latency(0.5), s.Latency(1))
	}
}

func TestSummaryBoundsCodes(t *testing.T) {
	var s Summary
	for i := range 10_000 {
		s.Add(&runner.Result{Action: jobs.Reset, Outcome: runner.Failed, Code: fmt.Sprint("Code", i)})
	}
	if len(s.Codes) != maxCodes+1 || s.Codes[OtherCodes] != 10_000-maxCodes {
		t.Errorf("got %d codes, %d others, want %d, %d", len(s.Codes), s.Codes[OtherCodes], maxCodes+1, 10_000-maxCodes)
	}
}

func TestHistogramBuckets(t *testing.T) {
	last := 0
	for _, d := range []time.Duration{0, 1, 127, 128, 129, 255, 256, 257, 511, 512, 1e6, 1e9, math.MaxInt64} {
		i := bucketOf(d)
		if i < last || i >= numBuckets {
			t.Errorf("%d: got bucket %d after %d of %d", d, i, last, numBuckets)
		}
		last = i
		if got := bucketMiddle(i); math.Abs(float64(got-d)) > 0.004*float64(d) {
			t.Errorf("%d: got %d for its bucket", d, got)
		}
	}
}

func TestQuantilesWithinOnePercent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(math.Exp(rapid.Float64Range(0, 43).Draw(t, "log")))
		}), 1, 200).Draw(t, "latencies")
		var s Summary
		for _, d := range list {
			s.Add(&runner.Result{Latency: d})
		}
		slices.Sort(list)
		for _, q := range quantiles {
			want := list[int(math.Ceil(q.q*float64(len(list))))-1]
			got := s.Latency(q.q)
			if math.Abs(float64(got-want)) > 0.01*float64(want) {
				t.Errorf("%s of %v: got %d, want %d", q.name, list, got, want)
			}
		}
		if got, want := s.Latency(1), list[len(list)-1]; got != want {
			t.Errorf("max: got %d, want %d", got, want)
		}
	})
}
