package main

import (
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"cogpass/cmd/bulk"
)

// paintEvery is how often a terminal is painted anew: also while nothing happens, for
// the terminal may have been resized.
const paintEvery = 500 * time.Millisecond

// live is a view on a terminal: a few lines at its bottom, painted again and again.
//
// Each is ended with a line feed and the cursor left below, so that whatever is
// written next, by whom ever, begins a line of its own, also if this process is
// killed. What is painted over is found by going up: by as many rows as the
// lines take at the width of now, for a terminal that is made narrower breaks
// lines anew.
type live struct {
	frame  func(columns int) [][]piece
	out    io.Writer
	size   func() (columns, rows int)
	colour bool
	stop   chan struct{}
	over   sync.WaitGroup

	screen  sync.Mutex
	painted painted
}

func newLive(sys *system, frame func(columns int) [][]piece) *live {
	v := &live{frame: frame, out: sys.Err, size: sys.Size, colour: sys.Colour, stop: make(chan struct{})}
	v.paint()
	resumed, forget := resumes()
	v.over.Go(func() {
		defer forget()
		tick := time.NewTicker(paintEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-resumed:
				v.lost()
			case <-v.stop:
				return
			}
			v.paint()
		}
	})
	return v
}

func (v *live) paint() {
	columns, rows := v.size()
	v.screen.Lock()
	defer v.screen.Unlock()
	io.WriteString(v.out, v.repainting(columns, rows))
}

// repainting is what paints the run's frame over the last one.
func (v *live) repainting(columns, rows int) string {
	text := v.painted.up(columns)
	lines := v.frame(max(1, columns-1)) // the last column is where terminals differ
	lines = lines[:min(len(lines), max(0, rows-1))]
	v.painted = v.painted[:0]
	for _, pieces := range lines {
		words, taken := line(pieces, v.colour)
		v.painted = append(v.painted, taken)
		text += words + "\x1b[K\n"
	}
	return text + "\x1b[J"
}

// painted is what is there on a terminal: the columns of each line.
type painted []int

// up goes to where it begins, on a terminal that has so many columns by now.
func (p painted) up(columns int) string {
	rows := 0
	for _, taken := range p {
		rows += max(1, (taken+columns-1)/max(1, columns))
	}
	if rows == 0 {
		return "\r"
	}
	return fmt.Sprintf("\r\x1b[%dA", rows)
}

// say writes a line above the frame.
func (v *live) say(level slog.Level, text string) {
	columns, rows := v.size()
	v.screen.Lock()
	defer v.screen.Unlock()
	said := v.painted.up(columns) + "\x1b[J" + prefixes[level] + text + "\n"
	v.painted = v.painted[:0]
	io.WriteString(v.out, said+v.repainting(columns, rows))
}

// lost has the next frame painted where the cursor is.
func (v *live) lost() {
	v.screen.Lock()
	defer v.screen.Unlock()
	v.painted = v.painted[:0]
}

// end leaves the terminal as if there had been no frame.
func (v *live) end() {
	close(v.stop)
	v.over.Wait()
	columns, _ := v.size()
	io.WriteString(v.out, v.painted.up(columns)+"\x1b[J")
}

// painting is the view of one run on a terminal.
type painting struct {
	kept
	*live
}

func newPainting(sys *system, p bulk.Progress) *painting {
	v := new(painting)
	v.keep(p)
	v.live = newLive(sys, func(columns int) [][]piece { return frame(v.get(), columns) })
	return v
}

func (v *painting) show(p bulk.Progress) { v.keep(p) }
