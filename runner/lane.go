package runner

import (
	"math"
	"time"

	"golang.org/x/time/rate"
)

// A lane paces the requests of one quota category: evenly, with a burst of
// one. It holds a reservation for the next request ahead of time, so that a
// request sent late, by less than the time between two, does not delay those
// after it; what is later than that is not caught up. So no window of a
// second holds more than rate + 1 requests, and none is lost to lateness.
type lane struct {
	governor governor
	limiter  *rate.Limiter
	slot     time.Time // of the reservation; zero if there is none
	held     *rate.Reservation
	paused   bool

	throttledSince time.Time // the first of the throttled requests since the last other answer
}

func newLane(perSecond float64) *lane {
	return &lane{
		governor: governor{ceiling: perSecond},
		limiter:  rate.NewLimiter(rate.Limit(perSecond), 1),
	}
}

// never is a slot that does not come.
var never = time.Unix(1<<40, 0)

// next returns when the nth request from now, from 0, may be sent.
func (l *lane) next(now time.Time, n int) time.Time {
	if l.paused {
		return never
	}
	l.adjust(now)
	if l.slot.IsZero() {
		l.held = l.limiter.ReserveN(now, 1)
		l.slot = now.Add(l.held.DelayFrom(now))
	}
	if n == 0 || l.limiter.Limit() == rate.Inf {
		return l.slot
	}
	return l.slot.Add(time.Duration(float64(n) / float64(l.limiter.Limit()) * float64(time.Second)))
}

// take uses the reservation up.
func (l *lane) take() { l.slot, l.held = time.Time{}, nil }

// adjust follows the governor. A reservation that lies ahead is made anew, so
// that a rate turned up takes effect at once.
func (l *lane) adjust(now time.Time) {
	r := rate.Limit(l.governor.rate(now))
	if math.IsInf(float64(r), 1) {
		r = rate.Inf
	}
	if r == l.limiter.Limit() {
		return
	}
	if l.held != nil && l.slot.After(now) {
		l.held.CancelAt(now)
		l.take()
	}
	l.limiter.SetLimitAt(now, r)
}

// limit sets the ceiling; 0 pauses.
func (l *lane) limit(perSecond float64) {
	l.paused = perSecond == 0
	if !l.paused {
		l.governor.ceiling = perSecond
	}
}
