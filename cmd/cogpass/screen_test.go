package main

import (
	"encoding/json"
	"io"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cogpass/cmd/bulk"
	"cogpass/jobs"
	"cogpass/runner"
)

// progressOf is a run of which half is done, after ten seconds.
func progressOf(change func(*bulk.Progress)) bulk.Progress {
	p := bulk.Progress{Tasks: 3000, Done: 1500, Failed: 2, Began: time.Now().Add(-10 * time.Second), Recent: 149.96,
		Sending: runner.Stats{Sent: 1500, Asked: math.Inf(1), Rate: math.Inf(1), Retried: 1},
		Last:    &bulk.Failure{Username: "ana@example.com", Reason: "UserNotFoundException: there is no such user"}}
	if change != nil {
		change(&p)
	}
	return p
}

func framed(p bulk.Progress, columns int, colour bool) string {
	var all []string
	for _, pieces := range frame(p, columns) {
		text, _ := line(pieces, colour)
		all = append(all, text)
	}
	return strings.Join(all, "\n")
}

// A frame says what matters most in few columns, and what a run waits for.
func TestFrame(t *testing.T) { synctest.Test(t, testFrame) }

func testFrame(t *testing.T) {
	throttled := func(p *bulk.Progress) {
		p.Recent, p.Sending.Asked, p.Sending.Throttled, p.Sending.Delayed = 8.31, 10, 1234, 3
		p.Slowest = jobs.UserUpdate
		p.Sending.Lanes = []runner.LaneStats{{Category: jobs.UserAccountRecovery, Asked: 10, Rate: 8.28}, {Category: jobs.UserUpdate, Asked: 12.5, Rate: 5}}
	}
	for name, c := range map[string]struct {
		change  func(*bulk.Progress)
		columns int
		want    string
	}{
		"wide": {nil, 80, `
[==========          ] 50%  1,500 of 3,000 done  2 failed
150.0/s of max  10s left
last: ana@example.com: UserNotFoundException: there is no such user`},
		"shared": {func(p *bulk.Progress) {
			p.Sending.Asked, p.Sending.Lanes = 20, []runner.LaneStats{{Category: jobs.UserAccountRecovery, Asked: 20, Rate: 10, Sharers: 3}}
			p.Recent, p.Last = 3.31, nil
		}, 80, `
[==========          ] 50%  1,500 of 3,000 done  2 failed
3.3/s of 20/s  shared by 3  held to 10.0/s  10s left`},
		"forty": {nil, 40, `
1,500 of 3,000 done  2 failed
150.0/s of max  10s left
last: ana@example.com: UserNotFoundExce…`},
		"narrow": {nil, 12, `
1,500 of 3,…
2 failed
150.0/s of …
10s left
last: ana@e…`},
		"throttled": {throttled, 80, `
[==========          ] 50%  1,500 of 3,000 done  2 failed  3 retrying
8.3/s of 12.5/s UserUpdate  1,234 throttled  held to 8.3/s
UserUpdate held to 5.0/s  10s left
last: ana@example.com: UserNotFoundException: there is no such user`},
		"throttled in forty": {throttled, 40, `
1,500 of 3,000 done  2 failed
3 retrying  8.3/s of 12.5/s UserUpdate
1,234 throttled  held to 8.3/s
UserUpdate held to 5.0/s  10s left
last: ana@example.com: UserNotFoundExce…`},
		"waiting": {func(p *bulk.Progress) {
			p.Last, p.Sending.HeldSince = nil, time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local)
		}, 40, `
1,500 of 3,000 done  2 failed
waiting for the service since 03:04:05`},
		"paused":  {func(p *bulk.Progress) { p.Last, p.Sending.Asked = nil, 0 }, 40, "\n1,500 of 3,000 done  2 failed  paused"},
		"listing": {func(p *bulk.Progress) { p.Listing = true }, 80, "\n1,500 of about 3,000 users listed  10s left"},
		"hostile": {func(p *bulk.Progress) {
			p.Last.Username, p.Last.Reason = "\x1b[31m\u202e漢字漢字漢字", "e\u0301\n\x9b2J"
		}, 40, `
1,500 of 3,000 done  2 failed
150.0/s of max  10s left
last: \x1b[31m\u202e漢字漢字漢字: e` + "\u0301" + `\x0a…`},
	} {
		if got := "\n" + framed(progressOf(c.change), c.columns, false); got != c.want {
			t.Errorf("%s: got %s\nwant %s", name, got, c.want)
		}
	}
}

