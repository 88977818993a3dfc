package sandbox

import (
	"maps"
	"sync"
	"time"

	"cogpass/jobs"
)

// Cognito returns the default quotas of Cognito and of Secrets Manager, in
// requests a second.
func Cognito() map[jobs.Category]float64 {
	rates := maps.Clone(secretsQuotas)
	for _, c := range Categories() {
		if quota := c.Quota(); quota > 0 {
			rates[c] = quota
		}
	}
	return rates
}

// quotas is a token bucket for each category of an account and Region.
type quotas struct {
	mu      sync.Mutex
	burst   time.Duration
	rates   map[jobs.Category]float64
	buckets map[laneCategory]*bucket
}

type laneCategory struct {
	lane
	category jobs.Category
}

type bucket struct {
	tokens float64
	filled time.Time
}

func (q *quotas) init(rates map[jobs.Category]float64, burst time.Duration) {
	if burst <= 0 {
		burst = time.Second
	}
	q.burst, q.rates, q.buckets = burst, map[jobs.Category]float64{}, map[laneCategory]*bucket{}
	for category, rate := range rates {
		q.set(category, rate)
	}
}

func (q *quotas) set(category jobs.Category, rate float64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	maps.DeleteFunc(q.buckets, func(of laneCategory, _ *bucket) bool { return of.category == category })
	if rate <= 0 {
		delete(q.rates, category)
		return
	}
	q.rates[category] = rate
}

func (q *quotas) all() map[jobs.Category]float64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return maps.Clone(q.rates)
}

// allow takes a token of the category in a lane at the time now, if there is one.
func (q *quotas) allow(in lane, category jobs.Category, now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	rate, limited := q.rates[category]
	if !limited {
		return true
	}
	capacity := max(1, rate*q.burst.Seconds())
	of := laneCategory{in, category}
	b := q.buckets[of]
	if b == nil {
		b = &bucket{tokens: capacity, filled: now}
		q.buckets[of] = b
	}
	if since := now.Sub(b.filled); since > 0 {
		b.tokens = min(capacity, b.tokens+since.Seconds()*rate)
		b.filled = now
	}
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// SetQuota sets a category's quota, in requests a second; zero or less is none.
func (s *Server) SetQuota(category jobs.Category, rps float64) { s.quotas.set(category, rps) }
