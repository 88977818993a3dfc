package runfile

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
)

// TestErrorOfTwoKindsHasOneHint: which hint it is does not depend on the order
// of a map.
func TestErrorOfTwoKindsHasOneHint(t *testing.T) {
	for range 20 {
		err := wrap("a.run", "opening it", join(fmt.Errorf("%w: x", ErrIO), fmt.Errorf("%w: y", ErrDamaged), syscall.ENOSPC))
		var known *Error
		if !errors.As(err, &known) || known.Hint != hintOf(ErrDamaged) {
			t.Fatalf("got %v with hint %q, want that of a damaged file", err, known.Hint)
		}
	}
}

func TestJoinedErrorIsOneLine(t *testing.T) {
	err := wrap("a.run", "closing it", join(errors.New("one"), nil, ErrIO))
	if got, want := err.Error(), "run file a.run: closing it: one; reading or writing it failed"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(err, ErrIO) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %q, want ErrIO in one line", err)
	}
	if join(nil, nil) != nil {
		t.Error("nothing joined is an error")
	}
}

func TestKindsAllHaveHints(t *testing.T) {
	for _, k := range kinds {
		if k.hint == "" || hintOf(k.err) != k.hint {
			t.Errorf("%v has no hint of its own", k.err)
		}
	}
}
