package jobs

import (
	"fmt"
	"strings"
)

// Fault is one thing that is wrong with a job, and where. Its texts show keys,
// headers and values only if they are within one edit of a word that a job may
// have, for any other may be a password in the wrong place. They are safe to
// print: what a terminal would act on is escaped.
type Fault struct {
	Place
	Message string
	Hint    string // what to do about it; may be empty
	Path    string // of keys in the job file, as "users #2, password"; may be empty
}

// String returns file:line:column: path: message, as far as known.
func (f Fault) String() string {
	s := ""
	if f.File != "" {
		s = Visible(f.Place.String()) + ": "
	}
	if f.Path != "" {
		s += f.Path + ": "
	}
	return s + f.Message
}

// Advice returns String and the hint on one line, for a warning.
func (f Fault) Advice() string {
	if f.Hint == "" {
		return f.String()
	}
	return f.String() + ": " + f.Hint
}

// Error returns String: a single Fault is an error too.
func (f Fault) Error() string { return f.String() }

// maxFaults is how many faults are kept; the rest are counted.
const maxFaults = 20

// Faults is the error of a job that is wrong: everything that was found, in
// the order of the job and its sources.
type Faults struct {
	List []Fault // the first 20
	More int     // how many were found beyond those
}

// Error returns the faults as lines, each with its hint.
func (f *Faults) Error() string {
	var b strings.Builder
	for i, one := range f.List {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(one.String())
		if one.Hint != "" {
			b.WriteString("\n    hint: " + one.Hint)
		}
	}
	if f.More > 0 {
		fmt.Fprintf(&b, "\nand %d more", f.More)
	}
	return b.String()
}

// Len returns how many faults were found.
func (f *Faults) Len() int { return len(f.List) + f.More }

// Add adds a fault.
func (f *Faults) Add(one Fault) {
	if len(f.List) < maxFaults {
		f.List = append(f.List, one)
		return
	}
	f.More++
}

// OrNil returns f as an error, or nil where there is no fault.
func (f *Faults) OrNil() error {
	if f.Len() == 0 {
		return nil
	}
	return f
}
