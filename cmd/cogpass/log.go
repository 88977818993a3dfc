package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"sync"

	"cogpass/cmd/bulk"
	"cogpass/report"
)

// The events of the log that are the command line's own. Those of a run are
// bulk's, and of progress lines'.
const (
	interrupted bulk.Event = "interrupted"
	failures    bulk.Event = "failures"
	runEnded    bulk.Event = "run_ended"
	failedEvent bulk.Event = "error" // the program ends for it
)

// newLogger writes a log in one of the formats of --log-format.
func newLogger(w io.Writer, format string) *slog.Logger {
	if format == "json" {
		return slog.New(slog.NewJSONHandler(printing{w}, nil))
	}
	return slog.New(slog.NewTextHandler(w, nil)) // which quotes what does not print
}

// forPeople writes a log without what says nothing new to a person: the names of
// events, and in seconds how long the rest takes.
func forPeople(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == "event" || a.Key == "left_s" {
			return slog.Attr{}
		}
		return a
	}}))
}

// record writes a message as one line of a log.
func record(log *slog.Logger, m *bulk.Message) {
	log.Log(context.Background(), levels[m.Level], m.Text, append([]any{"event", string(m.Event)}, m.Keys...)...)
}

// logEnd tells the logs how a run has ended. A person reads it in other words.
func (o *runOptions) logEnd(a *account, code int) {
	for _, m := range a.messages(code) {
		if o.sys.of != "" {
			m = ofRun(m, o.sys.of)
		}
		if o.sys.file != nil {
			record(o.sys.file, &m)
		}
		if o.sys.log != nil && !o.Quiet {
			record(o.sys.log, &m)
		}
	}
}

// printing escapes what does not print, in JSON: encoding/json leaves sequences be
// that a terminal obeys, and marks that reorder text.
type printing struct{ io.Writer }

func (p printing) Write(text []byte) (int, error) {
	if _, err := p.Writer.Write(report.EscapeJSON(text)); err != nil {
		return 0, err
	}
	return len(text), nil
}

// logFile is the file of --log-file. What cannot be written to it is told once, and
// is no reason to stop a run.
type logFile struct {
	sys  *system
	file *os.File
	cut  bool // its last line is, by a full disk or a kill
	once sync.Once
}

func (f *logFile) Write(text []byte) (int, error) {
	if f.cut {
		text = append([]byte{'\n'}, text...)
	}
	n, err := f.file.Write(text)
	if n > 0 {
		f.cut = text[n-1] != '\n'
	}
	if err != nil {
		f.once.Do(func() { f.sys.printLine(slog.LevelWarn, "the log: "+report.Visible(err.Error())) })
	}
	return n, err
}

// openLog opens the file of --log-file, to add to. What is no log is left alone:
// lines of a log would spoil it. It stays open to the end of the process, whose
// last words it has too.
func (o *runOptions) openLog() error {
	if o.LogFile == "" {
		return nil
	}
	wrong := func(format string, args ...any) error {
		return usage("--log-file %s: "+format, append([]any{report.Visible(o.LogFile)}, args...)...)
	}
	if info, err := os.Stat(o.LogFile); err == nil && !info.Mode().IsRegular() {
		return wrong("it is no file")
	}
	file, err := os.OpenFile(o.LogFile, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return wrong("it cannot be written: %w", err)
	}
	if !isLog(file) {
		return errors.Join(wrong("there is a file already, and it is no log"), file.Close())
	}
	o.Beside = append(o.Beside, bulk.File{What: "the log", Path: o.LogFile})
	o.sys.file = newLogger(&logFile{sys: o.sys, file: file, cut: endsWithin(file)}, o.LogFormat)
	return nil
}

// endsWithin reports whether the last line of a file has no end: whatever wrote it was
// killed, or had no room.
func endsWithin(file *os.File) bool {
	var last [1]byte
	info, err := file.Stat()
	if err != nil || info.Size() == 0 {
		return false
	}
	_, err = file.ReadAt(last[:], info.Size()-1)
	return err == nil && last[0] != '\n'
}

// isLog reports whether a file is empty, or begins as a log of either format does.
func isLog(file *os.File) bool {
	var begin [8]byte
	n, err := file.ReadAt(begin[:], 0)
	if n == 0 && err == io.EOF {
		return true
	}
	text := string(begin[:n])
	return text == `{"time":` || n == len(begin) && text[:5] == "time="
}
