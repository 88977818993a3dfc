package bulk

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	"cogpass/runner"
)

// directory is what a run acts on.
type directory interface {
	runner.Directory
	runner.Looker
}

// steady is a directory of which a fault of our own, or of a library's, ends
// the run as it should end: recorded, and with what was in flight in doubt.
type steady struct {
	directory
	stop context.CancelCauseFunc
}

func (d steady) Do(ctx context.Context, t runner.Task) (a runner.Answer, err error) {
	defer d.caught(&err)
	return d.directory.Do(ctx, t)
}

func (d steady) Look(ctx context.Context, username string) (s runner.Sight, err error) {
	defer d.caught(&err)
	return d.directory.Look(ctx, username)
}

func (d steady) caught(err *error) {
	if value := recover(); value != nil {
		broken := Broken(value)
		d.stop(broken)
		*err = &runner.Error{Message: broken.Error()} // in doubt
	}
}

// Broken makes an error of what recover has returned: of kind Internal, with
// the place, and without a value that may hold a secret. It is to be called
// from the deferred function itself, or from one that this calls.
func Broken(value any) error {
	what := "a panic"
	if err, is := value.(runtime.Error); is { // such as an index that is out of range
		what = err.Error()
	}
	return &Error{Kind: Internal, Err: errors.New("internal error: " + what + placeOfPanic())}
}

// placeOfPanic is where the panic came from, as far as that can be told.
func placeOfPanic() string {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	for panicked := false; ; {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			panicked = true
		case panicked && !strings.HasPrefix(frame.Function, "runtime."):
			return fmt.Sprintf(" at %s:%d", filepath.Base(frame.File), frame.Line)
		}
		if !more {
			return ""
		}
	}
}
