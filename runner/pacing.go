package runner

import (
	"math"
	"time"
)

// A pacing spaces requests evenly, with a burst of one, at the rate that its
// governor finds. It holds a slot for the next request ahead of time, so that a
// request sent late, by less than the time between two, does not delay those
// after it; what is later than that is not caught up. So no window of a second
// holds more than rate + 1 requests, and none is lost to lateness.
type pacing struct {
	governor governor
	last     time.Time // the last slot that was given
	before   time.Time // the one before that
	at       float64   // the rate by which it was given
	ahead    bool      // it is not used up
}

// next returns the slot of the next request. One that lies ahead is given anew
// where the rate has changed, so that a rate turned up takes effect at once.
func (p *pacing) next(now time.Time) time.Time {
	r := p.governor.rate(now)
	if p.ahead && (r == p.at || !p.last.After(now)) {
		return p.last
	}
	if !p.ahead {
		p.before = p.last
	}
	p.last, p.at, p.ahead = slotAfter(p.before, now, r), r, true
	return p.last
}

// slotAfter returns the first slot at now or later, where the last one was.
func slotAfter(last, now time.Time, perSecond float64) time.Time {
	if math.IsInf(perSecond, 1) || last.IsZero() {
		return now
	}
	if slot := last.Add(interval(perSecond, 1)); slot.After(now) {
		return slot
	}
	return now
}

// interval is how long n requests take at a rate.
func interval(perSecond float64, n int) time.Duration {
	if math.IsInf(perSecond, 1) {
		return 0
	}
	return time.Duration(min(float64(n)/perSecond*float64(time.Second), float64(math.MaxInt64/4)))
}
