package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A log that cannot be written any more is told of once. What is written after a line
// that was cut begins a line of its own.
func TestLogThatCannotBeWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.log")
	if err := os.WriteFile(path, []byte(`{"time":"2026`), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path) // to read only
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var said bytes.Buffer
	log := newLogger(&logFile{sys: &system{Err: &said}, file: file, cut: endsWithin(file)}, "json")
	log.Info("one")
	log.Info("two")
	if text := said.String(); strings.Count(text, "warning: the log: ") != 1 || strings.Count(text, "\n") != 1 {
		t.Errorf("got %q, want one warning", text)
	}
	if file, err = os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0); err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	log = newLogger(&logFile{sys: &system{Err: &said}, file: file, cut: endsWithin(file)}, "json")
	log.Info("one")
	log.Info("two")
	text, err := os.ReadFile(path)
	lines := strings.Split(string(text), "\n")
	if err != nil || len(lines) != 4 || !strings.HasPrefix(lines[1], `{"time":`) || !strings.HasPrefix(lines[2], `{"time":`) || lines[3] != "" {
		t.Errorf("got %q, %v", lines, err)
	}
}
