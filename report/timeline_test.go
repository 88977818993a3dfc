package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cogpass/jobs"
	"cogpass/runner"
)

// A timeline loses nothing, stays small, and is the same whatever order the
// tasks come in.
func TestTimeline(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
		span := rapid.SampledFrom([]int64{0, 1, 100, 5_000, 90_000, 864_000, 1e9, 1e11}).Draw(t, "span")
		at := rapid.SliceOfN(rapid.Int64Range(-span, span), 1, 50).Draw(t, "at")
		var one, two timeline
		for _, s := range at {
			one.add(time.Unix(start.Unix()+s, 0), runner.OK)
		}
		for _, s := range slices.Backward(at) {
			two.add(time.Unix(start.Unix()+s, 0), runner.OK)
		}
		first, began, n := one.cover(time.Time{}, time.Time{})
		if n < 1 || n > maxColumns {
			t.Fatalf("%d columns", n)
		}
		sum := int64(0)
		for i, counted := range one.columns {
			if i < first || i >= first+int64(n) {
				t.Errorf("column %d is not among %d from %d on", i, n, first)
			}
			sum += counted[runner.OK]
		}
		if sum != int64(len(at)) {
			t.Errorf("%d tasks, want %d", sum, len(at))
		}
		if earliest := start.Unix() + slices.Min(at); began.Unix() > earliest || began.Unix() <= earliest-int64(one.width()/time.Second) {
			t.Errorf("began %d, want the column of %d", began.Unix(), earliest)
		}
		if one.size != two.size || fmt.Sprint(len(one.columns)) != fmt.Sprint(len(two.columns)) {
			t.Errorf("in another order: %v and %v", one, two)
		}
	})
}

// Columns hold what the samples hold, and no rate that there was not.
func TestPaces(t *testing.T) {
	start := time.Unix(1_000_000, 0)
	rapid.Check(t, func(t *rapid.T) {
		var samples []Sample
		at := start
		var requests int64
		for range rapid.IntRange(1, 60).Draw(t, "samples") {
			span := time.Duration(rapid.IntRange(300, 2500).Draw(t, "ms")) * time.Millisecond
			s := Sample{At: at, Span: span, Asked: 10, Rate: rapid.SampledFrom([]float64{10, 5, math.Inf(1)}).Draw(t, "rate"), Requests: int64(10 * span.Seconds())}
			samples, requests = append(samples, s), requests+s.Requests
			at = at.Add(span + time.Duration(rapid.SampledFrom([]int{0, 0, 60}).Draw(t, "gap"))*time.Second)
		}
		width := rapid.SampledFrom(columnWidths[:6]).Draw(t, "width")
		n := int(at.Sub(start)/width) + 2
		got := 0.0
		for _, p := range paces(samples, start, width, n) {
			got += p.requests
			if p.work > 0 && p.answered() > 10.001 {
				t.Errorf("%g a second, want 10 at most", p.answered())
			}
		}
		if math.Abs(got-float64(requests)) > 1e-6 {
			t.Errorf("%g requests, want %d", got, requests)
		}
	})
}

// A run's last moment is no burst.
func TestPacesEnd(t *testing.T) {
	start := time.Unix(1_000_000, 0)
	samples := []Sample{{At: start, Span: time.Second, Requests: 10, Rate: 10}, {At: start.Add(time.Second), Span: 2 * time.Millisecond, Requests: 1, Rate: 10}}
	for i, p := range paces(samples, start, time.Second, 2) {
		if p.answered() > 11 {
			t.Errorf("column %d: %g a second", i, p.answered())
		}
	}
}

// A chart says something of the smallest run, and of a long one.
func TestCharts(t *testing.T) {
	start := time.Date(2026, 3, 1, 23, 59, 59, 0, time.UTC)
	small := Run{AskedRate: 10, Samples: []Sample{{At: start, Span: 250 * time.Millisecond, Asked: 10, Rate: 10, Requests: 3}}}
	long := Run{AskedRate: math.Inf(1)}
	for day := range 10 {
		for second := range 30 {
			long.Samples = append(long.Samples, Sample{At: start.Add(time.Duration(day)*24*time.Hour + time.Duration(second)*time.Second), Span: time.Second,
				Asked: math.Inf(1), Rate: math.Inf(1), Requests: 50, Throttled: int64(day)})
		}
	}
	results := func(days int) (list []runner.Result) {
		for i := range 3 * days {
			at := start.Add(time.Duration(i/3)*24*time.Hour + time.Duration(i%3*80)*time.Millisecond)
			list = append(list, runner.Result{Seq: int64(i + 1), Username: "x", Action: jobs.Reset, Outcome: runner.OK, Attempts: 1, StartedAt: at, FinishedAt: at.Add(80 * time.Millisecond), Latency: 80 * time.Millisecond})
		}
		return list
	}
	for _, tt := range []struct {
		name    string
		run     Run
		list    []runner.Result
		columns int
		x       string
	}{
		{"three users and one second", small, results(1), 1, "1 Mar 23:59:59 – 2 Mar 00:00:00"},
		{"ten days", long, results(10), 218, "1 Mar 23:00 – 6 Mar 12:00 – 11 Mar 01:00"},
	} {
		s, err := surveyOf(&tt.run, sequence(tt.list))
		if err != nil {
			t.Fatal(err)
		}
		a, known := timeAxis(s, tt.run.Samples)
		if !known || a.n != tt.columns {
			t.Errorf("%s: %d columns, want %d", tt.name, a.n, tt.columns)
		}
		for _, c := range []chart{rateChart(&tt.run, s, a, known), outcomeChart(s, a, known), latencyChart(s)} {
			if c.Missing || c.Say == "" || len(c.Rows) == 0 || len(c.Rows) > maxFigures+1 || len(c.Shapes) == 0 || c.Shapes[0].D == "" {
				t.Errorf("%s: %+v", tt.name, c)
			}
			if got := strings.Join(c.X, " – "); c.ID != "latency" && got != tt.x {
				t.Errorf("%s: from %s, want %s", tt.name, got, tt.x)
			}
			for _, s := range c.Shapes {
				if strings.Contains(s.D, "NaN") || strings.Contains(s.D, "Inf") {
					t.Errorf("%s: %s", tt.name, s.D)
				}
			}
		}
	}
}

func TestTop(t *testing.T) {
	for x, want := range map[float64]float64{0: 1, 0.3: 0.3, 1: 1, 9.9: 10, 10: 10, 10.1: 12, 130: 160, 7000: 8000, 99999: 100000} {
		if got := top(x); math.Abs(got-want) > 1e-9 {
			t.Errorf("top(%g): got %g, want %g", x, got, want)
		}
	}
	for n, want := range map[int64]float64{0: 2, 1: 2, 3: 4, 19: 20, 21: 30, 101: 120} {
		if got := topCount(n); got != want {
			t.Errorf("topCount(%d): got %g, want %g", n, got, want)
		}
	}
}

func TestShare(t *testing.T) {
	for _, tt := range []struct {
		part, whole int64
		want        string
	}{{0, 0, "0%"}, {0, 9, "0%"}, {9, 9, "100%"}, {1, 3, "33.3%"}, {1, 1e6, "under 0.1%"}, {999_999, 1e6, "over 99.9%"}} {
		if got := share(tt.part, tt.whole); got != tt.want {
			t.Errorf("%d of %d: got %s, want %s", tt.part, tt.whole, got, tt.want)
		}
	}
}
