package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cogpass/jobs"
)

// hungStore is a hand-off whose program does not end for some users, in some phases.
type hungStore struct {
	hangs func(phase, username string) bool
	mu    sync.Mutex
	calls map[string]int // by phase and user
}

func (h *hungStore) phase(ctx context.Context, phase string, to Handover) (Answer, error) {
	h.mu.Lock()
	h.calls[phase+" "+to.Username]++
	h.mu.Unlock()
	if !h.hangs(phase, to.Username) {
		return Answer{}, nil
	}
	if err := wait(ctx, 2*time.Second); err != nil {
		return Answer{}, err
	}
	return Answer{}, &Error{Class: Hung, Message: "did not end within 2s, and was killed"}
}

func (h *hungStore) Prepare(ctx context.Context, to Handover) (Answer, error) {
	return h.phase(ctx, "prepare", to)
}
func (h *hungStore) Confirm(ctx context.Context, to Handover) (Answer, error) {
	return h.phase(ctx, "confirm", to)
}
func (h *hungStore) Abandon(ctx context.Context, to Handover) (Answer, error) {
	return h.phase(ctx, "abandon", to)
}

// generated has tasks set passwords that are made for them.
func generated(opt Options, h *hungStore) Options {
	n := 0
	opt.Handoff, opt.HandoffTimeout = h, time.Minute
	opt.Generate = func(Task) (string, jobs.Secret, error) {
		n++
		return fmt.Sprintf("00000000-0000-4000-8000-%012d", n), jobs.NewSecret(fmt.Sprint("made ", n)), nil
	}
	return opt
}

// A program that does not end for some is started twice for each of them at
// most, fails their tasks before anything is sent, and is no outage.
func TestHungProgram(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(60)
		h := &hungStore{calls: map[string]int{}, hangs: func(phase, username string) bool {
			return phase == "prepare" && username < "u00009" || phase == "confirm" && username == "u00010"
		}}
		opt := generated(Options{Rate: 50, Journal: &journal{}, Notice: func(n Notice) { t.Errorf("it was said: %v", n) }}, h)
		start := time.Now()
		got, err := run(t, t.Context(), p, func(yield func(Task, error) bool) {
			for task := range tasks {
				task.Action, task.Generated = jobs.SetPermanent, true
				if !yield(task, nil) {
					return
				}
			}
		}, opt)
		if err != nil || len(got) != 60 {
			t.Fatalf("%d results: %v", len(got), err)
		}
		for name, r := range got {
			switch {
			case name < "u00009":
				if r.Outcome != Failed || p.users[name].calls > 0 || h.calls["prepare "+name] != 2 || !strings.Contains(r.Beside[0].Reason, "did not end") {
					t.Errorf("%s: %+v, %d starts", name, r, h.calls["prepare "+name])
				}
			case r.Outcome != OK:
				t.Errorf("%s: %+v", name, r)
			case name == "u00010" && (r.Beside[1].Outcome != Unknown || h.calls["confirm "+name] != 2):
				t.Errorf("%s: %+v, %d starts", name, r, h.calls["confirm "+name])
			}
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// One that ends for nobody stops the run, and all that is not done is pending.
func TestHungForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(500)
		h := &hungStore{calls: map[string]int{}, hangs: func(string, string) bool { return true }}
		got, err := run(t, t.Context(), p, func(yield func(Task, error) bool) {
			for task := range tasks {
				task.Action, task.Generated = jobs.SetPermanent, true
				if !yield(task, nil) {
					return
				}
			}
		}, generated(Options{Rate: 50, Journal: &journal{}, Notice: func(n Notice) { t.Errorf("it was said: %v", n) }}, h))
		var stopped *Stopped
		if !errors.As(err, &stopped) || stopped.Class != Hung || len(p.sent) > 0 || len(got) > 0 {
			t.Errorf("got %v, %d results, %d requests", err, len(got), len(p.sent))
		}
	})
}
