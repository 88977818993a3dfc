package bulk

import (
	"testing"
	"testing/synctest"
	"time"

	"cogpass/runner"
	"cogpass/runner/runfile"
)

// A sample is what has come since the one before.
func TestSampler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		s := newSampler(10)
		st := runner.Stats{Asked: 10, Rate: 8}
		for range 100 {
			st.Sent++
			st.Ended[runner.OK]++
			st.Latency = time.Duration(st.Sent) * time.Millisecond
			s.observe(st)
		}
		time.Sleep(time.Second)
		want := runfile.Sample{At: began, Span: time.Second, Asked: 10, Rate: 8, Requests: 100, OK: 100,
			P50: 50 * time.Millisecond, P95: 95 * time.Millisecond, Max: 100 * time.Millisecond}
		if got := s.take(); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		st.Asked, st.Rate, st.Latency, st.Throttled = 0, 0, 0, 1 // paused
		st.Ended[runner.Failed] = 2
		s.observe(st)
		time.Sleep(2 * time.Second)
		want = runfile.Sample{At: began.Add(time.Second), Span: 2 * time.Second, Throttled: 1, Failed: 2}
		if got := s.take(); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}

// However many answers a second has, its memory is bounded.
func TestSamplerIsBounded(t *testing.T) {
	s := newSampler(10)
	for i := range 10 * maxLatencies {
		s.observe(runner.Stats{Latency: time.Duration(i + 1)})
	}
	if got, want := s.take().Max, time.Duration(10*maxLatencies); got != want || cap(s.latencies) > 2*maxLatencies {
		t.Errorf("got a maximum of %d of %d latencies, want %d", got, cap(s.latencies), want)
	}
}
