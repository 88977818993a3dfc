package jobs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Protect is a list of users that no job acts on.
type Protect struct {
	Path    string
	guards  []part
	sources []Source
}

var protectKeys = []string{"version", "protect"}

// ParseProtect reads such a list: a YAML file with version: 1 and protect, whose
// entries are those of a job's exclude. Paths are relative to it. The error is a
// *Faults, or fs.ErrNotExist where there is no such file.
func ParseProtect(path string) (*Protect, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", Visible(path), fs.ErrNotExist)
	}
	text, err := readWhole(path, "protect")
	if err != nil {
		return nil, err
	}
	root, err := parseJobFile(path, text)
	if err != nil {
		return nil, err
	}
	d := decoder{job: &Job{Path: path, sources: []Source{{Kind: JobSource}}}, stdinUsed: true}
	if fields, ok := d.fields(root, "the file", protectKeys); ok {
		d.decodeVersion(root, fields)
		if f, ok := fields["protect"]; ok {
			d.decodeGuards(f.value, "protect")
		} else {
			d.fault(root, "list usernames, {group: NAME}, {filter: TEXT} or {csv: PATH} under protect", "no protect")
		}
	}
	if err := d.faults.OrNil(); err != nil {
		return nil, err
	}
	p := &Protect{Path: path, guards: d.job.excludes, sources: d.job.sources[1:]}
	for i := range p.guards {
		of := &p.guards[i]
		of.protect = true
		if file, ok := of.source.(*fileSource); ok {
			file.path = absolute(d.job.resolve(file.path)) // a job's are relative to the job
			p.sources[of.index-1].Path = file.path
		}
	}
	return p, nil
}

// Guards returns the tasks of no job, with the list alone: for a plan that was
// made before. Read it with All, give Guard what Needs asks for, and then ask
// Protects.
func (p *Protect) Guards(ctx context.Context, allowed []string) *Tasks {
	j := &Job{Path: p.Path, Salt: make([]byte, 16), sources: []Source{{Kind: JobSource}}, opt: Options{AllowProtected: allowed}, stdin: &stdinText{}}
	j.addProtect(p)
	return j.Tasks(ctx)
}

// Protects reports whether a user that has these names must not be touched.
func (t *Tasks) Protects(names ...string) bool { return t.guardOf(names...) != "" }

// addProtect puts the list behind the job's own guards.
func (j *Job) addProtect(p *Protect) {
	if p == nil {
		return
	}
	before := len(j.sources) - 1
	for _, of := range slices.Clone(p.guards) {
		if of.index > 0 {
			of.index += before
		}
		j.excludes = append(j.excludes, of)
	}
	j.sources = append(j.sources, p.sources...)
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
