package metrics

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/common/expfmt"

	"cogpass/report"
)

// writeEvery is how often a file is written while the run goes on.
const writeEvery = 15 * time.Second

// File has the metrics of a run written to a file that the node exporter's textfile
// collector reads.
type File struct {
	run  *Run
	path string
	was  string // the name of the run that the file had

	stop chan struct{}
	over sync.WaitGroup
	told sync.Once
	warn func(error)
}

var (
	lastSuccess = regexp.MustCompile(`(?m)^cogpass_run_last_success_timestamp_seconds\{run="([a-z0-9-]+)"\} (\S+)$`)
	lastName    = regexp.MustCompile(`(?m)^cogpass_run_update_timestamp_seconds\{run="([a-z0-9-]+)"\} `)
)

// OpenFile finds out whether a file can be written, and takes over what it knows of
// the run before: when that was a success. What is no file of metrics is
// left alone, and what a real run has left is no sandbox's.
func (r *Run) OpenFile(path string, sandbox bool, warn func(error)) (*File, error) {
	if filepath.Ext(path) != ".prom" {
		return nil, errors.New("its name has to end in .prom, or the collector does not read it")
	}
	f := &File{run: r, path: path, stop: make(chan struct{}), warn: warn}
	text, err := os.ReadFile(path)
	switch {
	case err == nil && len(text) > 0 && !strings.HasPrefix(string(text), "# HELP cogpass_"):
		return nil, errors.New("there is a file already, and it holds other metrics")
	case err == nil && sandbox && strings.Contains(string(text), `sandbox="false"`):
		return nil, errors.New("it holds the metrics of a real run, which one in the sandbox does not replace")
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, reason(err)
	}
	if found := lastName.FindSubmatch(text); found != nil {
		f.was = string(found[1])
	}
	if found := lastSuccess.FindSubmatch(text); found != nil {
		r.mu.Lock()
		r.success, _ = strconv.ParseFloat(string(found[2]), 64)
		r.mu.Unlock()
	}
	r.mu.Lock()
	r.sandbox = sandbox
	r.mu.Unlock()
	temp, err := os.CreateTemp(filepath.Dir(path), ".cogpass-*.tmp")
	if err != nil {
		return nil, reason(err)
	}
	return f, errors.Join(temp.Close(), os.Remove(temp.Name()))
}

func reason(err error) error {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	return err
}

// Begin writes the file now and again, from when the run has begun, until End.
func (f *File) Begin() {
	f.forgetOther()
	f.write()
	f.over.Go(func() {
		tick := time.NewTicker(writeEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				f.write()
			case <-f.stop:
				return
			}
		}
	})
}

// forgetOther drops when a run of another name was a success.
func (f *File) forgetOther() {
	f.run.mu.Lock()
	defer f.run.mu.Unlock()
	if f.was != "" && f.was != f.run.name {
		f.run.success = 0
	}
}

// End writes the file for the last time. A run that did not begin is called as the one
// before was.
func (f *File) End() {
	close(f.stop)
	f.over.Wait()
	f.run.mu.Lock()
	if f.run.name == "" {
		f.run.name = f.was
	}
	nobody := f.run.name == ""
	f.run.mu.Unlock()
	if !nobody {
		f.write()
	}
}

// write replaces the file in one step. It is for all to read, as the collector is
// another user. What cannot be written is told once.
func (f *File) write() {
	err := report.Replace(f.path, 0o644, func(w io.Writer) error {
		families, err := f.run.registry().Gather()
		for _, family := range families {
			if _, err := expfmt.MetricFamilyToText(w, family); err != nil {
				return err
			}
		}
		return err
	})
	if err != nil {
		f.told.Do(func() { f.warn(reason(err)) })
	}
}
