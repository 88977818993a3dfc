package report

import (
	"math"
	"slices"
	"time"
)

// Sample is what a span of a run was like: how fast it was to go, and went.
type Sample struct {
	At                  time.Time     // when the span began
	Span                time.Duration // of the run's work in it
	Asked               float64       // requests a second that were asked for; +Inf for max; 0 is paused
	Rate                float64       // what throttling left of that; may be +Inf
	Requests, Throttled int64         // answered, of all steps; how many of them were throttled
}

// pace is the samples of a column put together. The zero value is a time in
// which the run was not at work.
type pace struct {
	work                float64 // seconds
	asked, rate         float64 // as they were last, and on average
	requests, throttled float64
	unbound             bool // no rate was asked for
}

// answered is how many requests were answered in a second of work.
func (p *pace) answered() float64 { return ratio(p.requests, p.work) }

// left is what throttling left of the rate; +Inf where none was asked for.
func (p *pace) left() float64 {
	if p.unbound {
		return math.Inf(1)
	}
	return p.rate
}

// plus adds what came after.
func (p *pace) plus(next *pace) {
	if p.work+next.work > 0 {
		p.rate = (p.rate*p.work + next.rate*next.work) / (p.work + next.work)
	}
	p.asked, p.unbound = next.asked, p.unbound || next.unbound
	p.work, p.requests, p.throttled = p.work+next.work, p.requests+next.requests, p.throttled+next.throttled
}

// shortest is how long a sample has to be to say something of the rate by
// itself. What a run does as it ends may take a few milliseconds.
const shortest = 300 * time.Millisecond

// paces puts samples into n columns of a width, the first of which begins at
// began. What a sample holds is spread evenly over its span.
func paces(samples []Sample, began time.Time, width time.Duration, n int) []pace {
	columns := make([]pace, n)
	for _, s := range joined(samples) {
		from := s.At.Sub(began).Seconds() / width.Seconds()
		long := max(s.Span, time.Millisecond).Seconds() / width.Seconds()
		for i := max(0, int(from)); i < n && float64(i) < from+long; i++ {
			share := (min(from+long, float64(i+1)) - max(from, float64(i))) / long
			if share <= 0 {
				continue
			}
			part := pace{work: s.Span.Seconds() * share, asked: s.Asked, requests: float64(s.Requests) * share, throttled: float64(s.Throttled) * share}
			if part.unbound = math.IsInf(s.Rate, 1); !part.unbound {
				part.rate = s.Rate
			}
			columns[i].plus(&part)
		}
	}
	return columns
}

// joined puts samples that are too short to those before them.
func joined(samples []Sample) []Sample {
	samples = slices.Clone(samples)
	kept := samples[:0]
	for _, s := range samples {
		if n := len(kept) - 1; n >= 0 && s.Span < shortest && s.At.Sub(kept[n].At) < kept[n].Span+2*time.Second {
			last := &kept[n]
			last.Span += s.Span
			last.Requests, last.Throttled = last.Requests+s.Requests, last.Throttled+s.Throttled
			continue
		}
		kept = append(kept, s)
	}
	return kept
}
