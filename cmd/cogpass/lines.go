package main

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"cogpass/cmd/bulk"
)

// logEvery is how often a log says how far a run is.
const logEvery = 10 * time.Second

// lines is a view in a log.
type lines struct {
	kept
	log  *slog.Logger
	stop chan struct{}
	over sync.WaitGroup
}

func newLines(log *slog.Logger, p bulk.Progress) *lines {
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
		l.log.Info("listing", "event", "listing", "users", p.Done, "about", p.Tasks, "left", left(p))
		return
	}
	keys := []any{"event", "progress", "done", p.Done, "tasks", p.Tasks, "failed", p.Failed, "retrying", p.Sending.Delayed, "retried", p.Sending.Retried,
		"throttled", p.Sending.Throttled, "rate", math.Round(p.Rate()*10) / 10, "pace", pace(p.Sending.Rate)}
	if !p.Sending.HeldSince.IsZero() {
		keys = append(keys, "waiting_since", p.Sending.HeldSince.UTC().Format(time.RFC3339))
	}
	if p.Slowest != "" {
		keys = append(keys, "slowest", string(p.Slowest))
	}
	if d, known := p.Left(); known {
		keys = append(keys, "left_s", math.Round(d.Seconds()))
	}
	l.log.Info("progress", append(keys, "left", left(p))...)
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
