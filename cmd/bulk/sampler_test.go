package bulk

import (
	"testing"
	"testing/synctest"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/runfile"
)

// A sample is what has come since the one before.
func TestSampler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		s := newSampler(10)
		st := runner.Stats{Asked: 10, Rate: 8}
		looks := runner.LaneStats{Category: jobs.UserList, Sent: 500, Throttled: 9, Asked: 15, Rate: 15}
		for range 100 {
			st.Sent++
			st.Lanes = []runner.LaneStats{looks, {Category: jobs.UserAccountRecovery, Sent: st.Sent, Asked: 10, Rate: 8}}
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
		st.Asked, st.Rate, st.Latency = 0, 0, 0 // paused
		st.Lanes = []runner.LaneStats{looks, {Category: jobs.UserAccountRecovery, Sent: st.Sent, Throttled: 1, Asked: 10, Rate: 8}}
		st.Ended[runner.Failed] = 2
		s.observe(st)
		time.Sleep(2 * time.Second)
		want = runfile.Sample{At: began.Add(time.Second), Span: 2 * time.Second, Throttled: 1, Failed: 2}
		if got := s.take(); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}

// Where nothing is sent at the rate that is asked for, the busiest lane tells
// how it goes.
func TestSamplerOfOtherLanes(t *testing.T) {
	s := newSampler(10)
	out := runner.LaneStats{Category: jobs.UserUpdate, Sent: 7, Throttled: 1, Asked: 12.5, Rate: 9}
	s.observe(runner.Stats{Asked: 10, Rate: 10, Lanes: []runner.LaneStats{{Category: jobs.UserList, Sent: 2, Asked: 15, Rate: 15}, out}})
	if got := s.take(); got.Requests != 7 || got.Throttled != 1 || got.Asked != 12.5 || got.Rate != 9 {
		t.Errorf("got %+v, want what %+v has", got, out)
	}
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
