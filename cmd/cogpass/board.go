package main

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"cogpass/cmd/bulk"
	"cogpass/report"
)

// A board shows several runs that go on at once: on a terminal with a line a run,
// elsewhere with a line of the log a run.
type board struct {
	sys   *system
	quiet bool
	rows  []*row

	mu   sync.Mutex
	live *live // nil: nothing is painted
}

// A row is one run of a board: its bulk.Screen, and the view that this has on a
// terminal.
type row struct {
	*screen
	board *board
	path  string

	mu    sync.Mutex
	label string
	named bool // as its run is
	last  bulk.Progress
	begun bool
	on    bool // requests are being sent
}

func newBoard(sys *system, quiet bool) *board { return &board{sys: sys, quiet: quiet} }

// row adds the row of a run.
func (b *board) row(path string) *row {
	r := &row{board: b, path: path, label: labelOf(path)}
	for _, other := range b.rows {
		if other.label == r.label {
			r.label = path
		}
	}
	r.screen = &screen{sys: b.sys, quiet: b.quiet, row: r}
	b.rows = append(b.rows, r)
	return r
}

// called is what the run is called.
func (r *row) called() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.label
}

// rename calls the run as its job is called, or where another one is called so, as its
// run file, once there is one.
func (r *row) rename(m *bulk.Message) {
	path, begins := m.Key("run_file").(string)
	name, _ := m.Key("run").(string)
	if !begins || m.Event != bulk.RunBegins {
		return
	}
	for _, other := range r.board.rows {
		if other != r && other.called() == name {
			_, _, name = runName(path)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.label, r.named = name, true
}

// begin is called when the run begins to send.
func (r *row) begin(p bulk.Progress) view {
	r.mu.Lock()
	r.last, r.begun, r.on = p, true, true
	r.mu.Unlock()
	r.board.mu.Lock()
	defer r.board.mu.Unlock()
	if r.board.live == nil {
		r.board.live = newLive(r.board.sys, r.board.frame)
	}
	return (*rowView)(r)
}

// rowView is a row as the view of its screen.
type rowView row

func (v *rowView) show(p bulk.Progress) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.last = p
}

func (v *rowView) say(level slog.Level, text string) { (*row)(v).say(level, text) }

// say tells something of the run.
func (r *row) say(level slog.Level, text string) {
	r.board.say(level, report.Visible(r.called())+": "+text)
}

func (v *rowView) end() {
	v.mu.Lock()
	v.on = false
	v.mu.Unlock()
	b := v.board
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.rows {
		r.mu.Lock()
		on := r.on
		r.mu.Unlock()
		if on {
			return
		}
	}
	if b.live != nil {
		b.live.end()
		b.live = nil
	}
}

// say tells something of all, or of a run that sends nothing.
func (b *board) say(level slog.Level, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.live != nil {
		b.live.say(level, text)
	} else {
		b.sys.printLine(level, text)
	}
}

// interrupted is called when a signal has come.
func (b *board) interrupted() {
	for _, r := range b.rows {
		if _, on := r.current(); on {
			m := interruptedMessage()
			if b.sys.file != nil {
				record(b.sys.file, &m)
			}
			if b.sys.log != nil {
				record(b.sys.log, &m)
			} else {
				b.say(levels[m.Level], m.Text)
			}
			return
		}
	}
}

// fewRuns are so many that a terminal has a line also for those that have ended.
const fewRuns = 12

// frame is what a terminal of so many columns shows: a line for each run that sends or
// has sent, and one for those that are yet to come.
func (b *board) frame(columns int) (lines [][]piece) {
	waiting, over, width := 0, 0, 0
	type shown struct {
		label string
		p     bulk.Progress
		on    bool
	}
	var all []shown
	for _, r := range b.rows {
		r.mu.Lock()
		switch {
		case !r.begun:
			waiting++
		case !r.on && len(b.rows) > fewRuns:
			over++
		default:
			all = append(all, shown{report.Visible(r.label), r.last, r.on})
			width = max(width, cells(all[len(all)-1].label))
		}
		r.mu.Unlock()
	}
	width = min(width, columns*2/5)
	for _, s := range all {
		lines = append(lines, rowOf(s.label, s.p, s.on, width, columns))
	}
	var rest []piece
	if over > 0 {
		rest = append(rest, piece{plural(int64(over), "run") + " ended", ""})
	}
	if waiting > 0 {
		rest = append(rest, piece{plural(int64(waiting), "run") + " to come", ""})
	}
	if len(rest) > 0 {
		lines = append(lines, pack(rest, columns)...)
	}
	return lines
}

// rowOf is a run's line, with what there is room for: how far it is comes first.
func rowOf(label string, p bulk.Progress, on bool, width, columns int) []piece {
	label = cut(label, width)
	pieces := []piece{{label + strings.Repeat(" ", width-cells(label)), ""}}
	share := 100
	if p.Tasks > 0 {
		share = int(100 * p.Done / p.Tasks)
	}
	more := []piece{{fmt.Sprintf("%3d%%", share), ""}}
	if p.Failed > 0 {
		more = append(more, piece{report.Number(p.Failed) + " failed", bad})
	}
	switch {
	case p.Listing:
		more = append(more, piece{report.Number(p.Done) + " users listed", ""})
	case !on:
		more = append(more, piece{"ended", ""})
	default:
		why := slowed(&p)
		if why[0].look == "" {
			more = append(more, piece{left(p) + " left", ""})
		}
		more = append(more, why...)
	}
	if !p.Listing {
		more = append(more, piece{report.Number(p.Done) + " of " + report.Number(p.Tasks), ""})
	}
	room := columns - width
	for _, next := range more {
		if need := cells(next.text) + len(separator); need <= room {
			pieces = append(pieces, next)
			room -= need
		}
	}
	return pieces
}
