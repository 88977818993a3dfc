package main

import (
	"fmt"
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

// A ledger gives a reason for each day: the most common are told, the others
// counted.
func TestSkipsAreFew(t *testing.T) {
	why := map[string]int64{"": 7, "excluded by the job": 100}
	for day := range int64(30) {
		why[fmt.Sprintf("last done %d days ago", day)] = day + 1
	}
	lines := skips(why)
	if len(lines) != shownSkips+1 || lines[0] != "skipped: 100, excluded by the job" || lines[shownSkips] != "skipped: 197, for other reasons" {
		t.Errorf("got %d: %q", len(lines), lines)
	}
	if got := skips(map[string]int64{"x\x1b": 1}); len(got) != 1 || strings.Contains(got[0], "\x1b") {
		t.Errorf("got %q", got)
	}
}
