package runner

import (
	"fmt"
	"time"
)

// NoticeKind says what a Notice is about.
type NoticeKind uint8

// The kinds of a Notice.
const (
	OutageBegins  NoticeKind = iota // nothing is sent but one probe at a time
	OutageEnds                      // the run goes on
	FewerInFlight                   // the host cannot have more requests in flight
)

// Notice is something about a run that a person wants to know at once.
type Notice struct {
	Kind     NoticeKind
	Err      error         // what it is for; nil where an outage ends
	Left     time.Duration // until the run stops, where an outage begins
	InFlight int           // requests at most from now on, where they are fewer
}

// String returns the notice as a line for a person.
func (n Notice) String() string {
	switch n.Kind {
	case OutageBegins:
		return fmt.Sprintf("%d requests in a row got no answer (%v): waiting for the service, with a request now and then; stops after %s",
			outageRow, n.Err, n.Left.Round(time.Second))
	case OutageEnds:
		return "the service answers again; going on"
	}
	return fmt.Sprintf("this machine cannot have so many requests in flight (%v): %d at most from now on", n.Err, n.InFlight)
}
