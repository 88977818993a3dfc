package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"

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
func (s *system) printLine(level slog.Level, text string) { fmt.Fprintln(s.Err, prefixes[level]+text) }

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
func (s *system) width() int { return widthOf(s.Err, s.ErrTerminal) }

// stateDir returns the folder of run files and locks: the platform's own place
// for what a program keeps and a user does not edit; empty where no home folder
// is known.
func (s *system) stateDir() string {
	if dir := s.env("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "cogpass")
	}
	var dir string
	switch runtime.GOOS {
	case "windows":
		dir = s.env("LocalAppData")
	case "darwin":
		if home := s.env("HOME"); home != "" {
			dir = filepath.Join(home, "Library", "Application Support")
		}
	default:
		if home := s.env("HOME"); home != "" {
			dir = filepath.Join(home, ".local", "state")
		}
	}
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "cogpass")
}

// protectFile is the list of users that no job acts on: the one that
// COGPASS_PROTECT names, whether it is there or not, or else the one in the
// folder of settings, where there is one.
func (s *system) protectFile() string {
	if named := s.env("COGPASS_PROTECT"); named != "" {
		return named
	}
	dir := s.env("XDG_CONFIG_HOME")
	switch {
	case filepath.IsAbs(dir):
	case runtime.GOOS == "windows":
		dir = s.env("AppData")
	case s.env("HOME") == "":
		return ""
	case runtime.GOOS == "darwin":
		dir = filepath.Join(s.env("HOME"), "Library", "Application Support")
	default:
		dir = filepath.Join(s.env("HOME"), ".config")
	}
	path := filepath.Join(dir, "cogpass", "protect.yaml")
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) || dir == "" {
		return ""
	}
	return path // and what is wrong with it is said when it is read
}
