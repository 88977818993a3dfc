package bulk

import (
	"errors"
	"fmt"
	"path/filepath"

	"cogpass/report"
	"cogpass/runner/runfile"
)

// nothingLeft ends a run that has nothing to do. One that was cut off after its
// last outcome has not been ended yet, nor reported.
func (p *Plan) nothingLeft() (*Ended, error) {
	p.opt.detail("nothing is left to do")
	if p.Info.State != runfile.Done {
		return p.settle(nil, false)
	}
	count, err := p.file.Count()
	return &Ended{p.path, p.Info, count}, err
}

// settle records how the run ended, and writes its reports.
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
	if err := p.file.SetState(state, reason); err != nil {
		return nil, p.unrecorded(err)
	}
	if p.Info, err = p.file.Info(); err != nil {
		return nil, err
	}
	written := p.writeReports()
	if stopped != nil && written != nil {
		p.opt.warn("%s", report.Visible(written.Error()))
	}
	if stopped == nil {
		stopped = written
	}
	return &Ended{p.path, p.Info, count}, stopped
}

// writeReports writes the run's reports, as the job or Options.Report asks for them.
func (p *Plan) writeReports() error {
	paths := p.Info.Report
	if p.opt.Report != nil {
		paths = p.opt.Report
	}
	var failed error
	for _, asked := range paths {
		path, err := p.writeReport(asked)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", asked, err))
			continue
		}
		p.opt.detail("report: %s", report.Visible(path))
	}
	if failed != nil {
		return &Error{Unreported, p.path, failed}
	}
	return nil
}

func (p *Plan) writeReport(asked string) (path string, err error) {
	if path, err = report.ExpandPath(asked, p.Info.Name, p.Info.CreatedAt); err != nil {
		return "", err
	}
	if p.opt.Report == nil && !filepath.IsAbs(path) {
		path = filepath.Join(p.Info.JobDir, path)
	}
	format, err := report.FormatOf(path)
	if err != nil {
		return "", err
	}
	return path, report.WriteFile(path, format, reportRun(&p.Info), p.file.Results())
}

// reportRun is what reports say of a run.
func reportRun(info *runfile.Info) report.Run {
	return report.Run{
		Name: info.Name, UserPoolID: info.UserPoolID, PoolName: info.PoolName, Region: info.Region,
		Account: info.Account, Actor: info.Actor, JobDigest: info.JobDigest, PlanDigest: info.PlanDigest,
		ToolVersion: info.ToolVersion, CreatedAt: info.CreatedAt, StartedAt: info.StartedAt, FinishedAt: info.FinishedAt,
		State: info.State.String(), StopReason: info.Reason, AskedRate: info.AskedRate, Tasks: info.Tasks,
	}
}
