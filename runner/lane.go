package runner

import (
	"math"
	"time"

	"golang.org/x/time/rate"

	"cogpass/jobs"
)

// A lane holds the requests of one quota category, and paces them: evenly,
// with a burst of one. It holds a reservation for the next request ahead of
// time, so that a request sent late, by less than the time between two, does
// not delay those after it; what is later than that is not caught up. So no
// window of a second holds more than rate + 1 requests, and none is lost to
// lateness.
type lane struct {
	category jobs.Category

	due   []*work // whose time has come, and which the journal is to have first
	begun int     // of those, how many it is about to have
	ready []*work // may be sent as their slots come

	inFlight int
	breaker

	governor governor
	limiter  *rate.Limiter
	slot     time.Time // of the reservation; zero if there is none
	reserved *rate.Reservation

	sent, throttled, steps int64 // as LaneStats has them

	throttledSince time.Time // the first of the throttled requests since the last other answer
}

func newLane(category jobs.Category, perSecond float64) *lane {
	return &lane{
		category: category,
		governor: governor{ceiling: perSecond},
		limiter:  rate.NewLimiter(rate.Limit(perSecond), 1),
	}
}

// lane returns that of a step of a task with an action.
func (e *engine) lane(step Step, action *jobs.ActionSpec) *lane {
	return e.laneOf(e.kinds[step].category(action))
}

// laneOf returns the lane of a quota category.
func (e *engine) laneOf(category jobs.Category) *lane {
	for _, l := range e.lanes {
		if l.category == category {
			return l
		}
	}
	perSecond := category.Quota() / 2
	if r := e.opt.Lanes[category]; r > 0 {
		perSecond = r
	}
	if category == jobs.UserAccountRecovery {
		perSecond = e.opt.Rate
	}
	if perSecond == 0 { // it has no quota
		perSecond = math.Inf(1)
	}
	l := newLane(category, perSecond)
	e.lanes = append(e.lanes, l)
	return l
}

// never is a slot that does not come.
var never = time.Unix(1<<40, 0)

// next returns when the nth request from now, from 0, may be sent.
func (l *lane) next(now time.Time, n int) time.Time {
	l.adjust(now)
	if l.slot.IsZero() {
		l.reserved = l.limiter.ReserveN(now, 1)
		l.slot = now.Add(l.reserved.DelayFrom(now))
	}
	if n == 0 || l.limiter.Limit() == rate.Inf {
		return l.slot
	}
	return l.slot.Add(time.Duration(float64(n) / float64(l.limiter.Limit()) * float64(time.Second)))
}

// take uses the reservation up.
func (l *lane) take() { l.slot, l.reserved = time.Time{}, nil }

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
	if l.reserved != nil && l.slot.After(now) {
		l.reserved.CancelAt(now)
		l.take()
	}
	l.limiter.SetLimitAt(now, r)
}
