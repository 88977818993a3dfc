package runner

import (
	"math"
	"slices"
	"sync"
	"time"
)

// A Quota is the pace of a lane that several runs share: in a process, as a
// Shared has it, or between processes, over whatever these can change together.
// The lane goes by the least rate that any of them asks for, and its slots go
// round: each run holds one at a time.
type Quota interface {
	// Change calls do, which returns at once, with what the sharers have in
	// common, of which me is this run's, and with nobody else at it. Sharers
	// that have died are gone from it. Where it fails, or c was lost, do was
	// not called, or has come to nothing. Run calls it from its own goroutine, which waits.
	Change(now time.Time, do func(c *Common, me *Sharer)) error
}

// Common is what the sharers of a Quota have in common. The zero value is that
// of a lane in which nothing was sent. It is plain data: it may be kept as JSON.
type Common struct {
	Sharers []*Sharer
	last    time.Time // the last slot that was given
	governor
}

// Sharer is one run of those that share a Quota.
type Sharer struct {
	ID       string    `json:"id"`            // which no other has
	Name     string    `json:"name"`          // for people
	PID      int       `json:"pid,omitempty"` // of its process
	Seen     time.Time `json:"seen"`          // when it last was here; whoever keeps the Common says so
	Asked    float64   `json:"asked"`         // requests a second at most; 0 is nothing now, unless it is Max
	Max      bool      `json:"max,omitempty"` // it asks for no limit
	Reserved time.Time `json:"reserved"`      // when it was last given a slot
}

func (s *Sharer) ask(perSecond float64, left bool) {
	s.Asked, s.Max = perSecond, math.IsInf(perSecond, 1)
	if s.Max || left {
		s.Asked = 0
	}
	s.Max = s.Max && !left
}

// Sharer returns that of an ID, made where it is not there.
func (c *Common) Sharer(id string) *Sharer {
	for _, s := range c.Sharers {
		if s.ID == id {
			return s
		}
	}
	s := &Sharer{ID: id}
	c.Sharers = append(c.Sharers, s)
	return s
}

// Remove lets go of a sharer.
func (c *Common) Remove(id string) {
	c.Sharers = slices.DeleteFunc(c.Sharers, func(s *Sharer) bool { return s.ID == id })
}

// Least is the least rate that any sharer asks for; +Inf where none has a limit.
func (c *Common) Least() float64 {
	least := math.Inf(1)
	for _, s := range c.Sharers {
		if s.Asked > 0 {
			least = min(least, s.Asked)
		}
	}
	return least
}

// Rate is what throttling leaves of that now.
func (c *Common) Rate(now time.Time) float64 {
	c.governor.ceiling = c.Least()
	return c.governor.rate(now)
}

// active is how many sharers send of late, me among them.
func (c *Common) active(now time.Time, me *Sharer) int {
	n, late := 1, time.Second+c.round(now)
	for _, s := range c.Sharers {
		if s != me && now.Sub(s.Reserved) < late {
			n++
		}
	}
	return n
}

// round is how long it takes, and a bit more, until each sharer has had a slot.
func (c *Common) round(now time.Time) time.Duration {
	return interval(c.Rate(now), 2*(len(c.Sharers)+1))
}

// mend has a clock that was set back, or a rate that was turned up, not stop all of
// them: nobody waits for slots far ahead, nor learns from answers yet to come.
func (c *Common) mend(now time.Time) {
	g := &c.governor
	if g.cutAt.After(now) {
		g.cutAt = now
	}
	for _, m := range []*meter{&g.accepted, &g.refused} {
		if m.last > now.UnixNano()/int64(meterSlot)+1 {
			*m = meter{}
		}
	}
	if ahead := c.last.Sub(now); ahead > time.Second+c.round(now) {
		c.last = now
	}
	for _, s := range c.Sharers {
		if s.Reserved.After(now) {
			s.Reserved = now
		}
	}
}

// reserve returns the next slot, which is a sharer's. It is by now's clock, also
// where that which the slots were kept by is set.
func (c *Common) reserve(now time.Time, me *Sharer) time.Time {
	wait := slotAfter(c.last, now, c.Rate(now)).Sub(now)
	c.last, me.Reserved = now.Add(wait), now
	return c.last
}

// cancel gives back a slot that has not come, where it is the last one. Any other
// is lost.
func (c *Common) cancel(slot, now time.Time, me *Sharer) {
	if slot.After(now) && c.last.Equal(slot) {
		c.last = slot.Add(-interval(c.Rate(now), 1))
	}
	me.Reserved = time.Time{}
}

// Shared is what runs of one process share; the zero value is ready. It is safe for
// concurrent use.
type Shared struct {
	mu     sync.Mutex
	common Common
}

// For is what a run has of it, whose Name it is to the others. leave is called once
// the run is over.
func (s *Shared) For(name string) (q Quota, leave func()) {
	return sharedBy{s, name}, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.common.Remove(name)
	}
}

type sharedBy struct {
	*Shared
	name string
}

// Change implements Quota.
func (s sharedBy) Change(now time.Time, do func(*Common, *Sharer)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	me := s.common.Sharer(s.name)
	me.Name, me.Seen = s.name, now
	do(&s.common, me)
	return nil
}
