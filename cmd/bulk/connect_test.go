package bulk

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// said keeps what is said to it.
type said struct {
	mu    sync.Mutex
	texts []string
}

func (s *said) Say(m Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.texts = append(s.texts, m.Text)
}
func (s *said) Show(Progress) {}
func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.texts, "\n")
}

// A question that gets no answer ends when its time is over, and it is said
// what is waited for.
func TestWaitForAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		screen := new(said)
		p := &Plan{opt: &Options{Screen: screen}}
		began := time.Now()
		err := p.waitFor(t.Context(), "an answer", 30*time.Second, func(ctx context.Context) error {
			<-ctx.Done()
			return context.Cause(ctx)
		})
		if took := time.Since(began); took != 30*time.Second || err == nil || err.Error() != "no answer within 30s" {
			t.Errorf("got %v after %s", err, took)
		}
		if got, want := screen.String(), "waiting for an answer, 30s at most"; got != want {
			t.Errorf("got %q said, want %q", got, want)
		}
	})
}

// An interrupt ends a question, and is why it ended.
func TestWaitForInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		interrupted := errors.New("interrupted")
		time.AfterFunc(time.Second, func() { cancel(interrupted) })
		p := &Plan{opt: &Options{Screen: noScreen{}}}
		err := p.waitFor(ctx, "an answer", 30*time.Second, func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		})
		if err != interrupted {
			t.Errorf("got %v, want the interrupt", err)
		}
	})
}
