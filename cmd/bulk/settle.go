package bulk

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"cogpass/report"
	"cogpass/runner/runfile"
)

// nothingLeft ends a run that has nothing to do. One that was cut off after its
// last outcome has not been ended yet, nor reported; one that has ended may be
// asked for another report.
func (p *Plan) nothingLeft() (*Ended, error) {
	p.opt.detail("nothing is left to do")
	if p.Info.State != runfile.Done {
		return p.settle(nil, false)
	}
	count, err := p.file.Count()
	var reports []string
	if err == nil && p.opt.Report != nil {
		reports, err = p.writeReports(&p.Info)
	}
	return p.ended(count, reports), err
}

// ended is how the run ended. What cannot be read of its results is in no
// figure: the run has ended all the same.
func (p *Plan) ended(count runfile.Counts, reports []string) *Ended {
	e := &Ended{RunFile: p.path, Info: p.Info, Counts: count, Reports: reports}
	e.Figures.Ending = endingOf(&p.Info, p.Info.State.String(), &count)
	_ = e.Figures.read(p.file.Results())
	return e
}

// settle writes the run's reports and records how it ended. It is done when
// its reports are: one that is killed before will write them when it is run
// again.
func (p *Plan) settle(stopped error, interrupted bool) (*Ended, error) {
	count, err := p.file.Count()
	if err != nil {
		return nil, err
	}
	state, reason := runfile.Done, ""
	switch {
	case interrupted:
		state = runfile.Interrupted
	case stopped != nil:
		state, reason = runfile.Stopped, report.Visible(stopped.Error())
	}
	info, err := p.file.Info()
	if err != nil {
		return nil, err
	}
	info.State, info.Reason, info.FinishedAt = state, reason, time.Now() // as the run file will have it
	if state != runfile.Done {                                           // its reports may be written again
		if err := p.file.SetStateAt(state, reason, info.FinishedAt); err != nil {
			return nil, p.unrecorded(err)
		}
	}
	reports, written := p.writeReports(&info)
	switch {
	case stopped != nil && written != nil:
		p.opt.warn("%s", report.Visible(written.Error()))
	case stopped == nil && written != nil:
		stopped, state, reason = written, runfile.Stopped, report.Visible(written.Error())
	}
	if state == runfile.Done || written != nil {
		if err := p.file.SetStateAt(state, reason, info.FinishedAt); err != nil {
			return nil, p.unrecorded(err)
		}
	}
	if p.Info, err = p.file.Info(); err != nil {
		return nil, err
	}
	return p.ended(count, reports), stopped
}

// writeReports writes all reports that can be written, and returns their paths.
func (p *Plan) writeReports(info *runfile.Info) (written []string, failed error) {
	targets, err := p.reportTargets()
	if err != nil {
		return nil, err
	}
	run, err := reportRun(info, p.file, p.path)
	if err != nil {
		return nil, err
	}
	for _, t := range targets {
		if err := report.WriteFile(t.path, t.format, run, p.file.Results()); err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", t.asked, err))
			continue
		}
		p.opt.event(Detail, ReportWritten, "report: "+report.Visible(t.path), "path", t.path)
		written = append(written, t.path)
	}
	if failed != nil {
		return written, &Error{Unreported, p.path, failed}
	}
	return written, nil
}

// headOf is what reports say of a run, but for what its file alone tells.
func headOf(info *runfile.Info) report.Run {
	return report.Run{
		Name: info.Name, UserPoolID: info.UserPoolID, PoolName: info.PoolName, Region: info.Region,
		Account: info.Account, Actor: info.Actor, JobDigest: info.JobDigest, PlanDigest: info.PlanDigest,
		ToolVersion: info.ToolVersion, CreatedAt: info.CreatedAt, StartedAt: info.StartedAt, FinishedAt: info.FinishedAt,
		State: info.State.String(), StopReason: info.Reason, AskedRate: info.AskedRate, Tasks: info.Tasks, Sandbox: BegunInSandbox(info),
	}
}

// reportRun is what reports say of a run.
func reportRun(info *runfile.Info, file *runfile.File, path string) (report.Run, error) {
	run := headOf(info)
	run.File = filepath.Base(path)
	samples, err := file.Samples()
	if err != nil {
		return run, err
	}
	for _, s := range samples {
		run.Samples = append(run.Samples, report.Sample{At: s.At, Span: s.Span, Asked: s.Asked, Rate: s.Rate, Requests: s.Requests, Throttled: s.Throttled})
	}
	return run, nil
}
