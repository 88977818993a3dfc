package bulk

import (
	"context"
	"os"
	"time"

	"cogpass/report"
	"cogpass/runner"
	"cogpass/runner/runfile"
)

// Figures are what a run has come to, for its end and its status.
type Figures struct {
	Ending   report.Ending
	Summary  report.Summary // of all tasks; zero where only what was counted is known
	Failures []report.Group // what failed or is unknown, by why; the greatest first
}

// endingOf is how a run stands by what its run file counts.
func endingOf(info *runfile.Info, state string, c *runfile.Counts) report.Ending {
	e := report.Ending{Run: headOf(info), Outcomes: c.ByOutcome, Beside: c.Beside, Running: state == runfile.Running.String()}
	e.Run.State = state
	for _, of := range c.Steps {
		e.BesideFailed = e.BesideFailed || of[failed] > 0
		e.BesideUnknown = e.BesideUnknown || of[unknown] > 0
	}
	return e
}

// read adds what only the results tell. What was read before an error counts.
func (f *Figures) read(results report.Results) error {
	var groups report.Groups
	defer func() { f.Failures = groups.Failures() }()
	for r, err := range results {
		if err != nil {
			return err
		}
		f.Summary.Add(&r)
		groups.Add(&r)
	}
	return nil
}

// Ending is how the run stands, by what its run file counts.
func (r *Recorded) Ending() report.Ending { return endingOf(&r.Info, r.State(), &r.Counts) }

// Figures reads all results. Of those that cannot be read any more the error
// tells the first, of kind Damaged; the figures are of the others.
func (r *Recorded) Figures(ctx context.Context) (f Figures, err error) {
	f.Ending = r.Ending()
	var damage error
	if err := f.read(readable(ctx, r.file.Results(), &damage)); err != nil {
		return f, err
	}
	if damage != nil {
		return f, &Error{Damaged, r.Path, damage}
	}
	return f, nil
}

// Failures yields the results of tasks that failed or are unknown, or have a
// step beside the action that did, in order of Seq. Damaged ones are left out.
func (r *Recorded) Failures(ctx context.Context) report.Results {
	return func(yield func(runner.Result, error) bool) {
		var damage error
		for result, err := range readable(ctx, r.file.Results(), &damage) {
			if err == nil && !report.Failed(&result) {
				continue
			}
			if !yield(result, err) {
				return
			}
		}
		if damage != nil {
			yield(runner.Result{}, &Error{Damaged, r.Path, damage})
		}
	}
}

// reportsWithin is how long writing the reports of a run may take after its end.
const reportsWithin = 10 * time.Minute

// Reports are the paths of the run's reports, as far as they are where its plan
// has them and were not written by another run since.
func (r *Recorded) Reports() (paths []string) {
	p := &Plan{opt: new(Options), Info: r.Info, path: r.Path}
	targets, err := p.reportTargets()
	if err != nil {
		return nil
	}
	for _, t := range targets {
		stat, err := os.Stat(t.path)
		if err != nil || r.Info.FinishedAt.IsZero() {
			continue
		}
		if age := stat.ModTime().Sub(r.Info.FinishedAt); age > -time.Second && age < reportsWithin {
			paths = append(paths, t.path)
		}
	}
	return paths
}

// Pace is how fast a run that is going on has been of late.
type Pace struct {
	Rate  float64       // requests a second
	Held  float64       // what the run is held to, by its user or by throttling; +Inf is as fast as answers come
	Left  time.Duration // until all tasks have ended
	Known bool          // whether there is any telling yet
}

// lately is how many seconds of a run tell its pace.
const lately = 30

// Pace tells from what the run has noted of its last seconds.
func (r *Recorded) Pace() (Pace, error) {
	samples, err := r.file.Samples()
	if err != nil || len(samples) == 0 {
		return Pace{}, err
	}
	recent := samples[max(0, len(samples)-lately):]
	pace := Pace{Held: recent[len(recent)-1].Rate}
	var span time.Duration
	requests, ended := int64(0), int64(0)
	for _, s := range recent {
		span += s.Span
		requests += s.Requests
		ended += s.OK + s.Failed + s.Skipped + s.Unknown
	}
	if span <= 0 {
		return pace, nil
	}
	pace.Rate = float64(requests) / span.Seconds()
	if ended > 0 {
		each := span / time.Duration(ended)
		pace.Left, pace.Known = each*time.Duration(r.Counts.ByOutcome[pending]), true
	}
	return pace, nil
}
