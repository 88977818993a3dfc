// Package jobs reads a job file and the sources it names, checks all of it,
// and yields its tasks.
//
// Begin at Open and Job.Tasks; a kind of source is an entry of sourceKinds.
//
// Invariants: a task is yielded only while no fault has been found; a fault
// has a place and never shows a password; of a source only a window is in
// memory, however long it is (of standard input, all), and 8 bytes a name.
package jobs

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"cogpass/jobs/yamldoc"
)

// Options says what a job may use beside its files. The zero value works.
type Options struct {
	Stdin      io.Reader                   // for a source "-"; nil: such a source is a fault
	LookupEnv  func(string) (string, bool) // for {env: NAME}; nil: such a password is a fault
	UserPoolID string                      // if not empty, beats the job's
	Region     string                      // if not empty, must be the pool's
	// CheckReport says what is wrong with the path of a report; nil: nothing
	// is. Its error is shown, with the place.
	CheckReport func(path string) error
	Salt        []byte // for OpenPasswords: Job.Salt, when the plan was made
}

// Job is a job file that was read. Its faults, if it has any, come with
// those of its sources, at the end of its Tasks. Walking through those does not
// change it, but for standard input; it is used from one goroutine.
type Job struct {
	Path       string // of the job file
	Name       string // of the file, where the job gives none
	UserPoolID string
	Region     string // the pool's
	Limits     Limits
	Retry      Retry
	Report     []string // paths, as written
	Digest     string   // of the job file: "hmac-sha256:" and its HMAC under Salt, in hexadecimal
	Salt       []byte   // random, of the digests of sources and the marks of passwords, so that neither confirms a guess without it

	opt      Options
	sources  []Source // what is known of them before they are read
	warnings []Fault
	defaults defaults
	users    []part
	excludes []part
	maxUsers Place  // where the job says it
	text     []byte // of the job file

	caseSensitive bool
	faults        Faults
	stdin         *stdinText
}

// Stdin returns what Tasks has read from standard input, for OpenPasswords in
// the same process, or nil where it has read nothing.
func (j *Job) Stdin() io.Reader {
	if j.stdin.done == nil {
		return nil
	}
	<-j.stdin.done
	return bytes.NewReader(j.stdin.text)
}

// maxJobFile bounds the job file, which is in memory as a whole.
const maxJobFile = 8 << 20

// Open reads a job file. Its error is a *Faults, of what makes the file
// unusable as a whole.
func Open(path string, opt Options) (*Job, error) {
	text, err := readJobFile(path)
	if err != nil {
		return nil, err
	}
	j := &Job{Path: path, Salt: make([]byte, 16), opt: opt, stdin: &stdinText{}}
	rand.Read(j.Salt) // never fails
	mac := hmac.New(sha256.New, j.Salt)
	mac.Write(text)
	digest := mac.Sum(nil)
	j.Digest = fmt.Sprintf("hmac-sha256:%x", digest)
	j.sources = []Source{{Kind: JobSource, Path: filepath.Base(path), Digest: digest, Size: int64(len(text))}}
	j.text = bytes.TrimPrefix(text, byteOrderMark)
	root, err := parseJobFile(path, j.text)
	if err != nil {
		return nil, err
	}
	d := decoder{job: j}
	d.decodeJob(root)
	d.warn()
	slices.SortStableFunc(d.faults.List, func(a, b Fault) int { return comparePlaces(a.Place, b.Place) })
	j.faults = d.faults
	return j, nil
}

func readJobFile(path string) ([]byte, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, unusable(path, "cannot read the job: "+reasonOf(err), hintOf(err))
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxJobFile+1))
	switch {
	case err != nil:
		return nil, unusable(path, "cannot read the job: "+reasonOf(err), "")
	case len(text) > maxJobFile:
		return nil, unusable(path, fmt.Sprintf("a job file of more than %d MiB", maxJobFile>>20), "put the users into a csv or jsonl source")
	case len(bytes.TrimSpace(text)) == 0:
		return nil, unusable(path, "the job file is empty", "")
	}
	return text, nil
}

func parseJobFile(path string, text []byte) (*yamldoc.Node, error) {
	if at := badByte(text); at >= 0 {
		f := Fault{Place: placeAt(path, text, at), Message: whatIsBad(text, at), Hint: "a job is a YAML file, in UTF-8"}
		return nil, &Faults{List: []Fault{f}}
	}
	root, err := yamldoc.Parse(text)
	if broken := (*yamldoc.Error)(nil); errors.As(err, &broken) {
		f := Fault{Place: Place{path, broken.Line, broken.Column}, Message: broken.Message, Hint: broken.Hint}
		return nil, &Faults{List: []Fault{f}}
	}
	if root == nil {
		return nil, unusable(path, "the job file holds nothing but comments", "")
	}
	if root.Kind != yamldoc.Mapping {
		f := Fault{Place: Place{path, root.Line, root.Column}, Message: "a job is a mapping, and this is " + kindOf(root), Hint: "begin with version: 1"}
		return nil, &Faults{List: []Fault{f}}
	}
	return root, nil
}

func unusable(path, message, hint string) error {
	return &Faults{List: []Fault{{Place: Place{File: path}, Message: message, Hint: hint}}}
}

// warn says that the job file holds passwords, once.
func (d *decoder) warn() {
	if d.literals == 0 {
		return
	}
	message := "a password stands in the job file"
	if d.literals > 1 {
		message = fmt.Sprintf("%d passwords stand in the job file; this is the first", d.literals)
	}
	d.job.warnings = append(d.job.warnings, Fault{Place: d.literal, Message: message,
		Hint: "use {env: NAME}, {file: PATH} or a column of a CSV"})
}
