// Package jobs reads a job file and the sources it names, checks all of it,
// and yields its tasks.
//
// Invariants: a task is yielded only while no fault has been found; a fault
// has a place and never shows a password; of a source only a window is in
// memory, however long it is.
package jobs

import (
	"io"
	"iter"
)

// Options says what a job may use beside its files. The zero value works.
type Options struct {
	Stdin      io.Reader                   // for a source "-"; nil: such a source is a fault
	LookupEnv  func(string) (string, bool) // for {env: NAME}; nil: such a password is a fault
	UserPoolID string                      // if not empty, beats the job's
	Region     string                      // if not empty, beats the job's
}

// Job is a job file that was read. Its faults, if it has any, come with
// those of its sources, at the end of Tasks.
type Job struct {
	Path       string // of the job file
	Name       string
	UserPoolID string
	Region     string
	Limits     Limits
	Retry      Retry
	Report     []string // paths, as written
	Sources    []Source // the first is the job file; what Tasks finds out about the others is there once it has ended
	Warnings   []Fault
	Digest     string // "sha256:" and the digest of the job file
}

// Open reads a job file. Its error is a *Faults, of what makes the file
// unusable as a whole.
func Open(path string, opt Options) (*Job, error) { panic("to do") }

// Tasks yields each task once, in the order of the plan, numbered from 1.
// Every source is read to its last line. Once a fault is found no more tasks
// are yielded, but reading goes on to find the others, and the last pair
// carries all of them as a *Faults: tasks that came before it must not be
// acted on. Sources are read anew by each call, but standard input.
func (j *Job) Tasks() iter.Seq2[Task, error] { panic("to do") }

// Stdin returns what Tasks has read from standard input, for OpenPasswords
// in the same process, or nil where it has read nothing.
func (j *Job) Stdin() io.Reader { panic("to do") }

// Schema returns the JSON Schema (draft 2020-12) of the job file.
func Schema() []byte { panic("to do") }
