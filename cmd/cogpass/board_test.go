package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cogpass/cmd/bulk"
	"cogpass/runner"
)

// A board has a line a run, in no more columns than there are, with what matters first.
func TestBoard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		running := func(change func(*bulk.Progress)) bulk.Progress {
			p := bulk.Progress{Tasks: 3000, Done: 1500, Began: time.Now().Add(-150 * time.Second), Recent: 9.96, Sending: runner.Stats{Sent: 1500, Asked: 10, Rate: 10}}
			if change != nil {
				change(&p)
			}
			return p
		}
		b := newBoard(&system{}, false)
		rows := []*row{b.row("x/spring.yaml"), b.row("y/spring.yaml"), b.row("incident-20260101T090000Z.run"), b.row("a-very-long-name-of-a-job.yaml"), b.row("later.yaml")}
		for i, p := range []bulk.Progress{
			running(nil),
			running(func(p *bulk.Progress) { p.Failed = 12 }),
			running(func(p *bulk.Progress) { p.Done = 3000 }),
			running(func(p *bulk.Progress) { p.Sending.Asked = 0 }),
		} {
			rows[i].last, rows[i].begun, rows[i].on = p, true, i != 2
		}
		for columns, want := range map[int]string{
			80: `
spring                      50%  2m30s left  10.0/s of 10/s  1,500 of 3,000
y/spring.yaml               50%  12 failed  2m30s left  10.0/s of 10/s
incident-20260101T090000Z  100%  ended  3,000 of 3,000
a-very-long-name-of-a-job   50%  paused  1,500 of 3,000
1 run to come`,
			40: `
spring             50%  2m30s left
y/spring.yaml      50%  12 failed
incident-202601…  100%  ended
a-very-long-nam…   50%  paused
1 run to come`,
			12: `
spr…   50%
y/s…   50%
inc…  100%
a-v…   50%
1 run to co…`,
		} {
			var lines []string
			for _, pieces := range b.frame(columns) {
				text, taken := line(pieces, false)
				if taken > columns {
					t.Errorf("%d columns: %q takes %d", columns, text, taken)
				}
				lines = append(lines, strings.TrimRight(text, " "))
			}
			if got := "\n" + strings.Join(lines, "\n"); got != want {
				t.Errorf("%d columns: got%s\nwant%s", columns, got, want)
			}
		}
	})
}

// Of many runs those that have ended have no line of their own.
func TestBoardOfMany(t *testing.T) {
	b := newBoard(&system{}, false)
	for range fewRuns + 3 {
		r := b.row("job.yaml")
		r.begun = true
	}
	b.rows[0].on, b.rows[1].begun = true, false
	lines := b.frame(80)
	if text, _ := line(lines[len(lines)-1], false); len(lines) != 2 || text != "13 runs ended  1 run to come" {
		t.Errorf("got %d lines, the last %q", len(lines), text)
	}
}
