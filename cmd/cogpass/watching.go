package main

import (
	"os/exec"

	"cogpass/cmd/bulk"
	"cogpass/cmd/cogpass/metrics"
	"cogpass/report"
)

// watching shows a run to Prometheus. The zero value shows it to nobody.
type watching struct {
	run  *metrics.Run
	file *metrics.File // nil: there is none
	stop func()        // ends serving; nil: nothing is served
}

// checkWatching finds what is wrong with the flags of metrics.
func (o *runOptions) checkWatching() error {
	if o.DryRun && (o.Metrics != "" || o.MetricsFile != "" || o.NotifyCommand != "") {
		return usage("--dry-run carries nothing out: --metrics, --metrics-file and --notify-command do not go with it")
	}
	if o.NotifyCommand == "" {
		return nil
	}
	args, err := arguments(o.NotifyCommand)
	if err == nil {
		_, err = exec.LookPath(args[0])
	}
	if err != nil {
		return usage("--notify-command: %w", err)
	}
	return nil
}

// openMetrics opens what --metrics and --metrics-file ask for, or says what is in
// the way of it.
func (o *runOptions) openMetrics() (w watching, err error) {
	if o.Metrics == "" && o.MetricsFile == "" {
		return w, nil
	}
	w.run = metrics.New(version)
	if o.MetricsFile != "" {
		warn := func(err error) {
			o.Screen.Say(bulk.Message{Level: bulk.Warning, Event: bulk.Note, Text: "the metrics in " + report.Visible(o.MetricsFile) + ": " + report.Visible(err.Error())})
		}
		if w.file, err = w.run.OpenFile(o.MetricsFile, o.Sandbox, warn); err != nil {
			return w, usage("--metrics-file %s: %w", report.Visible(o.MetricsFile), err)
		}
		o.Beside = append(o.Beside, bulk.File{What: "the metrics", Path: o.MetricsFile})
	}
	if o.Metrics != "" {
		address, err := metrics.Address(o.Metrics)
		if err != nil {
			return w, usage("--metrics: %w", err)
		}
		at, stop, err := w.run.Serve(address)
		if err != nil {
			return w, usage("--metrics %s: %w", report.Visible(o.Metrics), err)
		}
		w.stop = stop
		o.Screen.Say(bulk.Message{Level: bulk.Detail, Event: bulk.Note, Text: "metrics: " + at})
	}
	return w, nil
}

// said takes the name of the run from what is said before its first request.
func (w *watching) said(m *bulk.Message) {
	if w.run == nil || m.Event != bulk.RunBegins {
		return
	}
	name, _ := m.Key("run").(string)
	pool, _ := m.Key("user_pool_id").(string)
	sandbox, _ := m.Key("sandbox").(bool)
	tasks, _ := m.Key("tasks").(int64)
	pending, _ := m.Key("pending").(int64)
	w.run.Begin(name, pool, sandbox, tasks, pending)
	if w.file != nil {
		w.file.Begin()
	}
}

func (w *watching) show(p bulk.Progress) {
	if w.run != nil {
		w.run.Show(p)
	}
}

// end says with which exit code the run has ended. The metrics of a run that
// another one holds up are that one's.
func (w *watching) end(code int) {
	if w.run != nil {
		w.run.End(code)
	}
	if w.file != nil && code != exitHeld {
		w.file.End()
	}
	if w.stop != nil {
		w.stop()
	}
}
