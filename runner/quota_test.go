package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cogpass/jobs"
)

// A written is a Quota that is kept as JSON, as a file has it.
type written struct {
	mu   sync.Mutex
	text []byte
	down bool
}

// by is what a run has of it.
func (w *written) by(name string) func(jobs.Category) Quota {
	return func(c jobs.Category) Quota {
		if c != jobs.UserAccountRecovery {
			return nil
		}
		return writtenBy{w, name}
	}
}

type writtenBy struct {
	*written
	name string
}

func (w writtenBy) Change(now time.Time, do func(*Common, *Sharer)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down {
		return errors.New("the folder is gone")
	}
	var c Common
	if w.text != nil {
		if err := json.Unmarshal(w.text, &c); err != nil {
			return err
		}
	}
	me := c.Sharer(w.name)
	me.Seen = now
	do(&c, me)
	var err error
	w.text, err = json.Marshal(&c)
	return err
}

// sharing runs pools side by side, each with options of its own, and returns when they
// have sent.
func sharing(t *testing.T, pools []*pool, opts []Options) (took []time.Duration) {
	t.Helper()
	took = make([]time.Duration, len(pools))
	start := time.Now()
	var runs sync.WaitGroup
	for i, p := range pools {
		var tasks []Task
		for j := range len(p.users) {
			tasks = append(tasks, Task{Seq: int64(j + 1), Username: fmt.Sprintf("u%05d", j+1), Action: jobs.Reset})
		}
		runs.Go(func() {
			err := Run(t.Context(), p, seq(tasks), opts[i], func(r Result) error {
				if r.Outcome != OK {
					t.Errorf("%s: %v (%s)", r.Username, r.Outcome, r.Reason)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			took[i] = time.Since(start)
		})
	}
	runs.Wait()
	return took
}

func pools(sizes ...int) (all []*pool) {
	for _, n := range sizes {
		p, _ := newPool(n)
		all = append(all, p)
	}
	return all
}

func (p *pool) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.sent)
}

func sentBy(pools ...*pool) (all []time.Time) {
	for _, p := range pools {
		all = append(all, p.sent...)
	}
	return all
}

// Runs that share a quota have the least rate that any of them asks for, each its part
// of it, and what one leaves the others have.
func TestQuotaIsShared(t *testing.T) {
	for _, tt := range []struct {
		name        string
		sizes       []int
		rates       []float64
		want        []float64 // seconds that each takes
		within      float64   // of that
		mostAtOnce  int       // in a second
		sync        time.Duration
		concurrency int
	}{
		{"fairly", []int{200, 200}, []float64{20, 20}, []float64{20, 20}, 0.02, 21, 3 * time.Millisecond, 0},
		{"by three", []int{100, 100, 100}, []float64{10, 10, 10}, []float64{30, 30, 30}, 0.02, 11, 3 * time.Millisecond, 0},
		{"at the least rate, until who asks for it is done", []int{50, 350}, []float64{10, 30}, []float64{10, 20}, 0.03, 31, 0, 0},
		{"one has less to do", []int{20, 180}, []float64{20, 20}, []float64{2, 10}, 0.05, 21, 0, 0},
		{"one has no limit", []int{100, 300}, []float64{20, math.Inf(1)}, []float64{9, 9}, 0.3, 180, 0, 8},
		{"fast", []int{1000, 1000}, []float64{200, 200}, []float64{10, 10}, 0.02, 201, 3 * time.Millisecond, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var shared written
				all := pools(tt.sizes...)
				var opts []Options
				for i, r := range tt.rates {
					opts = append(opts, Options{Rate: r, Journal: &journal{sync: tt.sync}, Quota: shared.by(fmt.Sprint(i)), Concurrency: tt.concurrency})
				}
				took := sharing(t, all, opts)
				for i, d := range took {
					if math.Abs(d.Seconds()-tt.want[i]) > tt.within*tt.want[i]+0.2 {
						t.Errorf("run %d of %v/s took %v, want %v s", i, tt.rates[i], d, tt.want[i])
					}
				}
				if most := busiestSecond(sentBy(all...)); most > tt.mostAtOnce {
					t.Errorf("a second holds %d requests, want %d at most", most, tt.mostAtOnce)
				}
			})
		})
	}
}

