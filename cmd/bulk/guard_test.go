package bulk

import (
	"context"
	"errors"
	"strings"
	"testing"

	"cogpass/runner"
)

// breaking is a directory with a fault of its own.
type breaking struct{ directory }

func (breaking) Do(_ context.Context, t runner.Task) (runner.Answer, error) {
	panic("Secret-Passw0rd-1 of " + t.Username)
}

// A panic in a request leaves it in doubt, stops the run, says where, and shows
// no value.
func TestPanicStopsTheRun(t *testing.T) {
	ctx, stop := context.WithCancelCause(t.Context())
	_, err := steady{breaking{}, stop}.Do(ctx, runner.Task{Username: "ana"})
	var fault *runner.Error
	if !errors.As(err, &fault) || fault.Class != runner.InDoubt {
		t.Errorf("got %#v, want an error in doubt", err)
	}
	var ours *Error
	if cause := context.Cause(ctx); !errors.As(cause, &ours) || ours.Kind != Internal {
		t.Fatalf("got the cause %v, want one of kind Internal", cause)
	}
	if got := ours.Error(); !strings.HasPrefix(got, "internal error: a panic at guard_test.go:") || strings.Contains(got, "Passw0rd") {
		t.Errorf("got %q, want its place and no value", got)
	}
}
