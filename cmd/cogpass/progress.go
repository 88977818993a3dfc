package main

import (
	"fmt"
	"io"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"cogpass/report"
	"cogpass/runner"
	"cogpass/runner/runfile"
)

// A progress shows a person, or a log, how a run goes. message may be called
// from any goroutine, the others from the run's.
type progress interface {
	add(runner.Result)
	observe(runner.Stats)
	message(format string, args ...any)
	end()
}

func (o *runOptions) newProgress(before runfile.Counts, asked float64) progress {
	s := &score{
		total: before.Tasks, done: before.Tasks - before.ByOutcome[runner.Pending],
		failed: before.ByOutcome[runner.Failed] + before.ByOutcome[runner.Unknown],
		held:   asked, start: time.Now(),
	}
	if o.RetryFailed {
		s.done -= before.ByOutcome[runner.Failed]
		s.failed -= before.ByOutcome[runner.Failed]
	}
	if o.RetryUnknown {
		s.done -= before.ByOutcome[runner.Unknown]
		s.failed -= before.ByOutcome[runner.Unknown]
	}
	s.before = s.done
	switch {
	case o.Quiet:
		return &quiet{o.sys}
	case o.sys.ErrTerminal && o.LogFormat == "text":
		return newBar(o.sys.Err, s)
	}
	return newLog(o.sys.Err, o.LogFormat, s)
}

// score is how far a run is. Its methods may be called from any goroutine.
type score struct {
	mu                          sync.Mutex
	total, before, done, failed int64
	sent, retried, throttled    int64
	held                        float64
	start                       time.Time
}

func (s *score) add(r runner.Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done++
	if r.Outcome == runner.Failed || r.Outcome == runner.Unknown {
		s.failed++
	}
}

func (s *score) observe(st runner.Stats) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent, s.retried, s.throttled, s.held = st.Sent, st.Retried, st.Throttled, st.Rate
}

// rate is requests a second, of this process.
func (s *score) rate() float64 {
	if seconds := time.Since(s.start).Seconds(); seconds > 0 {
		return float64(s.sent) / seconds
	}
	return 0
}

// left is how long the rest takes, at the pace so far or the one asked for,
// whichever is slower.
func (s *score) left() string {
	r := s.rate()
	switch {
	case s.done >= s.total:
		return "0s"
	case r == 0 || s.done == s.before:
		return "?"
	}
	if s.held > 0 && !math.IsInf(s.held, 1) {
		r = math.Min(r, s.held)
	}
	return roughly(duration(s.total-s.done, r))
}

func (s *score) String() string {
	return fmt.Sprintf("%s of %s done, %s failed, %s retried, %.1f/s, %s left",
		report.Number(s.done), report.Number(s.total), report.Number(s.failed), report.Number(s.retried), s.rate(), s.left())
}

// bar is a progress bar, on a terminal.
type bar struct {
	*score
	bars *mpb.Progress
	bar  *mpb.Bar
}

func newBar(out io.Writer, s *score) *bar {
	b := &bar{score: s, bars: mpb.New(mpb.WithOutput(out), mpb.WithWidth(24), mpb.WithAutoRefresh())}
	line := decor.Any(func(decor.Statistics) string {
		s.mu.Lock()
		defer s.mu.Unlock()
		return " " + s.String()
	})
	b.bar = b.bars.New(s.total, mpb.BarStyle(), mpb.AppendDecorators(line))
	b.bar.SetCurrent(s.done)
	return b
}

func (b *bar) add(r runner.Result) {
	b.score.add(r)
	b.bar.Increment()
}

func (b *bar) message(format string, args ...any) {
	// The bar erases itself from the cursor on, which an echoed ^C has moved.
	fmt.Fprintf(b.bars, "\r"+format+"\n", args...)
}

func (b *bar) end() {
	b.bar.Abort(false) // leaves it on the screen, also where it is not full
	b.bars.Wait()
}

// logEvery is how often a run says how far it is where there is no terminal.
const logEvery = 10 * time.Second

// lines is a log.
type lines struct {
	*score
	log  *slog.Logger
	stop chan struct{}
	over sync.WaitGroup
}

func newLog(out io.Writer, format string, s *score) *lines {
	var handler slog.Handler = slog.NewTextHandler(out, nil)
	if format == "json" {
		handler = slog.NewJSONHandler(out, nil)
	}
	l := &lines{score: s, log: slog.New(handler), stop: make(chan struct{})}
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

func (l *lines) line() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.log.Info("progress", "done", l.done, "tasks", l.total, "failed", l.failed, "retried", l.retried,
		"throttled", l.throttled, "rate", math.Round(l.rate()*10)/10, "pace", pace(l.held), "left", l.left())
}

// pace writes the rate that a run is held to now, by its user or by throttling.
func pace(rate float64) string {
	if math.IsInf(rate, 1) {
		return "max"
	}
	return fmt.Sprintf("%.1f/s", rate)
}

func (l *lines) message(format string, args ...any) { l.log.Info(fmt.Sprintf(format, args...)) }

func (l *lines) end() {
	close(l.stop)
	l.over.Wait()
	l.line()
}

// quiet shows nothing but what its user has to know.
type quiet struct{ sys *system }

func (q *quiet) add(runner.Result)    {}
func (q *quiet) observe(runner.Stats) {}
func (q *quiet) end()                 {}
func (q *quiet) message(format string, args ...any) {
	q.sys.say(format, args...)
}
