// Package jobs reads a job file and the sources it names, checks all of it,
// and yields its tasks.
//
// # Reading a job
//
// Open reads the job file, and Job.Tasks its sources: range over Tasks.All to
// have each Task, or all that is wrong, as one *Faults at the end. What a job may
// say is in docs/job-file.md and in Schema.
//
// # What only the pool knows
//
// Tasks.Needs says whether users have to be looked up first. Who does that hands
// each task, with the user that was found, to Tasks.Judge, and the users of the
// pool to Tasks.OfPool; Tasks.End tells what is wrong then.
//
// # Passwords
//
// A Task has a PasswordRef, which says where its password is to be read, and no
// password. OpenPasswords reads them when they are needed; a Recipe makes those
// that are generated. A Secret shows itself to nobody but who calls Reveal.
//
// # Adding to it
//
// A new kind of source is an entry of sourceKinds, and a new action one of the
// table in action.go.
//
// Invariants: tasks are yielded only until the first fault; a fault has a place
// and never shows a password; memory holds a window of each source and 8 bytes
// for each name, but all of standard input.
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
	"time"

	"cogpass/jobs/yamldoc"
)

// Options says what a job may use apart from its files. The zero value works.
type Options struct {
	Stdin      io.Reader                   // for a source "-"; nil: such a source is a fault
	LookupEnv  func(string) (string, bool) // for {env: NAME}; nil: such a password is a fault
	UserPoolID string                      // if not empty, beats the job's
	Region     string                      // if not empty, must be the pool's
	Profile    string                      // if not empty, beats the job's
	NamePool   bool                        // where the job's name has no {pool}, it gets one at its end
	RoleARN    string                      // if not empty, beats that of the job's role
	// CheckReport returns what is wrong with the path of a report. Its error is
	// shown with the place, and must not show the path. If nil, any path will do.
	CheckReport func(path string) error
	// CheckRecipient returns what is wrong with a recipient of age, and a hint. It
	// must not show the text. If nil, what begins as one will do.
	CheckRecipient func(text string) (message, hint string)
	Salt           []byte // for OpenPasswords: Job.Salt, when the plan was made

	Now            func() time.Time // what an age such as 90d is counted from, once; nil: time.Now
	Protect        *Protect         // users that are not touched; nil: none
	AllowProtected []string         // names of those that may be touched all the same
}

// Job is a job file that was read. Its faults are reported together with those of
// its sources, at the end of Tasks.All. Reading tasks does not change a Job,
// except that standard input is read once. Use it from one goroutine.
type Job struct {
	Path        string // of the job file
	Name        string // of the file, where the job gives none
	UserPoolID  string
	Region      string // the pool's
	Account     string // the only one that the job may act in; empty: any
	Credentials Credentials
	Where       Where
	Handoff     Handoff // of generated passwords
	Check       *Check  // of new permanent passwords; nil: none
	Limits      Limits
	Retry       Retry
	Report      []string // paths, as written
	Digest      string   // of the job file: "hmac-sha256:" and its HMAC under Salt, in hexadecimal
	Salt        []byte   // random key of all digests and marks, without which they confirm no guess of a password

	// PasswordPolicy is what the job says that the pool asks of passwords; nil: nothing.
	PasswordPolicy *Policy

	opt      Options
	sources  []Source // as far as known before they are read
	warnings []Fault
	defaults defaults
	users    []part
	excludes []part
	maxUsers Place  // where the job says it
	text     []byte // of the job file

	handoffAt      Place // where the job says it
	checkAt        Place
	caseSensitive  bool
	onImpossible   choice
	allowFederated choice
	now            time.Time
	faults         Faults
	stdin          *stdinText
}

// Stdin returns the text that was read from standard input, for OpenPasswords in
// the same process, or nil if none was read.
func (j *Job) Stdin() io.Reader {
	if j.stdin.done == nil {
		return nil
	}
	<-j.stdin.done
	return bytes.NewReader(j.stdin.text)
}

// maxJobFile bounds the job file, all of which is held in memory.
const maxJobFile = 8 << 20

// Open reads a job file. It fails, with a *Faults, only if the file cannot be
// used at all; Tasks reports all other faults.
func Open(path string, opt Options) (*Job, error) {
	text, err := readWhole(path, "job")
	if err != nil {
		return nil, err
	}
	j := &Job{Path: path, Salt: make([]byte, 16), opt: opt, stdin: &stdinText{}}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	j.now = opt.Now().UTC()
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
	j.addProtect(opt.Protect)
	slices.SortStableFunc(d.faults.List, func(a, b Fault) int { return comparePlaces(a.Place, b.Place) })
	j.faults = d.faults
	return j, nil
}

// readWhole reads a job file, or another that is as small.
func readWhole(path, what string) ([]byte, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, unusable(path, "cannot read the "+what+": "+reasonOf(err), hintOf(err))
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxJobFile+1))
	switch {
	case err != nil:
		return nil, unusable(path, "cannot read the "+what+": "+reasonOf(err), "")
	case len(text) > maxJobFile:
		return nil, unusable(path, fmt.Sprintf("a %s file of more than %d MiB", what, maxJobFile>>20), "put the users into a csv or jsonl source")
	case len(bytes.TrimSpace(text)) == 0:
		return nil, unusable(path, "the "+what+" file is empty", "")
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

// warn adds one warning if the job file holds passwords.
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
