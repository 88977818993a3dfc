package main

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"cogpass/cmd/bulk"
	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner/runfile"
)

// lastRun is the name of the run that was begun latest.
const lastRun = "last"

// wanted says what a run is named for. The zero value is a look at it: runs of the
// sandbox count only where no other is meant.
type wanted struct {
	Job     bool // it is to be carried out, if it is no job: runs of the sandbox do not count
	Sandbox bool // with Job: in the sandbox; only its runs, and plans, count
	Quiet   bool // what is found is not told
}

// runFile returns the run file that an argument means: the argument itself where it
// is a path, and else the one run of the state folder that it names: by its name,
// by its name with the time, or as the last. A file that is there comes first. Of
// several runs none is chosen.
func (s *system) runFile(arg string, want wanted) (string, error) {
	dir := s.stateDir()
	if dir == "" || !isRunName(arg) {
		return arg, nil
	}
	info, err := os.Stat(arg)
	if err == nil && !info.IsDir() {
		return arg, nil
	}
	there := err == nil
	paths, err := bulk.RunFiles(dir)
	if err != nil {
		return "", err
	}
	meant := want.among(bulk.Glance(named(paths, arg)), arg)
	switch {
	case len(meant) > 1:
		return "", ambiguous(arg, meant)
	case len(meant) == 0 && (there || strings.HasSuffix(arg, ".run") || want.Job && jobFile.MatchString(arg)):
		return arg, nil // and it is told that there is no such file
	case len(meant) == 0:
		return "", want.notFound(arg, dir, paths)
	}
	if found := meant[0]; want.Job && !runfile.Is(found.Path) { // it would be taken for a job
		return "", cmp.Or(found.Err, error(&runfile.Error{Path: found.Path, Err: runfile.ErrNotRunFile}))
	}
	if !want.Quiet {
		s.info("%s is the run file %s", report.Visible(arg), report.Visible(meant[0].Path))
	}
	return meant[0].Path, nil
}

// jobFile matches the usual names of job files.
var jobFile = regexp.MustCompile(`\.(ya?ml|json)$`)

// isRunName reports whether an argument may be the name of a run: it leads to no
// other folder.
func isRunName(arg string) bool {
	return arg != "" && arg != "-" && arg != "." && arg != ".." && !strings.ContainsAny(arg, `/`+string(filepath.Separator))
}

// stamp is what stands behind a run's name in the name of its file.
var stamp = regexp.MustCompile(`-\d{8}T\d{6}Z(-\d+)?$`)

// runName is what a run file in the state folder is called: full is its name with
// the time, name without, where there is a time.
func runName(path string) (name, time, full string) {
	full = strings.TrimSuffix(filepath.Base(path), ".run")
	if at := stamp.FindStringIndex(full); at != nil {
		return full[:at[0]], full[at[0]:], full
	}
	return full, "", full
}

// named returns the run files that a name may mean: one whose own name it is, or
// else all of the name and a time. The last may be any.
func named(paths []string, name string) []string {
	name = strings.TrimSuffix(name, ".run")
	if name == lastRun {
		return paths
	}
	var found []string
	for _, path := range paths {
		short, _, full := runName(path)
		switch name {
		case full:
			return []string{path}
		case short:
			found = append(found, path)
		}
	}
	return found
}

// among returns those of the runs that are meant, the newest first. More than one
// is too many.
func (w wanted) among(runs []*bulk.Recorded, name string) []*bulk.Recorded {
	var ours, rehearsed []*bulk.Recorded
	for _, r := range runs {
		if bulk.BegunInSandbox(&r.Info) {
			rehearsed = append(rehearsed, r)
		} else {
			ours = append(ours, r)
		}
	}
	if w.Sandbox {
		planned := slices.DeleteFunc(ours, func(r *bulk.Recorded) bool { return r.Err == nil && r.Info.State != runfile.Planned })
		ours = append(rehearsed, planned...)
	} else if len(ours) == 0 && !w.Job {
		ours = rehearsed
	}
	if name == lastRun {
		return latest(ours)
	}
	slices.SortStableFunc(ours, newestFirst)
	return ours
}

