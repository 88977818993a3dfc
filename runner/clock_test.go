package runner

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whatever the delays, what a clock says of the server's time is off by no more
// than it says.
func TestClockHoldsTheTruth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string, least, most time.Duration) time.Duration {
			return time.Duration(rapid.Int64Range(int64(least), int64(most)).Draw(t, name))
		}
		skew := draw("skew", -unknownSlack, unknownSlack)
		now := time.Unix(1_800_000_000, 0).Add(draw("start", 0, time.Second))
		clock, last := new(Clock), 2*unknownSlack
		for range rapid.IntRange(1, 20).Draw(t, "answers") {
			sent := now.Add(draw("pause", 0, 10*time.Second))
			stamped := sent.Add(draw("there", 0, 2*time.Second))
			now = stamped.Add(draw("back", 0, 2*time.Second))
			clock.Observe(stamped.Add(skew).Truncate(time.Second), sent, now)
			at, slack := clock.Server(now)
			if off := at.Sub(now.Add(skew)).Abs(); off > slack {
				t.Fatalf("it is off by %v, and says %v at most", off, slack)
			}
			if slack > last {
				t.Fatalf("it was off by %v at most, and is by %v after one more answer", last, slack)
			}
			last = slack
		}
	})
}

func TestClockUnknown(t *testing.T) {
	clock, now := new(Clock), time.Now()
	clock.Observe(time.Time{}, now, now) // the server did not say
	if at, slack := clock.Server(now); !at.Equal(now) || slack != unknownSlack {
		t.Errorf("got %v off by %v at most, want this machine's time and %v", at, slack, unknownSlack)
	}
}

// A Date that is too far off is not used: it cannot be that of the clock by which
// users are modified.
func TestClockOfAnother(t *testing.T) {
	for _, off := range []time.Duration{time.Hour, -time.Hour, unknownSlack + time.Second, -unknownSlack - 2*time.Second} {
		clock, now := new(Clock), time.Unix(1_800_000_000, 0)
		clock.Observe(now.Add(off), now, now)
		if at, slack := clock.Server(now); !at.Equal(now) || slack != unknownSlack {
			t.Errorf("off by %v: got %v off by %v at most, want this machine's time and %v", off, at, slack, unknownSlack)
		}
		clock.Observe(now, now, now)
		clock.Observe(now.Add(off), now, now)
		if at, slack := clock.Server(now); at.Sub(now).Abs() > slack || slack > time.Second {
			t.Errorf("off by %v, and then right: got %v off by %v at most", off, at, slack)
		}
	}
}

// A clock that is set while a run goes on makes the bounds contradict each other:
// those known last count.
func TestClockSet(t *testing.T) {
	clock, now := new(Clock), time.Unix(1_800_000_000, 0)
	clock.Observe(now, now, now)
	now = now.Add(-4 * time.Minute)
	clock.Observe(now.Add(4*time.Minute), now, now)
	at, slack := clock.Server(now)
	if off := at.Sub(now.Add(4 * time.Minute)).Abs(); off > slack || slack > time.Second {
		t.Errorf("it is off by %v, and says %v at most", off, slack)
	}
}
