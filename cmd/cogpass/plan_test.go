package main

import (
	"strings"
	"testing"
)

// A rate next to nothing does not overflow the time that a job takes.
func TestHowLongIsBounded(t *testing.T) {
	if got, want := howLong(1_000_000_000, 1e-9), "about 36500.0 days at "; !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := howLong(36_000, 10), "about 1h0m at 10/s"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
