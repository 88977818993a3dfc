package runner

import (
	"sync"
	"time"
)

// Clock estimates a server's clock from the Date of its answers. Each answer
// bounds how far the server is ahead: its Date, in whole seconds, lies
// between the moment the request left and the moment the answer came. The
// bounds of many answers together are narrow. The zero value knows nothing
// yet; methods may be called from any goroutine.
type Clock struct {
	mu     sync.Mutex
	known  bool
	lo, hi time.Duration // the server is ahead by this much: at least, at most
}

// unknownSlack is how far off the server's clock is taken to be while none of
// its answers has told. AWS refuses a signature that is 5 minutes off: a Date
// that is more does not come of the clock that took ours.
const unknownSlack = 5 * time.Minute

// Observe takes in an answer to a request that left at sent and came back at got.
func (c *Clock) Observe(date, sent, got time.Time) {
	if date.Sub(got) > unknownSlack || sent.Sub(date) > unknownSlack+time.Second {
		return
	}
	lo, hi := date.Sub(got), date.Add(time.Second).Sub(sent)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known {
		lo, hi = max(lo, c.lo), min(hi, c.hi)
	}
	if lo > hi { // one of the clocks was set: begin anew
		lo, hi = date.Sub(got), date.Add(time.Second).Sub(sent)
	}
	c.known, c.lo, c.hi = true, lo, hi
}

// Server returns the server's time at local, and how far it may be off.
func (c *Clock) Server(local time.Time) (at time.Time, slack time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.known {
		return local, unknownSlack
	}
	return local.Add((c.lo + c.hi) / 2), (c.hi-c.lo)/2 + time.Millisecond
}
