package main

import (
	"strings"
	"testing"

	"cogpass/cmd/bulk"
)

// A rate next to nothing does not overflow the time that a job takes.
func TestHowLongIsBounded(t *testing.T) {
	if got, want := roughly(bulk.Duration(1_000_000_000, 1e-9)), "36500.0 days"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := roughly(bulk.Duration(36_000, 10)), "1h0m"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A fault of the program ends it with 3 and one line, which shows no value.
func TestPanicExits(t *testing.T) {
	var out strings.Builder
	code := steadily(&system{Err: &out}, func() int { panic("Secret-Passw0rd-1") })
	if code != exitFatal {
		t.Errorf("got %d, want %d", code, exitFatal)
	}
	if got := out.String(); !strings.HasPrefix(got, "cogpass: internal error: a panic at plan_test.go:") || strings.Contains(got, "Secret") || strings.Contains(got, "goroutine") {
		t.Errorf("got %q", got)
	}
}
