package bulk

import (
	"math"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

const (
	paceSlots = 10 // seconds that count as of late
	paceLeast = 5  // steps in that time, for their pace to tell; else that since the run began does
)

// A pace tells how fast a run has been of late, and how long the rest of it takes.
// It belongs to the goroutine that Options.Observe is called from.
type pace struct {
	began    time.Time
	requests map[jobs.Category]int64 // that the run needs at least
	lanes    map[jobs.Category]*lanePace
}

type lanePace struct{ sent, steps window }

func newPace(began time.Time, requests map[jobs.Category]int64) *pace {
	return &pace{began: began, requests: requests, lanes: map[jobs.Category]*lanePace{}}
}

// tell fills in what a progress says of pace.
func (c *pace) tell(p *Progress, now time.Time) {
	since := now.Sub(c.began).Seconds()
	p.Slowest, p.left = "", 0
	for _, l := range p.Sending.Lanes {
		lane := c.lanes[l.Category]
		if lane == nil {
			lane = new(lanePace)
			c.lanes[l.Category] = lane
		}
		lane.sent.reach(since, l.Sent)
		lane.steps.reach(since, l.Steps)
		if left := c.left(p, &l, &lane.steps); left > p.left {
			p.Slowest, p.left = l.Category, left
		}
	}
	if lane := c.lanes[p.Lane()]; lane != nil {
		p.Recent, _ = lane.sent.rate()
	}
}

// left is how long a lane takes for the rest, and 0 where there is no telling.
func (c *pace) left(p *Progress, l *runner.LaneStats, steps *window) time.Duration {
	all, tasks := c.requests[l.Category], max(1, p.Tasks-p.Before)
	// Tasks that fail leave steps undone, so that tasks bound what is left too.
	rest := min(all-l.Steps, (all+tasks-1)/tasks*(p.Tasks-p.Done))
	rate := l.Rate
	if recent, enough := steps.rate(); enough || l.Steps > 0 && math.IsInf(rate, 1) {
		rate = min(rate, recent)
	}
	if rest <= 0 || rate == 0 || math.IsInf(rate, 1) {
		return 0
	}
	return Duration(rest, jobs.Rate(rate))
}

// window counts events over the last seconds. Times are in seconds since the
// beginning.
type window struct {
	seen [paceSlots + 1]mark // the last of each second, by the second
	last mark
}

// A mark is a count at a time.
type mark struct {
	at    float64
	count int64
}

// reach notes the count at a time.
func (w *window) reach(now float64, count int64) {
	slots := int64(len(w.seen))
	for second := max(int64(w.last.at), int64(now)-slots); second < int64(now); second++ {
		w.seen[second%slots] = w.last
	}
	w.last = mark{now, count}
}

// rate returns events a second of late, and whether there were enough to tell; else
// those since the beginning.
func (w *window) rate() (float64, bool) {
	from := mark{}
	if second := int64(w.last.at) - paceSlots; second >= 0 {
		from = w.seen[second%int64(len(w.seen))]
	}
	if n := w.last.count - from.count; n >= paceLeast && w.last.at-from.at >= 1 {
		return float64(n) / (w.last.at - from.at), true
	}
	return float64(w.last.count) / max(w.last.at, 1), false
}