// No line is wider than the terminal, whatever there is to say.
func TestFrameFits(t *testing.T) {
	p := progressOf(func(p *bulk.Progress) {
		p.Last.Username = strings.Repeat("漢e\u0301", 40)
		p.Tasks, p.Done, p.Failed, p.Sending.Delayed, p.Sending.Throttled = 1e9, 9e8, 8e8, 4096, 7e8
	})
	for columns := 1; columns < 200; columns++ {
		for _, pieces := range frame(p, columns) {
			if text, taken := line(pieces, false); taken > columns || cells(text) != taken {
				t.Errorf("at %d columns: got %d for %q", columns, taken, text)
			}
		}
	}
}

// What has failed and what is slow stands out, where there may be colours.
func TestFrameColours(t *testing.T) {
	got := framed(progressOf(func(p *bulk.Progress) { p.Sending.Asked, p.Last = 0, nil }), 40, true)
	if want := "1,500 of 3,000 done  \x1b[31m2 failed\x1b[m  \x1b[33mpaused\x1b[m"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A frame is painted over the one before, by as many rows as that takes now, and
// nothing of it is left at the end.
func TestLiveLeavesNothing(t *testing.T) {
	_, forget := resumes() // os/signal's own goroutine is to be none of the bubble's
	forget()
	synctest.Test(t, func(t *testing.T) {
		columns, out := 80, new(strings.Builder)
		sys := &system{Err: out, Size: func() (int, int) { return columns, 24 }}
		v := newPainting(sys, progressOf(nil))
		synctest.Wait()
		take := func() string { text := out.String(); out.Reset(); return text }
		first := take()
		if !strings.HasPrefix(first, "\r[====") || strings.Count(first, "\n") != 3 || strings.ContainsAny(first, "\x07") {
			t.Errorf("got the first frame %q", first)
		}
		v.show(progressOf(func(p *bulk.Progress) { p.Last = nil }))
		time.Sleep(paintEvery)
		synctest.Wait()
		if got := take(); !strings.HasPrefix(got, "\r\x1b[3A[====") || !strings.HasSuffix(got, "\n\x1b[J") || strings.Count(got, "\n") != 2 {
			t.Errorf("got the second frame %q", got)
		}
		columns = 40 // of the two lines that are there, of 57 and 24 columns, the first takes two rows now
		v.say(0, "a line")
		if got := take(); !strings.HasPrefix(got, "\r\x1b[3A\x1b[Ja line\n\r1,500") {
			t.Errorf("got %q after the terminal was made narrower", got)
		}
		v.end()
		if got := take(); got != "\r\x1b[2A\x1b[J" {
			t.Errorf("got %q at the end", got)
		}
	})
}

// A terminal of few rows is not scrolled.
func TestLiveFewRows(t *testing.T) {
	for rows := range 4 {
		p := progressOf(nil)
		v := &live{out: io.Discard, frame: func(columns int) [][]piece { return frame(p, columns) }}
		if got := v.repainting(40, rows); strings.Count(got, "\n") > max(0, rows-1) {
			t.Errorf("of %d rows: got %q", rows, got)
		}
	}
}

// What is logged is for a terminal too: nothing in it does anything, and it reads back.
func TestLogPrints(t *testing.T) {
	for _, name := range []string{"\x1b]8;;x\x07", "\u009b2J", "\u202eana", "a\U000e0041", "\xff", "\"}\n{\"msg\":\"x\"", "=cmd()", "漢字"} {
		for _, format := range []string{"text", "json"} {
			var out strings.Builder
			newLogger(&out, format).Info("task", "username", name)
			if text := strings.TrimSuffix(out.String(), "\n"); strings.ContainsAny(text, "\x1b\x07\n\u009b\u202e\U000e0041") {
				t.Errorf("%s: %q is logged as %q", format, name, text)
			}
			var record struct{ Username string }
			if format == "json" && name != "\xff" && (json.Unmarshal([]byte(out.String()), &record) != nil || record.Username != name) {
				t.Errorf("%q reads back as %q", name, record.Username)
			}
		}
	}
}
