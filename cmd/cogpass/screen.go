package main

import (
	"log/slog"
	"slices"
	"sync"

	"cogpass/cmd/bulk"
)

// A screen shows a run on standard error, and to its log. It is the bulk.Screen of a
// person, or of a machine.
type screen struct {
	sys   *system
	quiet bool
	watch watching // is shown all of it too
	row   *row     // where it is one of several runs; nil: it is the only one

	mu    sync.Mutex
	views []view // none where nothing is being sent, and where nobody wants to see it
	on    bool   // requests are being sent
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
func (s *screen) Say(m bulk.Message) {
	s.watch.said(&m)
	if s.row != nil {
		s.row.rename(&m)
		m = ofRun(m, s.row.called())
	}
	if s.sys.file != nil {
		record(s.sys.file, &m)
	}
	switch {
	case s.quiet && m.Level == bulk.Detail:
		return
	case s.sys.log != nil:
		record(s.sys.log, &m)
		return
	case m.Event == bulk.TaskFailed: // a person reads of these at the end
		return
	}
	if views, _ := s.current(); len(views) > 0 {
		views[0].say(levels[m.Level], m.Text)
	} else if s.row != nil {
		s.row.say(levels[m.Level], m.Text)
	} else {
		s.sys.printLine(levels[m.Level], m.Text)
	}
}

func (s *screen) current() (views []view, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.views, s.on
}

// Show implements bulk.Screen.
func (s *screen) Show(p bulk.Progress) {
	s.watch.show(p)
	views, on := s.current()
	if !on {
		views = s.begin(p)
	}
	for _, v := range views {
		v.show(p)
	}
	if !p.Over {
		return
	}
	s.set(nil, false)
	for _, v := range views {
		v.end()
	}
}

func (s *screen) set(views []view, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.views, s.on = views, on
}

// begin opens the views of what is being sent from now on. The first is that
// which a person is told things in.
func (s *screen) begin(p bulk.Progress) (views []view) {
	of := func(log *slog.Logger) *slog.Logger {
		if s.row == nil {
			return log
		}
		return log.With("run", s.row.called())
	}
	switch {
	case s.quiet:
	case s.sys.log != nil:
		views = append(views, newLines(of(s.sys.log), p))
	case s.sys.ErrTerminal && s.row != nil:
		views = append(views, s.row.begin(p))
	case s.sys.ErrTerminal:
		views = append(views, newPainting(s.sys, p))
	default:
		views = append(views, newLines(of(forPeople(s.sys.Err)), p))
	}
	if s.sys.file != nil {
		views = append(views, newLines(of(s.sys.file), p))
	}
	s.set(views, true)
	return views
}

// interrupted is called when a signal has come.
func (s *screen) interrupted() {
	if _, on := s.current(); on {
		s.Say(interruptedMessage())
	}
}

func interruptedMessage() bulk.Message {
	return bulk.Message{Level: bulk.Notice, Event: interrupted,
		Text: "interrupted: waiting for requests in flight, 30 s at most; interrupt again to end at once"}
}

// ofRun is a message of one of several runs, which it names.
func ofRun(m bulk.Message, run string) bulk.Message {
	if m.Key("run") == nil {
		m.Keys = append(slices.Clip(m.Keys), "run", run)
	}
	return m
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
