package runner

import (
	"math"
	"time"
)

const (
	askAgain    = 50 * time.Millisecond // after a Quota could not be had
	patience    = 2 * time.Second       // with one; from then on the run paces itself
	glanceAgain = time.Second           // at a Quota that does not set the pace
)

// A pacer gives a lane its slots. While nothing is shared it paces the lane by
// itself; where a Quota is, that does, and what the governor learns is all
// sharers'. A run at no limit takes part in a Quota only while another has
// one: its requests would wait for nothing but each other.
type pacer struct {
	asked float64 // requests a second at most; +Inf is no limit
	own   pacing
	quota Quota // nil: nothing is shared

	left     bool      // nothing is sent for now
	slot     time.Time // of the Quota; zero where there is none
	least    float64   // that any of the sharers asks for, as the Quota last had it
	rate     float64   // what throttling leaves of that
	active   int       // who send of late, this run among them
	answered []time.Time
	lookedAt time.Time // at the Quota
	missing  time.Time // since when it cannot be had; zero while it can
}

// next returns when the nth request from now, from 0, may be sent.
func (p *pacer) next(now time.Time, n int) time.Time {
	slot, r, active := p.first(now)
	if n == 0 {
		return slot
	}
	return slot.Add(interval(r, n*active))
}

func (p *pacer) first(now time.Time) (slot time.Time, r float64, active int) {
	p.left = false
	if !p.shares(now) {
		r = p.alone(now)
		return p.own.next(now), r, 1
	}
	if !p.slot.IsZero() && !p.stale(now) {
		return p.slot, p.rate, p.active
	}
	if err := p.change(now, func(c *Common, me *Sharer) { p.slot = c.reserve(now, me) }); err != nil {
		p.slot = time.Time{}
		return now.Add(askAgain), p.asked, max(1, p.active)
	}
	return p.slot, p.rate, p.active
}

// stale reports whether a slot has passed so long ago that the next ones have come:
// where others have these, it is lost.
func (p *pacer) stale(now time.Time) bool {
	return p.active > 1 && now.Sub(p.slot) > interval(p.rate, 1)
}

// shares reports whether the Quota sets the pace.
func (p *pacer) shares(now time.Time) bool {
	switch {
	case p.quota == nil:
		return false
	case !p.missing.IsZero() && now.Sub(p.missing) >= patience:
	case !math.IsInf(p.asked, 1):
		return true
	}
	if p.lookedAt.IsZero() || now.Sub(p.lookedAt) >= glanceAgain {
		_ = p.change(now, func(*Common, *Sharer) {})
	}
	return p.missing.IsZero() && !math.IsInf(p.least, 1)
}

// alone returns the rate at which the run paces itself. Where it has lost sight of
// those that it shared with, that is its part.
func (p *pacer) alone(now time.Time) float64 {
	p.own.governor.ceiling = p.asked
	if !p.missing.IsZero() {
		p.own.governor.ceiling /= float64(max(1, p.active))
	}
	return p.own.governor.rate(now)
}

// change changes what the sharers have in common, and takes from it what this run
// goes by.
func (p *pacer) change(now time.Time, do func(c *Common, me *Sharer)) error {
	p.lookedAt = now
	err := p.quota.Change(now, func(c *Common, me *Sharer) {
		me.ask(p.asked, p.left)
		c.mend(now)
		for _, at := range p.answered {
			c.governor.answered(at)
		}
		do(c, me)
		p.least, p.rate, p.active = c.Least(), c.Rate(now), c.active(now, me)
	})
	switch {
	case err == nil:
		p.answered, p.missing = p.answered[:0], time.Time{}
	case p.missing.IsZero():
		p.missing = now
	}
	return err
}

// take uses the slot up.
func (p *pacer) take() { p.slot, p.own.ahead = time.Time{}, false }

// ask has the run send so many a second at most, from now on.
func (p *pacer) ask(now time.Time, perSecond float64) {
	p.asked = perSecond
	if p.quota != nil {
		p.cancel(now)
	}
}

// leave gives up the Quota: nothing is sent for now.
func (p *pacer) leave(now time.Time) {
	if p.quota == nil || p.lookedAt.IsZero() {
		return
	}
	p.cancel(now)
	p.left = true
	_ = p.change(now, func(*Common, *Sharer) {})
}

// cancel gives a slot back that has not come.
func (p *pacer) cancel(now time.Time) {
	if slot := p.slot; !slot.IsZero() {
		p.slot = time.Time{}
		_ = p.change(now, func(c *Common, me *Sharer) { c.cancel(slot, now, me) })
	}
}

// ok notes that a request was not throttled.
func (p *pacer) ok(now time.Time) {
	if p.quota == nil || !p.shares(now) {
		p.own.governor.answered(now)
		return
	}
	p.answered = append(p.answered, now)
}

// throttled notes that a request was, see governor.throttled.
func (p *pacer) throttled(now, sent time.Time, inFlight int) {
	if p.quota == nil || !p.shares(now) {
		p.own.governor.throttled(now, sent, inFlight)
		return
	}
	_ = p.change(now, func(c *Common, _ *Sharer) { c.governor.throttled(now, sent, inFlight) })
}

// now returns the requests a second that the whole lane is held to.
func (p *pacer) now(now time.Time) float64 {
	if p.quota != nil && !p.lookedAt.IsZero() && p.shares(now) {
		return min(p.asked, p.rate)
	}
	return p.alone(now)
}

// sharers is what LaneStats has of them.
func (p *pacer) sharers() int {
	if p.quota == nil || p.active < 2 {
		return 0
	}
	return p.active
}
