package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"cogpass/cmd/bulk"
	"cogpass/jobs"
	"cogpass/report"
)

const (
	watchEvery = time.Second
	lineEvery  = 10 * time.Second // at most, where the lines stay
)

// A follower shows a run until nobody carries it out. It opens the run file for
// a moment each time, so that it is never in the way when the run ends.
type follower struct {
	sys    *system
	path   string
	format string

	live  bool // what was shown is drawn over
	drawn painted
	said  time.Time
	last  string
}

// watch follows the run of a run file. It closes first, which is that file,
// opened.
func (s *system) watch(ctx context.Context, first *bulk.Recorded, format string) error {
	f := &follower{sys: s, path: first.Path, format: format,
		live: s.OutTerminal && s.env("TERM") != "dumb" && format != "json"}
	r, tick := first, time.NewTicker(watchEvery)
	defer tick.Stop()
	resumed, forget := resumes()
	defer forget()
	for {
		if r.Holder == nil {
			return f.end(ctx, r)
		}
		err := f.show(ctx, r)
		if err := r.Close(); err != nil {
			return err
		}
		if err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-resumed:
			f.drawn = f.drawn[:0] // the shell has written below it
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if r, err = bulk.Read(f.path); err != nil {
			return err
		}
	}
}

// end says the rest of a run that is not going on, or not any more.
func (f *follower) end(ctx context.Context, r *bulk.Recorded) error {
	defer r.Close()
	if err := f.draw(nil); err != nil {
		return err
	}
	return f.sys.statusOf(ctx, r, f.format)
}

func (f *follower) show(ctx context.Context, r *bulk.Recorded) error {
	st, err := standingOf(ctx, r)
	if err != nil {
		return err
	}
	if f.live {
		return f.draw(st.brief())
	}
	var line bytes.Buffer
	if f.format == "json" {
		if err := st.json(&line); err != nil {
			return err
		}
	} else {
		fmt.Fprintln(&line, strings.Join(st.brief(), "; "))
	}
	if line.String() == f.last || time.Since(f.said) < lineEvery {
		return nil
	}
	f.last, f.said = line.String(), time.Now()
	return f.sys.print("%s", line.String())
}

// brief says in a few lines how a run is that goes on.
func (st *standing) brief() []string {
	r := st.run
	share := ""
	if r.Counts.Tasks > 0 {
		share = fmt.Sprintf(" (%d%%)", 100*(r.Counts.Tasks-r.Ending().Pending())/r.Counts.Tasks)
	}
	return []string{
		report.Visible(r.Info.Name) + " is " + r.State() + share,
		counted(r.Counts),
		fmt.Sprintf("%s asked%s%s, %s throttled", jobs.Rate(r.Info.AskedRate), controlled(r.Control), st.actual(), report.Number(r.Counts.Throttled)),
		"left: " + st.left(),
	}
}

// draw shows lines in place of those that were shown before.
func (f *follower) draw(lines []string) error {
	if !f.live {
		return nil
	}
	width, rows := sizeOn(f.sys.Out, f.sys.OutTerminal)
	width = max(width, 1)
	text := f.drawn.up(width) + "\x1b[J"
	f.drawn = f.drawn[:0]
	for _, l := range lines {
		for l := range strings.Lines(report.Wrap(l, "  ", width)) {
			if len(f.drawn) == max(rows-1, 1) { // what has gone out at the top cannot be drawn over
				break
			}
			l = cut(strings.TrimSuffix(l, "\n"), width)
			f.drawn = append(f.drawn, cells(l))
			text += l + "\n"
		}
	}
	return f.sys.print("%s", text)
}

// outWidth is the width of the terminal at standard output; 0 where there is none.
func (s *system) outWidth() int {
	columns, _ := sizeOn(s.Out, s.OutTerminal)
	return columns
}

// sizeOn is the size of the terminal that is written to; 0 where there is none.
func sizeOn(w io.Writer, terminal bool) (columns, rows int) {
	if file, ok := w.(*os.File); ok && terminal {
		columns, rows, _ = term.GetSize(int(file.Fd()))
	}
	return columns, rows
}
