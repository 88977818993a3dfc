package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"cogpass/cmd/bulk"
)

// A system is what a command has around it.
type system struct {
	In       io.Reader
	Out, Err io.Writer

	InTerminal, OutTerminal, ErrTerminal bool

	LookupEnv func(string) (string, bool)

	Size   func() (columns, rows int) // of the terminal that Err is
	Colour bool                       // Err may be coloured

	help helpOutput   // takes what cobra prints: help, and the version
	of   string       // of several runs, that which is told of; empty: there is one, or all are meant
	log  *slog.Logger // takes what is said, in place of Err, where it is not nil
	file *slog.Logger // takes it too; nil: there is no --log-file
}

// prefixes are how a line for people shows how much it matters.
var prefixes = map[slog.Level]string{slog.LevelWarn: "warning: ", slog.LevelError: "cogpass: "}

// say tells a person, or the log, something.
func (s *system) say(level slog.Level, text string) { s.tell(level, bulk.Note, text, text) }

// tell is say, with what a log has of it: an event, whose text is a shorter one, and
// keys.
func (s *system) tell(level slog.Level, event bulk.Event, said, text string, keys ...any) {
	keys = append([]any{"event", string(event)}, keys...)
	if s.of != "" {
		keys = append(keys, "run", s.of)
	}
	if s.file != nil {
		s.file.Log(context.Background(), level, text, keys...)
	}
	if s.log != nil {
		s.log.Log(context.Background(), level, text, keys...)
		return
	}
	s.printLine(level, said)
}

// printLine writes a line for a person to standard error. Nobody can be told if that
// fails.
func (s *system) printLine(level slog.Level, text string) {
	fmt.Fprintln(s.Err, prefixes[level]+text)
}

// logJSON has all that is said written as JSON.
func (s *system) logJSON() { s.log = newLogger(s.Err, "json") }

func (s *system) info(format string, args ...any) {
	s.say(slog.LevelInfo, fmt.Sprintf(format, args...))
}

func (s *system) warn(format string, args ...any) {
	s.say(slog.LevelWarn, fmt.Sprintf(format, args...))
}

func (s *system) env(name string) string {
	value, _ := s.LookupEnv(name)
	return value
}

// width is that of the terminal at standard error; 0 where there is none.
func (s *system) width() int {
	columns, _ := sizeOn(s.Err, s.ErrTerminal)
	return columns
}

// stateDir is bulk.StateDir.
func (s *system) stateDir() string { return bulk.StateDir(s.LookupEnv) }
