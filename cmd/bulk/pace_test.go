package bulk

import (
	"math"
	"testing"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

// The rest takes as long as the lane that is slowest takes for it, at its pace of late.
func TestPaceLeft(t *testing.T) {
	const recovery, update = jobs.UserAccountRecovery, jobs.UserUpdate
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	lane := func(c jobs.Category, steps int64, rate float64) runner.LaneStats {
		return runner.LaneStats{Category: c, Sent: steps, Steps: steps, Asked: rate, Rate: rate}
	}
	for name, c := range map[string]struct {
		requests map[jobs.Category]int64
		lanes    func(second int64) []runner.LaneStats
		seconds  int64
		done     int64 // of 1000
		slowest  jobs.Category
		left     time.Duration
	}{
		"as asked": {map[jobs.Category]int64{recovery: 1000}, func(s int64) []runner.LaneStats {
			return []runner.LaneStats{lane(recovery, 10*s, 10)}
		}, 20, 200, recovery, 80 * time.Second},
		"a slower lane behind": {map[jobs.Category]int64{recovery: 1000, update: 1000}, func(s int64) []runner.LaneStats {
			return []runner.LaneStats{lane(recovery, 10*s, 10), lane(update, 5*s, 5)}
		}, 20, 100, update, 180 * time.Second},
		"turned down a moment ago": {map[jobs.Category]int64{recovery: 1000}, func(s int64) []runner.LaneStats {
			return []runner.LaneStats{lane(recovery, 10*s, 2)}
		}, 20, 200, recovery, 400 * time.Second},
		"slower than asked": {map[jobs.Category]int64{recovery: 1000}, func(s int64) []runner.LaneStats {
			return []runner.LaneStats{lane(recovery, 4*s, 10)}
		}, 20, 80, recovery, 230 * time.Second},
		"as fast as answers come, and slower at first": {map[jobs.Category]int64{recovery: 1000}, func(s int64) []runner.LaneStats {
			return []runner.LaneStats{lane(recovery, max(0, 40*(s-10)), math.Inf(1))}
		}, 20, 400, recovery, 15 * time.Second},
		"failed before their second step": {map[jobs.Category]int64{recovery: 1000, update: 1000}, func(s int64) []runner.LaneStats {
			return []runner.LaneStats{lane(recovery, 45*s, 50), lane(update, 5*s, 25)}
		}, 20, 900, update, 20 * time.Second},
	} {
		speed, p := newPace(began, c.requests), Progress{Tasks: 1000, Began: began}
		for second := range c.seconds + 1 {
			p.Done, p.Sending.Lanes = c.done*second/c.seconds, c.lanes(second)
			speed.tell(&p, began.Add(time.Duration(second)*time.Second))
		}
		if p.Slowest != c.slowest || p.left.Round(time.Second) != c.left {
			t.Errorf("%s: got %s, %v, want %s, %v", name, p.Slowest, p.left, c.slowest, c.left)
		}
	}
}

// A window forgets what was long ago, also over a pause.
func TestWindow(t *testing.T) {
	var w window
	for second := range int64(100) {
		w.reach(float64(second), second*7)
	}
	if rate, enough := w.rate(); !enough || rate != 7 {
		t.Errorf("got %v, %v", rate, enough)
	}
	w.reach(4000, 99*7+1)
	if rate, enough := w.rate(); enough {
		t.Errorf("one event after an hour tells a pace of %v", rate)
	}
	for second := int64(4000); second < 4020; second++ {
		w.reach(float64(second), (second-4000)*3+99*7)
	}
	if rate, enough := w.rate(); !enough || rate != 3 {
		t.Errorf("got %v, %v after a pause", rate, enough)
	}
}
