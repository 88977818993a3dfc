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
	if err == nil && p.opt.Report != nil {
		err = p.writeReports(&p.Info)
	}
	return &Ended{p.path, p.Info, count}, err
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
	written := p.writeReports(&info)
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
	return &Ended{p.path, p.Info, count}, stopped
}

// writeReports writes all reports that can be written.
func (p *Plan) writeReports(info *runfile.Info) error {
	targets, err := p.reportTargets()
	if err != nil {
		return err
	}
	run, err := reportRun(info, p.file, p.path)
	if err != nil {
		return err
	}
	var failed error
	for _, t := range targets {
		if err := report.WriteFile(t.path, t.format, run, p.file.Results()); err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", t.asked, err))
			continue
		}
		p.opt.event(Detail, ReportWritten, "report: "+report.Visible(t.path), "path", t.path)
	}
	if failed != nil {
		return &Error{Unreported, p.path, failed}
	}
	return nil
}

// reportRun is what reports say of a run.
func reportRun(info *runfile.Info, file *runfile.File, path string) (report.Run, error) {
	run := report.Run{
		Name: info.Name, UserPoolID: info.UserPoolID, PoolName: info.PoolName, Region: info.Region,
		Account: info.Account, Actor: info.Actor, JobDigest: info.JobDigest, PlanDigest: info.PlanDigest,
		ToolVersion: info.ToolVersion, CreatedAt: info.CreatedAt, StartedAt: info.StartedAt, FinishedAt: info.FinishedAt,
		State: info.State.String(), StopReason: info.Reason, AskedRate: info.AskedRate, Tasks: info.Tasks, Sandbox: BegunInSandbox(info),
		File: filepath.Base(path),
	}
	samples, err := file.Samples()
	if err != nil {
		return run, err
	}
	for _, s := range samples {
		run.Samples = append(run.Samples, report.Sample{At: s.At, Span: s.Span, Asked: s.Asked, Rate: s.Rate, Requests: s.Requests, Throttled: s.Throttled})
	}
	return run, nil
}
