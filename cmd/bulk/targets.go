package bulk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner/runfile"
)

// A reportTarget is where a report goes.
type reportTarget struct {
	asked  string // as the job or the options have it
	path   string
	format report.Format
}

// reportTargets are where the reports go, as the job or Options.Report asks for
// them.
func (p *Plan) reportTargets() ([]reportTarget, error) {
	paths := p.Info.Report
	if p.opt.Report != nil {
		paths = p.opt.Report
	}
	var targets []reportTarget
	for _, asked := range paths {
		path, err := report.ExpandPath(asked, p.Info.Name, p.Info.UserPoolID, p.Info.CreatedAt)
		if err != nil {
			return nil, badReport(asked, err)
		}
		format, err := report.FormatOf(path)
		if err != nil {
			return nil, badReport(asked, err)
		}
		if p.opt.Report == nil && !filepath.IsAbs(path) {
			path = filepath.Join(p.Info.JobDir, path)
		}
		targets = append(targets, reportTarget{asked, absolute(path), format})
	}
	return targets, nil
}

func badReport(asked string, err error) error {
	return fail(BadReport, "report %s: %w", report.Visible(asked), err)
}

// checkReports refuses, before anything is sent, a report that would replace
// what the run is made from or another report, or that could not be written.
func (p *Plan) checkReports(ctx context.Context) error {
	targets, err := p.reportTargets()
	if err != nil {
		return err
	}
	exists := false
	for i, t := range targets {
		if what := p.overwritten(t.path); what != "" {
			return badReport(t.asked, fmt.Errorf("it would replace %s", what))
		}
		for _, other := range targets[:i] {
			if sameFile(t.path, other.path) && !isDevice(t.path) {
				return badReport(t.asked, fmt.Errorf("it would replace the report %s", report.Visible(other.asked)))
			}
		}
		if err := p.mayWrite(t); err != nil {
			return badReport(t.asked, err)
		}
		if _, err := os.Stat(t.path); err == nil {
			exists = true
		}
	}
	if !exists || p.Tally.Passwords() == 0 {
		return nil
	}
	return p.checkPasswordFiles(ctx, targets)
}

// checkBeside refuses what is to be written beside the run where that is one of its
// own files, or a report.
func (p *Plan) checkBeside() error {
	targets, err := p.reportTargets()
	if err != nil {
		return err
	}
	for i, file := range p.opt.Beside {
		what := p.overwritten(file.Path)
		for _, t := range targets {
			if sameFile(t.path, file.Path) {
				what = "the report " + report.Visible(t.asked)
			}
		}
		for _, other := range p.opt.Beside[:i] {
			if sameFile(other.Path, file.Path) {
				what = other.What
			}
		}
		if what != "" {
			return fail(Refused, "%s %s would spoil %s", file.What, report.Visible(file.Path), what)
		}
	}
	return nil
}

// overwritten names what a file at path would replace, of all that the run is
// made from but the files of passwords; empty where it is nothing.
func (p *Plan) overwritten(path string) string {
	if p.draft != nil || p.file != nil {
		for _, end := range []string{"", "-wal", "-shm", "-journal", ".lock"} {
			if sameFile(path, p.path+end) {
				return "the run file"
			}
		}
	}
	return overwrites(path, &p.Info, p.sources, p.passwordDirs())
}

func overwrites(path string, info *runfile.Info, sources []jobs.Source, dirs []string) string {
	if sameFile(path, filepath.Join(info.JobDir, filepath.Base(info.JobPath))) {
		return "the job file"
	}
	for _, source := range sources {
		if source.Path == "-" && sameFile(path, "/dev/stdin") && !isDevice(path) {
			return "standard input"
		}
		for _, dir := range dirs {
			if source.Path != "-" && sameFile(path, within(dir, source.Path)) {
				return "the source " + report.Visible(source.Path)
			}
		}
	}
	return ""
}

// checkPasswordFiles refuses a report that would replace the file that a
// password is in. There may be one for each user, so none is kept.
func (p *Plan) checkPasswordFiles(ctx context.Context, targets []reportTarget) error {
	dirs, last := p.passwordDirs(), ""
	for task, err := range p.tasks(ctx) {
		if err != nil {
			return err
		}
		name := task.Password.Name
		if task.Password.Kind != jobs.FilePassword || name == last {
			continue
		}
		last = name
		for _, t := range targets {
			for _, dir := range dirs {
				if sameFile(t.path, within(dir, name)) {
					return badReport(t.asked, fmt.Errorf("it would replace the password file %s", report.Visible(name)))
				}
			}
		}
	}
	return nil
}

// within is a path that may be relative to a folder.
func within(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// sameFile reports whether two paths are one file, by whatever links, also
// where it is yet to be made.
func sameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	switch {
	case errA == nil && errB == nil:
		return os.SameFile(infoA, infoB)
	case errA == nil || errB == nil:
		return false
	}
	a, b = realPath(a), realPath(b)
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" { // may take them for one name
		return strings.EqualFold(a, b)
	}
	return a == b
}

// realPath is where a file would be made.
func realPath(path string) string {
	path = absolute(path)
	for range 40 { // as many links as a system follows
		link, err := os.Readlink(path)
		if err != nil {
			break
		}
		path = within(filepath.Dir(path), link)
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		return filepath.Join(dir, filepath.Base(path))
	}
	return path
}

func isDevice(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.Mode().IsRegular()
}

// mayWrite finds out whether a report can be written, and is nobody else's.
func (p *Plan) mayWrite(t reportTarget) error {
	info, err := os.Stat(t.path)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return reasonOf(err)
	case err == nil && info.IsDir():
		return errors.New("it is a folder")
	case err == nil && info.Mode()&fs.ModeNamedPipe != 0:
		return nil // its reader may come later
	case err == nil && !info.Mode().IsRegular():
		return writeNothing(t.path)
	case err == nil && p.opt.Sandbox:
		ours := p.Info.State != runfile.Planned && info.ModTime().After(p.Info.StartedAt)
		if !ours && !ofSandbox(t.path, t.format) {
			return errors.New("there is a file already, and it is no report of a run in the sandbox")
		}
	}
	folder := filepath.Dir(realPath(t.path))
	for {
		info, err := os.Stat(folder)
		if err == nil && !info.IsDir() {
			return fmt.Errorf("%s is not a folder", report.Visible(folder))
		}
		if parent := filepath.Dir(folder); errors.Is(err, fs.ErrNotExist) && parent != folder {
			folder = parent // what is missing will be made
			continue
		}
		break
	}
	temp, err := os.CreateTemp(folder, ".cogpass-*.tmp")
	if err != nil {
		return fmt.Errorf("its folder cannot be written: %w", reasonOf(err))
	}
	return errors.Join(temp.Close(), os.Remove(temp.Name()))
}

// writeNothing finds out whether a device takes what is written to it.
func writeNothing(path string) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return reasonOf(err)
	}
	if _, err := file.Write(nil); err != nil {
		file.Close()
		return reasonOf(err)
	}
	return file.Close()
}

// reasonOf is why an operation on a file failed, without the path.
func reasonOf(err error) error {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	return err
}
