package runner

import (
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// kept is a Common as JSON. Times are in nanoseconds since 1970, 0 where there
// is none.
type kept struct {
	Sharers  []*Sharer `json:"sharers"`
	Last     int64     `json:"last"`
	Knee     float64   `json:"knee,omitempty"`
	Low      float64   `json:"low,omitempty"`
	CutAt    int64     `json:"cut_at,omitempty"`
	Streak   int       `json:"streak,omitempty"`
	Clean    int       `json:"clean,omitempty"`
	Accepted keptMeter `json:"accepted"`
	Refused  keptMeter `json:"refused"`
}

type keptMeter struct {
	Slots       [meterSpan]int `json:"slots"`
	Last, First int64
}

// MarshalJSON implements json.Marshaler.
func (c *Common) MarshalJSON() ([]byte, error) {
	g := &c.governor
	return json.Marshal(kept{
		c.Sharers, nanos(c.last), g.knee, g.low, nanos(g.cutAt), g.streak, g.clean,
		keptMeter{g.accepted.slots, g.accepted.last, g.accepted.first}, keptMeter{g.refused.slots, g.refused.last, g.refused.first},
	})
}

// UnmarshalJSON implements json.Unmarshaler.
func (c *Common) UnmarshalJSON(text []byte) error {
	var k kept
	if err := json.Unmarshal(text, &k); err != nil {
		return err
	}
	if slices.Contains(k.Sharers, nil) || k.Knee < 0 || k.Low < 0 || k.Accepted.Last < 0 || k.Refused.Last < 0 {
		return errors.New("it is not what sharers have in common")
	}
	*c = Common{Sharers: k.Sharers, last: fromNanos(k.Last), governor: governor{
		knee: k.Knee, low: k.Low, cutAt: fromNanos(k.CutAt), streak: k.Streak, clean: k.Clean,
		accepted: meter{k.Accepted.Slots, k.Accepted.Last, k.Accepted.First}, refused: meter{k.Refused.Slots, k.Refused.Last, k.Refused.First},
	}}
	return nil
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func fromNanos(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n)
}
