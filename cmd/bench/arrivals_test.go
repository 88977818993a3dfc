package main

import (
	"testing"
	"time"
)

// at makes arrivals at these milliseconds; a negative one is throttled.
func at(ms ...int64) (list []arrival) {
	for _, m := range ms {
		list = append(list, arrival{At: max(m, -m) * int64(time.Millisecond), Throttled: m < 0})
	}
	return list
}

func TestBusiest(t *testing.T) {
	for _, c := range []struct {
		list []arrival
		want int
	}{
		{nil, 0},
		{at(0, 1000, 2000), 1},
		{at(0, 999, 1000, 1500, 1998, 3000), 4},
	} {
		if got := busiest(c.list); got != c.want {
			t.Errorf("busiest(%v): got %d, want %d", c.list, got, c.want)
		}
	}
}

func TestQuotaUsed(t *testing.T) {
	if got := quotaUsed(at(0, 500, -700, 1000), 1); got != 1.5 {
		t.Errorf("got %v of the quota used, want 3 requests of 2", got)
	}
	if got := throttledShare(at(0, 500, -700, 1000)); got != 0.25 {
		t.Errorf("got %v throttled, want 1 of 4", got)
	}
}

func TestRecovery(t *testing.T) {
	list := at(100, 200, 1000, -1100, 1900, 2500, 2600)
	if got, ok := recovery(list, time.UnixMilli(900), 3); !ok || got != 1700*time.Millisecond {
		t.Errorf("got %v, %v, want 1.7s: the requests at 1900, 2500 and 2600", got, ok)
	}
	if got, ok := recovery(list, time.UnixMilli(900), 4); ok {
		t.Errorf("got %v, want none", got)
	}
}

func TestBucket(t *testing.T) {
	now := time.Unix(100, 0)
	b := bucket{10, 10, now}
	take := func() (n int) {
		for b.take(now) {
			n++
		}
		return n
	}
	if got := take(); got != 10 {
		t.Errorf("got %d at first, want a second's worth", got)
	}
	now = now.Add(500 * time.Millisecond)
	if got := take(); got != 5 {
		t.Errorf("got %d after half a second, want 5", got)
	}
	now = now.Add(10 * time.Second)
	b.set(4, now)
	if got := take(); got != 0 {
		t.Errorf("got %d at once of a new quota, want what was left of the old", got)
	}
}
