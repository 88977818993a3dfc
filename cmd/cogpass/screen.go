package main

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"cogpass/cmd/bulk"
	"cogpass/report"
)

// A screen shows a run on standard error. It is the bulk.Screen of a person, or
// of a log.
type screen struct {
	sys   *system
	quiet bool

	mu   sync.Mutex
	view view // nil where nothing is being sent, and where nobody wants to see it
	on   bool // requests are being sent
}

// A view shows how requests are being sent.
type view interface {
	show(bulk.Progress)
	say(slog.Level, string) // from any goroutine
	end()
}

var levels = map[bulk.Level]slog.Level{
	bulk.Detail: slog.LevelInfo, bulk.Notice: slog.LevelInfo, bulk.Warning: slog.LevelWarn,
}

// Say implements bulk.Screen.
func (s *screen) Say(l bulk.Level, text string) {
	if s.quiet && l == bulk.Detail {
		return
	}
	if v, _ := s.current(); v != nil {
		v.say(levels[l], text)
	} else {
		s.sys.say(levels[l], text)
	}
}

func (s *screen) current() (v view, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view, s.on
}

// Show implements bulk.Screen.
func (s *screen) Show(p bulk.Progress) {
	v, on := s.current()
	if !on {
		v = s.begin(p)
	}
	if v != nil {
		v.show(p)
	}
	if p.Over {
		s.set(nil, false)
		if v != nil {
			v.end()
		}
	}
}

func (s *screen) set(v view, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.view, s.on = v, on
}

func (s *screen) begin(p bulk.Progress) (v view) {
	switch {
	case s.quiet:
	case s.sys.ErrTerminal && s.sys.log == nil:
		v = newBar(s.sys, p)
	case s.sys.log != nil:
		v = newLog(s.sys.log, p)
	default:
		v = newLog(slog.New(slog.NewTextHandler(s.sys.Err, nil)), p)
	}
	s.set(v, true)
	return v
}

// interrupted is called when a signal has come.
func (s *screen) interrupted() {
	if _, on := s.current(); on {
		s.Say(bulk.Notice, "interrupted: waiting for requests in flight, 30 s at most; interrupt again to end at once")
	}
}

// kept is the progress that was shown last.
type kept struct {
	mu   sync.Mutex
	last bulk.Progress
}

func (k *kept) keep(p bulk.Progress) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.last = p
}

func (k *kept) get() bulk.Progress {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.last
}

// left writes how long the rest will take.
func left(p bulk.Progress) string {
	switch d, known := p.Left(); {
	case !known:
		return "?"
	case d == 0:
		return "0s"
	default:
		return roughly(d)
	}
}

// bar is a progress bar, on a terminal.
type bar struct {
	kept
	bars *mpb.Progress
	bar  *mpb.Bar
}

func newBar(sys *system, p bulk.Progress) *bar {
	b := &bar{bars: mpb.New(mpb.WithOutput(sys.Err), mpb.WithWidth(24), mpb.WithAutoRefresh())}
	b.keep(p)
	line := decor.Any(func(room decor.Statistics) string { return barLine(b.get(), room.AvailableWidth) })
	b.bar = b.bars.New(p.Tasks, mpb.BarStyle(), mpb.AppendDecorators(line))
	b.bar.SetCurrent(p.Done)
	return b
}

// narrow is a terminal that has no room for all that there is to say.
const narrow = 72

func barLine(p bulk.Progress, width int) string {
	of, failed := report.Number(p.Done)+" of "+report.Number(p.Tasks), report.Number(p.Failed)+" failed"
	rate, rest := fmt.Sprintf("%.1f/s, ", p.Rate()), left(p)+" left"
	if p.Listing {
		return fmt.Sprintf(" %s of about %s users listed, %s", report.Number(p.Done), report.Number(p.Tasks), rest)
	}
	switch {
	case !p.Sending.HeldSince.IsZero():
		rate, rest = "", "waiting for the service since "+p.Sending.HeldSince.Format(time.TimeOnly)
	case p.Sending.Asked == 0:
		rate, rest = "", "paused"
	}
	if width < narrow {
		return fmt.Sprintf(" %s, %s, %s", of, failed, rest)
	}
	return fmt.Sprintf(" %s done, %s, %s retried, %s%s", of, failed, report.Number(p.Sending.Retried), rate, rest)
}

func (b *bar) show(p bulk.Progress) {
	before := b.get().Done
	b.keep(p)
	if p.Listing { // which may begin anew, and find more than there seemed to be
		b.bar.SetTotal(p.Tasks, false)
		b.bar.SetCurrent(p.Done)
		return
	}
	b.bar.IncrInt64(p.Done - before)
}

func (b *bar) say(level slog.Level, text string) {
	// The bar erases itself from the cursor on, which an echoed ^C has moved.
	fmt.Fprintf(b.bars, "\r%s%s\n", prefixes[level], text)
}

func (b *bar) end() {
	b.bar.Abort(false) // leaves it on the screen, also where it is not full
	b.bars.Wait()
}

// logEvery is how often a run says how far it is where there is no terminal.
const logEvery = 10 * time.Second

// lines is a log.
type lines struct {
	kept
	log  *slog.Logger
	stop chan struct{}
	over sync.WaitGroup
}

func newLog(log *slog.Logger, p bulk.Progress) *lines {
	l := &lines{log: log, stop: make(chan struct{})}
	l.keep(p)
	l.over.Go(func() {
		tick := time.NewTicker(logEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				l.line()
			case <-l.stop:
				return
			}
		}
	})
	return l
}

func (l *lines) show(p bulk.Progress) { l.keep(p) }

func (l *lines) line() {
	p := l.get()
	if p.Listing {
		l.log.Info("listing", "users", p.Done, "about", p.Tasks, "left", left(p))
		return
	}
	waiting := []any{}
	if !p.Sending.HeldSince.IsZero() {
		waiting = append(waiting, "waiting_since", p.Sending.HeldSince.UTC().Format(time.RFC3339))
	}
	l.log.With(waiting...).Info("progress", "done", p.Done, "tasks", p.Tasks, "failed", p.Failed, "retried", p.Sending.Retried,
		"throttled", p.Sending.Throttled, "rate", math.Round(p.Rate()*10)/10, "pace", pace(p.Sending.Rate), "left", left(p))
}

// pace writes the rate that a run is held to now, by its user or by throttling.
func pace(rate float64) string {
	if math.IsInf(rate, 1) {
		return "max"
	}
	return fmt.Sprintf("%.1f/s", rate)
}

func (l *lines) say(level slog.Level, text string) { l.log.Log(context.Background(), level, text) }

func (l *lines) end() {
	close(l.stop)
	l.over.Wait()
	l.line()
}
