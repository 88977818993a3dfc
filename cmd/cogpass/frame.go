package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/width"

	"cogpass/cmd/bulk"
	"cogpass/jobs"
	"cogpass/report"
)

// A piece is a few words of a frame, with what they should look like.
type piece struct {
	text string
	look string // SGR parameters; empty is plain
}

const (
	bad  = "31" // red: something has failed
	slow = "33" // yellow: the run is not as fast as was asked
)

const (
	barWidth = 20
	barRoom  = 64 // columns from which on there is room for a bar
)

// frame is what a terminal of so many columns shows of a run: lines of plain text, and
// none wider. Only the last failure is cut.
func frame(p bulk.Progress, columns int) [][]piece {
	if p.Listing {
		return pack([]piece{
			{fmt.Sprintf("%s of about %s users listed", report.Number(p.Done), report.Number(p.Tasks)), ""}, {left(p) + " left", ""},
		}, columns)
	}
	failed := piece{report.Number(p.Failed) + " failed", ""}
	if p.Failed > 0 {
		failed.look = bad
	}
	first := []piece{{report.Number(p.Done) + " of " + report.Number(p.Tasks) + " done", ""}, failed}
	if n := p.Sending.Delayed; n > 0 {
		first = append(first, piece{report.Number(int64(n)) + " retrying", ""})
	}
	rest := slowed(&p)
	if len(rest) == 0 || rest[0].look == "" { // neither paused nor waiting
		rest = append(rest, piece{left(p) + " left", ""})
	}
	var lines [][]piece
	if columns >= barRoom {
		meter := piece{barOf(&p), ""}
		lines = append(pack(append([]piece{meter}, first...), columns), pack(rest, columns)...)
	} else {
		lines = pack(append(first, rest...), columns)
	}
	if f := p.Last; f != nil {
		text := "last: " + report.Visible(f.Username) + ": " + report.Visible(f.Reason)
		lines = append(lines, []piece{{cut(text, columns), ""}})
	}
	return lines
}

// slowed says how fast the run is, and what keeps it from being as fast as was asked.
func slowed(p *bulk.Progress) (pieces []piece) {
	s := &p.Sending
	switch {
	case !s.HeldSince.IsZero():
		return []piece{{"waiting for the service since " + s.HeldSince.Format(time.TimeOnly), slow}}
	case s.Asked == 0:
		return []piece{{"paused", slow}}
	}
	asked, lane, sharers := s.Asked, p.Lane(), 0
	for _, l := range s.Lanes {
		if l.Category == lane {
			asked, sharers = l.Asked, l.Sharers
		}
	}
	ceiling := "max"
	if !math.IsInf(asked, 1) {
		ceiling = strconv.FormatFloat(math.Round(asked*1000)/1000, 'f', -1, 64) + "/s"
	}
	rate := fmt.Sprintf("%.1f/s of %s", p.Recent, ceiling)
	if lane != jobs.UserAccountRecovery {
		rate += " " + string(lane)
	}
	pieces = []piece{{rate, ""}}
	if sharers > 1 {
		pieces = append(pieces, piece{fmt.Sprintf("shared by %d", sharers), ""})
	}
	if s.Throttled > 0 {
		pieces = append(pieces, piece{report.Number(s.Throttled) + " throttled", slow})
	}
	for _, l := range s.Lanes {
		if l.Rate >= 0.995*l.Asked || math.IsInf(l.Rate, 1) {
			continue
		}
		text := "held to " + pace(l.Rate)
		if l.Category != jobs.UserAccountRecovery {
			text = string(l.Category) + " " + text
		}
		pieces = append(pieces, piece{text, slow})
	}
	return pieces
}

func barOf(p *bulk.Progress) string {
	share := 0.0
	if p.Tasks > 0 {
		share = min(1, float64(p.Done)/float64(p.Tasks))
	}
	full := int(share * barWidth)
	return fmt.Sprintf("[%s%s] %d%%", strings.Repeat("=", full), strings.Repeat(" ", barWidth-full), int(share*100))
}

// pack puts pieces on as few lines as they fit on, in their order.
func pack(pieces []piece, columns int) (lines [][]piece) {
	room := 0
	for _, p := range pieces {
		p.text = cut(p.text, columns)
		need := cells(p.text) + len(separator)
		if n := len(lines) - 1; n >= 0 && need <= room {
			lines[n] = append(lines[n], p)
			room -= need
			continue
		}
		lines = append(lines, []piece{p})
		room = columns - need + len(separator)
	}
	return lines
}

const separator = "  "

// line is a line of a frame as it is written, and how many columns it takes.
func line(pieces []piece, colour bool) (text string, columns int) {
	for i, p := range pieces {
		if i > 0 {
			text += separator
			columns += len(separator)
		}
		columns += cells(p.text)
		if colour && p.look != "" {
			p.text = "\x1b[" + p.look + "m" + p.text + "\x1b[m"
		}
		text += p.text
	}
	return text, columns
}

// cells is how many columns a terminal takes for a text that prints.
func cells(text string) (n int) {
	for _, r := range text {
		n += cellsOf(r)
	}
	return n
}

func cellsOf(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	}
	if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
		return 2
	}
	return 1
}

// cut shortens a text to so many columns.
func cut(text string, columns int) string {
	if cells(text) <= columns {
		return text
	}
	used := 0
	for i, r := range text {
		if used += cellsOf(r); used > columns-1 {
			return text[:i] + "…"
		}
	}
	return text
}
