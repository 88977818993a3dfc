package runner

import (
	"math"
	"time"
)

// A governor finds the rate that an unknown and shared quota allows, below a
// ceiling. Its model is TCP's CUBIC with rates for windows: a throttle answer
// cuts the rate to just under what was being accepted; from there it climbs
// to the rate that was too much in holdTime, flat near it, so that most
// of the time is spent there; past it, nothing stands in the way any more
// and it grows by growth a second until the next throttle or the ceiling.
//
// It is not safe for concurrent use: Run's goroutine owns it.
type governor struct {
	ceiling  float64   // requests a second; +Inf is none
	knee     float64   // the rate that was too much, or 0 while nothing was throttled
	low      float64   // what it was cut to
	cutAt    time.Time // when that was
	streak   int       // cuts without a clean stretch between
	clean    int       // answers since the last that was throttled
	accepted meter
	refused  meter
}

const (
	holdTime  = 5500 * time.Millisecond // from a cut back to the knee
	cutTo     = 0.92                    // of the rate that was accepted, after a cut
	cutMore   = 0.75                    // instead, where the last cut proved too small at once
	margin    = 1.02                    // past the knee by this, growth begins
	growth    = 0.5                     // share by which the rate grows in a second, past the knee
	stubborn  = 5                       // cuts in a streak that did not help: it is not the rate that is throttled
	stretch   = 40                      // answers in a row that end a streak
	noise     = 0.25                    // throttled for each accepted, at most, where it is not the rate
	floorRate = 0.2                     // requests a second; there is always a next try
	meterSlot = 100 * time.Millisecond  // resolution of what was accepted
	meterSpan = 30                      // slots; the rate is measured over 3 s
)

// rate returns the requests a second to send at now.
func (g *governor) rate(now time.Time) float64 {
	if g.knee == 0 {
		return g.ceiling
	}
	t := now.Sub(g.cutAt).Seconds() / holdTime.Seconds()
	if t <= 1 {
		back := 1 - t
		return min(g.ceiling, g.knee-(g.knee-g.low)*back*back*back)
	}
	past := (t - 1) * holdTime.Seconds()
	r := g.knee * (1 + (margin-1)*math.Min(1, past))
	if past > 1 {
		r *= math.Exp(growth * (past - 1))
	}
	if r >= g.ceiling && !math.IsInf(g.ceiling, 1) {
		return g.ceiling
	}
	return r
}

// answered notes that a request was not throttled.
func (g *governor) answered(now time.Time) {
	g.accepted.add(now)
	g.clean++
}

// throttled notes that a request sent at sent, one of inFlight, was throttled.
// The answers of one burst count once: those sent before the last cut say
// nothing new. Where cut after cut to less than what is accepted does not help,
// while most requests are accepted, it is not the rate that is throttled, and
// cutting it on would bring the run to a halt for nothing.
func (g *governor) throttled(now, sent time.Time, inFlight int) {
	g.refused.add(now)
	if g.knee != 0 && sent.Before(g.cutAt) {
		return
	}
	soon := g.cutAt.Add(holdTime / 2).After(now)
	if !soon && g.clean >= stretch {
		g.streak = 0
	}
	g.clean = 0
	r, got := g.rate(now), g.accepted.rate(now)
	if g.streak++; g.streak > stubborn && noise*got > g.refused.rate(now) {
		return
	}
	g.knee = min(r, max(got, r/2, floorRate))
	if math.IsInf(g.knee, 1) { // what is being sent is what is in flight, over the time that it takes
		g.knee = max(got, float64(inFlight)/2/max(now.Sub(sent), time.Millisecond).Seconds())
	}
	cut := cutTo
	if soon {
		cut = cutMore
	}
	g.low = max(g.knee*cut, floorRate)
	g.cutAt = now
}

// meter counts events in slots of time, to tell their recent rate.
type meter struct {
	slots [meterSpan]int
	last  int64 // the newest slot's number
	first int64 // the slot of the first event
}

func (m *meter) add(now time.Time) {
	m.advance(now)
	m.slots[m.last%meterSpan]++
}

// rate returns events a second over the last meterSpan slots, or over the
// time since the first event where that is shorter.
func (m *meter) rate(now time.Time) float64 {
	m.advance(now)
	sum := 0
	for _, n := range m.slots {
		sum += n
	}
	into := float64(now.UnixNano()%int64(meterSlot)) / float64(meterSlot)
	span := min(float64(meterSpan-1), float64(m.last-m.first)) + into
	return float64(sum) / (max(span, 1) * meterSlot.Seconds())
}

func (m *meter) advance(now time.Time) {
	slot := now.UnixNano() / int64(meterSlot)
	if m.first == 0 {
		m.first, m.last = slot, slot
	}
	for n := min(slot-m.last, meterSpan); n > 0; n-- {
		m.slots[(slot-n+1)%meterSpan] = 0
	}
	m.last = max(m.last, slot)
}
