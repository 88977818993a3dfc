package bulk

import (
	"context"
	"slices"
	"sync"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/runfile"
)

// sampleEvery is the span of a sample.
const sampleEvery = time.Second

// maxLatencies bounds those of a sample. Of more answers in one span, the
// latest count.
const maxLatencies = 4096

// sampler notes what each second of a run is like. Its methods may be called
// from any goroutine.
type sampler struct {
	mu          sync.Mutex
	now, before runner.Stats // before is as of the last sample
	began       time.Time    // of the span
	latencies   []time.Duration
	answers     int // of the span
}

func newSampler(rate float64) *sampler {
	s := &sampler{began: time.Now()}
	s.now.Asked, s.now.Rate = rate, rate
	return s
}

func (s *sampler) observe(st runner.Stats) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = st
	if st.Latency == 0 { // no answer
		return
	}
	if len(s.latencies) < maxLatencies {
		s.latencies = append(s.latencies, st.Latency)
	} else {
		s.latencies[s.answers%maxLatencies] = st.Latency
	}
	s.answers++
}

// take returns a sample of the span that ends now, and begins the next.
func (s *sampler) take() runfile.Sample {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	ended := func(o runner.Outcome) int64 { return s.now.Ended[o] - s.before.Ended[o] }
	lane := paced(&s.now)
	before := laneOf(&s.before, lane.Category)
	sample := runfile.Sample{
		At: s.began, Span: max(0, now.Sub(s.began)), Asked: lane.Asked, Rate: lane.Rate,
		Requests: lane.Sent - before.Sent, Throttled: lane.Throttled - before.Throttled,
		OK: ended(runner.OK), Failed: ended(runner.Failed), Skipped: ended(runner.Skipped), Unknown: ended(runner.Unknown),
	}
	if n := len(s.latencies); n > 0 {
		slices.Sort(s.latencies)
		sample.P50, sample.P95, sample.Max = s.latencies[(n-1)/2], s.latencies[(n-1)*95/100], s.latencies[n-1]
	}
	s.before, s.began, s.latencies, s.answers = s.now, now, s.latencies[:0], 0
	return sample
}

// paced is the lane that a run's pace is told by: that of the rate that is
// asked for or, where nothing is sent in it, the busiest.
func paced(st *runner.Stats) runner.LaneStats {
	lane := laneOf(st, jobs.UserAccountRecovery)
	if lane.Asked, lane.Rate = st.Asked, st.Rate; lane.Sent > 0 {
		return lane
	}
	for _, other := range st.Lanes {
		if other.Sent > lane.Sent {
			lane = other
		}
	}
	if st.Asked == 0 { // paused
		lane.Asked, lane.Rate = 0, 0
	}
	return lane
}

func laneOf(st *runner.Stats, category jobs.Category) runner.LaneStats {
	for _, lane := range st.Lanes {
		if lane.Category == category {
			return lane
		}
	}
	return runner.LaneStats{Category: category}
}

// record writes a sample a second until ctx is done, and then the last one.
// A sample that cannot be written is not worth a run: what cannot be recorded
// at all, the run file says itself.
func (s *sampler) record(ctx context.Context, write func(runfile.Sample) error) {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = write(s.take())
		case <-ctx.Done():
			_ = write(s.take())
			return
		}
	}
}
