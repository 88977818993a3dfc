package runner

import (
	"context"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// long reports whether to do what takes minutes, as make test-long does.
func long() bool { return os.Getenv("COGPASS_LONG") != "" }

// However long answers take, a run does 99% of its rate and no second holds
// more than one request over it.
func TestPace(t *testing.T) {
	for _, tt := range []struct {
		name    string
		rate    float64
		latency time.Duration
		sync    time.Duration
	}{
		{"quick answers", 25, time.Millisecond, 0},
		{"slow answers", 25, 2 * time.Second, 0},
		{"quick journal", 25, 100 * time.Millisecond, 3 * time.Millisecond},
		{"slow journal", 25, 100 * time.Millisecond, 150 * time.Millisecond},
		{"slow rate", 1, 100 * time.Millisecond, 3 * time.Millisecond},
		{"fast rate", 300, 100 * time.Millisecond, 3 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seconds := 20.
				if long() {
					seconds = 60
				}
				n := int(tt.rate*seconds) + 1
				p, tasks := newPool(n)
				p.latency = tt.latency
				got, err := run(t, t.Context(), p, tasks, Options{Rate: tt.rate, Journal: &journal{sync: tt.sync}})
				if err != nil {
					t.Fatal(err)
				}
				wantAll(t, got, n, OK)
				if took := p.sent[n-1].Sub(p.sent[0]); took.Seconds() > seconds*100/99 {
					t.Errorf("%d requests took %v, want 99%% of %v/s", n, took, tt.rate)
				}
				if most := busiestSecond(p.sent); most > int(tt.rate)+1 {
					t.Errorf("a second holds %d requests, want %v at most", most, tt.rate+1)
				}
			})
		})
	}
}

// A run ends with its last answer, not with the slot after it.
func TestEndsWithLastAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		p, tasks := newPool(3)
		got, err := run(t, t.Context(), p, tasks, Options{Rate: 1. / 60, Journal: &journal{}})
		if err != nil {
			t.Fatal(err)
		}
		wantAll(t, got, 3, OK)
		if took := time.Since(start); took > 2*time.Minute+time.Second {
			t.Errorf("3 tasks at one a minute took %v, want two minutes", took)
		}
	})
}

// A stall is not caught up with in a burst.
func TestNoCatchingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(300)
		j := &stalling{journal: journal{}, at: time.Now().Add(3 * time.Second), stall: 4 * time.Second}
		if _, err := run(t, t.Context(), p, tasks, Options{Rate: 25, Journal: j}); err != nil {
			t.Fatal(err)
		}
		if most := busiestSecond(p.sent); most > 26 {
			t.Errorf("a second holds %d requests, want 26 at most", most)
		}
	})
}

func TestMaxRateUsesConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(1000)
		start := time.Now()
		got, err := run(t, t.Context(), p, tasks, Options{Rate: math.Inf(1), Concurrency: 20})
		if err != nil {
			t.Fatal(err)
		}
		wantAll(t, got, 1000, OK)
		if p.busiest != 20 || time.Since(start) != 50*50*time.Millisecond {
			t.Errorf("%d at once for %v, want 20 for 2.5s", p.busiest, time.Since(start))
		}
	})
}

// In flight is what rate and latency ask for, not what would be allowed.
func TestInFlightIsRateTimesLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(200)
		p.latency = 200 * time.Millisecond
		if _, err := run(t, t.Context(), p, tasks, Options{Rate: 20}); err != nil {
			t.Fatal(err)
		}
		if p.busiest > 5 {
			t.Errorf("%d requests at once, want 20/s × 0.2 s", p.busiest)
		}
	})
}

// Tasks that wait for another attempt hold no worker and keep no goroutine.
func TestWaitingHoldsNoWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(500)
		p.latency = time.Millisecond
		for i := range 250 { // every other, lest they are an outage
			p.script[fmt.Sprintf("u%05d", 2*i+1)] = []string{"refused"}
		}
		most := 0
		opt := Options{Rate: math.Inf(1), Concurrency: 8, Observe: func(s Stats) {
			if s.Waiting > 30 {
				most = max(most, runtime.NumGoroutine())
			}
		}}
		got, err := run(t, t.Context(), p, tasks, opt)
		if err != nil {
			t.Fatal(err)
		}
		wantAll(t, got, 500, OK)
		if most == 0 || most > 30 {
			t.Errorf("%d goroutines while 30 tasks and more waited, want few", most)
		}
	})
}

// The rate can be changed, and the run paused, while it goes on.
func TestRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(200)
		rates := make(chan float64)
		start := time.Now()
		go func() {
			time.Sleep(10*time.Second + time.Millisecond)
			rates <- 0
			time.Sleep(10 * time.Second)
			rates <- 2
			time.Sleep(10 * time.Second)
			rates <- 50
		}()
		if _, err := run(t, t.Context(), p, tasks, Options{Rate: 10, Rates: rates}); err != nil {
			t.Fatal(err)
		}
		counts := make([]int, 4)
		for _, at := range p.sent {
			counts[min(3, int(at.Sub(start)/(10*time.Second)))]++
		}
		if counts[0] < 99 || counts[0] > 102 || counts[1] > 1 || counts[2] < 19 || counts[2] > 22 {
			t.Errorf("got %v requests in each 10 s, want 100, none, 20, the rest", counts)
		}
	})
}

// A rate that is changed holds for the slot that lies ahead too.
func TestRateTakesEffectAtOnce(t *testing.T) {
	for _, tt := range []struct {
		before, after  float64
		earliest, last time.Duration // of the request after the change, which is at 1.02 s
	}{
		{before: 1.0 / 60, after: 10, earliest: 1100 * time.Millisecond, last: 1120 * time.Millisecond},
		{before: 10, after: 1.0 / 60, earliest: 40 * time.Second, last: 61100 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, tasks := newPool(30)
			rates := make(chan float64)
			start := time.Now()
			changed := start.Add(1020 * time.Millisecond)
			go func() {
				time.Sleep(time.Until(changed))
				rates <- tt.after
			}()
			if _, err := run(t, t.Context(), p, tasks, Options{Rate: tt.before, Rates: rates}); err != nil {
				t.Fatal(err)
			}
			n := slices.IndexFunc(p.sent, changed.Before)
			if after := p.sent[n].Sub(start); after < tt.earliest || after > tt.last {
				t.Errorf("from %v to %v: the next request was sent after %s, want %s to %s", tt.before, tt.after, after, tt.earliest, tt.last)
			}
		})
	}
}

// A rate that is there before the run begins holds from its first request on.
func TestRatesFromTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(20)
		rates := make(chan float64, 1)
		rates <- 0
		start := time.Now()
		go func() {
			time.Sleep(time.Minute)
			rates <- 10
		}()
		if _, err := run(t, t.Context(), p, tasks, Options{Rate: math.Inf(1), Rates: rates}); err != nil {
			t.Fatal(err)
		}
		if after := p.sent[0].Sub(start); after < time.Minute {
			t.Errorf("the first request was sent after %s, want a minute's pause", after)
		}
		if took := p.sent[19].Sub(p.sent[0]); took < 1899*time.Millisecond {
			t.Errorf("20 requests took %s, want 1.9 s", took)
		}
	})
}

// stalling is a journal one of whose syncs takes long.
type stalling struct {
	journal
	at    time.Time
	stall time.Duration
}

func (s *stalling) Begin(ctx context.Context, intents []Intent) error {
	if !s.at.IsZero() && time.Now().After(s.at) {
		time.Sleep(s.stall)
		s.at = time.Time{}
	}
	return s.journal.Begin(ctx, intents)
}
