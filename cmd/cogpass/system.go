package main

import (
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"runtime"
	"strings"
)

// A system is what a command has around it.
type system struct {
	In       io.Reader
	Out, Err io.Writer

	InTerminal, ErrTerminal bool

	LookupEnv func(string) (string, bool)

	log *slog.Logger // takes what is said, in place of Err, where it is not nil
}

// say writes lines to standard error. Nobody can be told if that fails.
func (s *system) say(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if s.log == nil {
		fmt.Fprintln(s.Err, text)
		return
	}
	if warning, is := strings.CutPrefix(text, "warning: "); is {
		s.log.Warn(warning)
	} else if fault, is := strings.CutPrefix(text, "cogpass: "); is {
		s.log.Error(fault)
	} else {
		s.log.Info(text)
	}
}

func (s *system) env(name string) string {
	value, _ := s.LookupEnv(name)
	return value
}

// stateDir returns the folder of run files and locks: the platform's own place
// for what a program keeps and a user does not edit.
func (s *system) stateDir() (string, error) {
	if dir := s.env("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "cogpass"), nil
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
		return "", withHint(exitFatal, "set XDG_STATE_HOME to a folder that cogpass may write to",
			"there is no folder for run files and locks: no home folder is known")
	}
	return filepath.Join(dir, "cogpass"), nil
}

// command returns a command line of this program, for a hint.
func command(args ...string) string {
	for i, a := range args {
		if strings.ContainsFunc(a, func(r rune) bool { return !plain(r) }) || a == "" {
			args[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
	}
	return "cogpass " + strings.Join(args, " ")
}

func plain(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@%+,", r)
}

// absolute returns a path that means the same from any folder, where that can be told.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
