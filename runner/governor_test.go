package runner

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// bucket is a quota as a token bucket, the way AWS throttles.
type bucket struct {
	rate, cap, tokens float64
	last              time.Time
}

func (b *bucket) allow(now time.Time) bool {
	b.tokens = min(b.cap, b.tokens+b.rate*now.Sub(b.last).Seconds())
	b.last = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// simulate sends against a quota for a time, evenly at the governor's rate,
// and returns the accepted and throttled requests of each second.
func simulate(g *governor, seconds int, quota func(t time.Duration) float64, burst float64, seed uint64) (ok, no []int) {
	const latency = 100 * time.Millisecond
	type sent struct {
		at      time.Time
		refused bool
	}
	rng := rand.New(rand.NewPCG(seed, seed))
	start := time.Unix(1_700_000_000, 0).Add(time.Duration(rng.Int64N(1e9)))
	now := start
	b := &bucket{rate: quota(0), last: now}
	b.cap = burst * b.rate
	b.tokens = b.cap
	ok, no = make([]int, seconds), make([]int, seconds)
	var flight []sent
	next := now
	for now.Sub(start) < time.Duration(seconds)*time.Second {
		for len(flight) > 0 && !flight[0].at.Add(latency).After(now) {
			if flight[0].refused {
				g.throttled(now, flight[0].at, len(flight))
			} else {
				g.answered(now)
			}
			flight = flight[1:]
		}
		b.rate = quota(now.Sub(start))
		b.cap = max(1, burst*b.rate)
		if !next.After(now) {
			refused := !b.allow(now)
			flight = append(flight, sent{now, refused})
			s := int(now.Sub(start) / time.Second)
			if refused {
				no[s]++
			} else {
				ok[s]++
			}
			next = now.Add(time.Duration(float64(time.Second) / g.rate(now)))
		}
		now = now.Add(time.Millisecond)
	}
	return ok, no
}

func sum(n []int) (s int) {
	for _, v := range n {
		s += v
	}
	return s
}

// Against a quota that nobody told of, what it allows is used, and few
// requests are throttled, however deep the bucket it is counted in.
func TestGovernorFindsQuota(t *testing.T) {
	for _, burst := range []float64{0.1, 0.5, 1, 2} {
		var used, throttled float64
		const seconds, quota = 120, 15
		seeds := 3.
		if long() {
			seeds = 10
		}
		for seed := range uint64(seeds) {
			g := &governor{ceiling: 30}
			ok, no := simulate(g, seconds, func(time.Duration) float64 { return quota }, burst, seed)
			used += float64(sum(ok)) / (seconds * quota) / seeds
			throttled += float64(sum(no)) / float64(sum(ok)+sum(no)) / seeds
		}
		if used < 0.95 || throttled > 0.02 {
			t.Errorf("bucket of %.1f s: used %.3f of the quota, want 0.95; throttled %.4f, want at most 0.02", burst, used, throttled)
		}
	}
}

// When a quota that fell comes back, nine tenths of it are used within 10 s.
func TestGovernorRecovers(t *testing.T) {
	seeds := uint64(7)
	if long() {
		seeds = 20
	}
	for seed := range seeds {
		g := &governor{ceiling: 30}
		fell := 20*time.Second + time.Duration(seed)*time.Second/2
		ok, no := simulate(g, 80, func(at time.Duration) float64 {
			if at >= 20*time.Second && at < 20*time.Second+fell {
				return 10
			}
			return 30
		}, 1, seed)
		back := int((20*time.Second + fell).Seconds())
		best := 0
		for _, n := range ok[back+9 : back+11] {
			best = max(best, n)
		}
		if best < 27 {
			t.Errorf("seed %d: 10 s after the quota came back, %d a second are used, want 27", seed, best)
		}
		if share := float64(sum(no)) / float64(sum(ok)+sum(no)); share > 0.03 {
			t.Errorf("seed %d: %.3f were throttled, want at most 0.03", seed, share)
		}
	}
}

func TestGovernorCutsOnceForABurst(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	g := &governor{ceiling: 30}
	for range 30 {
		now = now.Add(time.Second / 30)
		g.answered(now)
	}
	g.throttled(now, now.Add(-time.Second), 30)
	once := g.rate(now)
	for range 50 {
		g.throttled(now, now.Add(-time.Second), 30)
	}
	if got := g.rate(now); got != once || once >= 30 || once < 15 {
		t.Errorf("after a burst of throttling the rate is %v, want %v as after its first, under 30", got, once)
	}
}

// Without a ceiling, the first throttle answer finds a finite rate.
func TestGovernorWithoutCeiling(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	g := &governor{ceiling: math.Inf(1)}
	for range 3000 {
		now = now.Add(time.Millisecond)
		g.answered(now)
	}
	g.throttled(now, now.Add(-time.Millisecond), 1)
	if got := g.rate(now); got < 800 || got > 1000 {
		t.Errorf("got %v, want just under the 1000 a second that were accepted", got)
	}
}

// Throttling that has nothing to do with the rate does not bring it down for
// good.
func TestGovernorIgnoresNoise(t *testing.T) {
	for _, share := range []float64{0.03, 0.05, 0.1, 0.15} {
		rng := rand.New(rand.NewPCG(1, 1))
		now := time.Unix(1_700_000_000, 0)
		g := &governor{ceiling: 100}
		const requests = 3000
		for range requests {
			now = now.Add(time.Duration(float64(time.Second) / g.rate(now)))
			if rng.Float64() < share {
				g.throttled(now, now, 1)
			} else {
				g.answered(now)
			}
		}
		if took := now.Sub(time.Unix(1_700_000_000, 0)); took > 6*requests/100*time.Second {
			t.Errorf("with %v throttled at random, %d requests took %v, want the ceiling's 30s or not much more", share, requests, took)
		}
	}
}

// A throttle answer that comes before anything was accepted does not stop a
// run without a ceiling from going fast.
func TestGovernorFirstAnswerThrottled(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	g := &governor{ceiling: math.Inf(1)}
	g.throttled(now, now.Add(-5*time.Millisecond), 64)
	if got := g.rate(now); got < 1000 || got > 12_800 {
		t.Errorf("got %v, want some share of the 64 / 5 ms that were sent", got)
	}
}