// What one sharer is throttled for, the others slow down for too, and again a
// quota that is less than asked is used almost in full.
func TestQuotaSlowsAllDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		quota := &bucket{rate: 10, cap: 5, tokens: 5, last: time.Now()}
		all := pools(200, 200)
		var mu sync.Mutex
		throttled := 0
		for _, p := range all {
			p.down = func() error {
				mu.Lock()
				defer mu.Unlock()
				if quota.allow(time.Now()) {
					return nil
				}
				throttled++
				return &Error{Class: Throttled, Code: "TooManyRequestsException", Message: "Rate exceeded"}
			}
		}
		var shared written
		took := sharing(t, all, []Options{{Rate: 20, Quota: shared.by("a")}, {Rate: 20, Quota: shared.by("b")}})
		if longest := slices.Max(took); longest > 44*time.Second {
			t.Errorf("400 requests took %v, want about 40 s", longest)
		}
		if throttled > 40 {
			t.Errorf("%d were throttled", throttled)
		}
	})
}

// A run that is interrupted, paused, or has no work leaves the whole rate to the others.
func TestQuotaIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var shared written
		ctx, cancel := context.WithCancel(t.Context())
		until, stop := context.WithCancel(t.Context())
		all := pools(1000, 1000, 200)
		_, tasks := newPool(1000)
		rates := make(chan float64, 1)
		var runs sync.WaitGroup
		runs.Go(func() { _, _ = run(t, ctx, all[0], tasks, Options{Rate: 20, Quota: shared.by("interrupted")}) })
		runs.Go(func() {
			_, _ = run(t, until, all[1], tasks, Options{Rate: 1, Rates: rates, Quota: shared.by("paused")})
		})
		time.Sleep(10 * time.Second)
		if sent := all[0].count() + all[1].count(); sent > 11 {
			t.Errorf("%d were sent in 10 s, where one asks for 1/s", sent)
		}
		rates <- 0
		time.AfterFunc(5*time.Second, cancel)
		took := sharing(t, all[2:], []Options{{Rate: 20, Quota: shared.by("last")}})
		if took[0] > 14*time.Second || took[0] < 12*time.Second { // 5 s of which it shares, and slots of the slow rate before
			t.Errorf("200 requests at 20/s took %v", took[0])
		}
		if sent := all[1].count(); sent > 6 {
			t.Errorf("who is paused sent %d", sent)
		}
		stop()
		runs.Wait()
	})
}

// A quota that is lost, as its folder is, does not stop a run: it goes on with its
// part of the rate, and comes back.
func TestQuotaIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var shared written
		all := pools(200, 200)
		time.AfterFunc(5*time.Second, func() { shared.mu.Lock(); shared.down = true; shared.mu.Unlock() })
		time.AfterFunc(12*time.Second, func() { shared.mu.Lock(); shared.down = false; shared.mu.Unlock() })
		took := sharing(t, all, []Options{{Rate: 20, Quota: shared.by("a")}, {Rate: 20, Quota: shared.by("b")}})
		if longest := slices.Max(took); longest > 24*time.Second {
			t.Errorf("400 requests at 20/s took %v", longest)
		}
		if most := busiestSecond(sentBy(all...)); most > 23 {
			t.Errorf("a second holds %d requests", most)
		}
	})
}

// A clock that is set back, and a rate that is turned up, keep nobody waiting.
func TestQuotaIsMended(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for _, tt := range []struct {
		name  string
		asked float64
		ahead time.Duration // of the last slot
		want  time.Duration // until the next
	}{
		{"in order", 10, 100 * time.Millisecond, 200 * time.Millisecond},
		{"long ago", 10, -time.Hour, 0},
		{"set back", 10, time.Hour, 100 * time.Millisecond},
		{"turned up", 100, time.Minute, 10 * time.Millisecond},
		{"slow", 1. / 60, time.Minute, 2 * time.Minute},
	} {
		c := Common{last: now.Add(tt.ahead), governor: governor{knee: 1000, low: 900, cutAt: now.Add(tt.ahead)}}
		me := c.Sharer("me")
		me.ask(tt.asked, false)
		c.mend(now)
		if got := c.reserve(now, me).Sub(now).Round(time.Microsecond); got != tt.want {
			t.Errorf("%s: the next slot is in %v, want %v", tt.name, got, tt.want)
		}
	}
}

// Whatever is in the file, it is what sharers have in common or is refused.
func TestCommonIsChecked(t *testing.T) {
	for _, text := range []string{`{"sharers":[null]}`, `{"accepted":{"Last":-9}}`, `{"knee":-1}`, `[]`, `{"last":"x"}`, `{"accepted":{"slots":[-1]}}`} {
		var c Common
		if err := json.Unmarshal([]byte(text), &c); err == nil && text != `{"accepted":{"slots":[-1]}}` {
			t.Errorf("%s is taken", text)
		}
		c.mend(time.Now())
		c.reserve(time.Now(), c.Sharer("me"))
	}
}
