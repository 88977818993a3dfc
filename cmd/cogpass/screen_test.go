package main

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"cogpass/cmd/bulk"
	"cogpass/runner"
)

// The bar's line says what matters most in few columns, and what a run waits for.
func TestBarLine(t *testing.T) { synctest.Test(t, testBarLine) }

func testBarLine(t *testing.T) {
	p := bulk.Progress{Tasks: 3000, Done: 1500, Failed: 2, Began: time.Now().Add(-10 * time.Second),
		Sending: runner.Stats{Sent: 1500, Asked: math.Inf(1), Rate: math.Inf(1), Retried: 1}}
	held, paused := p, p
	held.Sending.HeldSince = time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local)
	paused.Sending.Asked = 0
	for _, c := range []struct {
		p     bulk.Progress
		width int
		want  string
	}{
		{p, 80, " 1,500 of 3,000 done, 2 failed, 1 retried, 150.0/s, 10s left"},
		{p, 40, " 1,500 of 3,000, 2 failed, 10s left"},
		{held, 80, " 1,500 of 3,000 done, 2 failed, 1 retried, waiting for the service since 03:04:05"},
		{paused, 40, " 1,500 of 3,000, 2 failed, paused"},
	} {
		if got := barLine(c.p, c.width); got != c.want {
			t.Errorf("at %d columns: got %q, want %q", c.width, got, c.want)
		}
	}
}