// latest returns the run that was begun latest, or all that were so at once. One
// that cannot be read counts by when its file was changed: it may be the last.
func latest(runs []*bulk.Recorded) []*bulk.Recorded {
	runs = slices.DeleteFunc(runs, func(r *bulk.Recorded) bool { return r.Err == nil && r.Info.StartedAt.IsZero() })
	slices.SortStableFunc(runs, newestFirst)
	for i, r := range runs {
		if !r.When().Equal(runs[0].When()) {
			return runs[:i]
		}
	}
	return runs
}

func newestFirst(a, b *bulk.Recorded) int {
	return cmp.Or(b.When().Compare(a.When()), cmp.Compare(a.Path, b.Path))
}

// mostListed is how many runs an error lists.
const mostListed = 10

func ambiguous(name string, runs []*bulk.Recorded) error {
	list := ""
	for _, r := range runs[:min(len(runs), mostListed)] {
		list += "; " + inAWord(r)
	}
	if more := len(runs) - mostListed; more > 0 {
		list += "; and " + report.Number(int64(more)) + " more"
	}
	return withHint(exitUsage, "say which, by its name with the time, such as "+runs[0].Name(),
		"%s is the name of %s, the newest first%s", name, plural(int64(len(runs)), "run"), list)
}

// inAWord is a run in a list of several.
func inAWord(r *bulk.Recorded) string {
	said := report.Visible(r.Name()) + " (" + r.State()
	if bulk.BegunInSandbox(&r.Info) {
		said += " in the sandbox"
	}
	return said + ", " + age(time.Since(r.When())) + ")"
}

func (w wanted) notFound(name, dir string, paths []string) error {
	hint := "`cogpass status` lists the runs that there are"
	if near := nearRuns(paths, name); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, ", ") + "? " + hint
	}
	what := "no run file"
	if w.Job {
		what = "no job, no run file"
	}
	dir = report.Visible(dir)
	switch {
	case name == lastRun:
		return withHint(exitUsage, hint, "no run in %s was begun%s", dir, map[bool]string{true: " in the sandbox"}[w.Sandbox])
	case w.Job && !w.Sandbox && len(named(paths, name)) > 0: // for a job file of that name there is none
		return withHint(exitUsage, "add --sandbox to go on with it", "%s is the name of a run that was begun in the sandbox", name)
	case w.Sandbox && len(named(paths, name)) > 0:
		return withHint(exitUsage, "leave --sandbox out to go on with it", "%s is the name of a run that was begun on a pool at AWS", name)
	}
	return withHint(exitUsage, hint, "%s: there is %s of that name here, and no run in %s", name, what, dir)
}

// nearRuns returns a few names of runs that look like one.
func nearRuns(paths []string, name string) []string {
	var near []string
	for _, path := range slices.Backward(paths) {
		short, _, full := runName(path)
		for _, n := range []string{short, full} {
			if len(near) < 3 && !slices.Contains(near, n) && looksLike(strings.ToLower(n), strings.ToLower(name)) {
				near = append(near, n)
				break
			}
		}
	}
	return near
}

// looksLike reports whether a name was meant by another that begins as it does, is
// in it, or is two letters away at most.
func looksLike(name, typed string) bool {
	if len(typed) > 100 || len(name) > 300 {
		return false
	}
	if len(typed) >= 3 && strings.Contains(name, typed) || strings.HasPrefix(typed, name) {
		return true
	}
	return jobs.Distance(name, typed) <= min(2, utf8.RuneCountInString(typed)/3)
}

// age says how long ago something was.
func age(d time.Duration) string {
	unit := func(n time.Duration, word string) string { return plural(int64(n), word) + " ago" }
	switch {
	case d < time.Minute: // and one of a clock that is ahead
		return "just now"
	case d < time.Hour:
		return unit(d/time.Minute, "minute")
	case d < 48*time.Hour:
		return unit(d/time.Hour, "hour")
	}
	return unit(d/(24*time.Hour), "day")
}
