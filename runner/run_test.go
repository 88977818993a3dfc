package runner

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cogpass/jobs"
)

func TestOutcomes(t *testing.T) {
	long := []string{"refused", "…"}
	for _, tt := range []struct {
		name     string
		action   jobs.Action
		script   []string
		looks    []string
		before   func(u *fakeUser, call int)
		want     Outcome
		reason   string
		attempts int
		resets   int // that took effect
	}{
		{name: "ok", action: jobs.Reset, want: OK, attempts: 1, resets: 1},
		{name: "throttled", action: jobs.Reset, script: strings.Split(strings.Repeat("throttle,", 20), ","), want: OK, attempts: 21, resets: 1},
		{name: "transient", action: jobs.Reset, script: []string{"refused", "refused", "refused"}, want: OK, attempts: 4, resets: 1},
		{name: "transient for ever", action: jobs.Reset, script: long, want: Failed, reason: "gave up after 8 attempts: connection refused", attempts: 8},
		{name: "user fault", action: jobs.Reset, script: []string{"user"}, want: Failed, reason: "User is disabled.", attempts: 1},
		{name: "lambda once", action: jobs.Reset, script: []string{"lambda"}, want: OK, attempts: 2, resets: 1},
		{name: "lambda twice", action: jobs.Reset, script: []string{"lambda", "lambda"}, want: Failed, reason: "trigger failed", attempts: 2},
		{name: "history", action: jobs.SetPermanent, script: []string{"history"}, want: Failed, reason: "used before", attempts: 1},

		{name: "reset, answer lost after", action: jobs.Reset, script: []string{"lost-after"}, want: OK, attempts: 1, resets: 1},
		{name: "reset, answer lost before", action: jobs.Reset, script: []string{"lost-before"}, want: OK, attempts: 2, resets: 1},
		{name: "reset, lost before for ever", action: jobs.Reset, script: []string{"lost-before", "…"}, want: Failed, reason: "gave up after 8 attempts: EOF", attempts: 8},
		{name: "reset, lost, and looking is refused", action: jobs.Reset, script: []string{"lost-after"}, looks: []string{"refused"},
			want: Unknown, reason: "no answer came, and looking was refused: not allowed to list users", attempts: 1, resets: 1},
		{name: "reset, lost, and looks are throttled", action: jobs.Reset, script: []string{"lost-after"}, looks: []string{"throttle", "throttle"}, want: OK, attempts: 1, resets: 1},
		{name: "reset, lost, and looks bring no answer", action: jobs.Reset, script: []string{"lost-after"}, looks: []string{"500", "…"},
			want: Unknown, reason: "no answer came, nor to 8 attempts to look: oops", attempts: 1, resets: 1},
		{name: "reset, lost, and the user has confirmed the code", action: jobs.Reset, script: []string{"lost-after"},
			before: func(u *fakeUser, _ int) {
				time.AfterFunc(500*time.Millisecond, func() {
					u.mu.Lock()
					defer u.mu.Unlock()
					u.status, u.modified = Confirmed, time.Now()
				})
			},
			want: Unknown, reason: "no answer came; the user was modified since and is CONFIRMED", attempts: 1, resets: 1},

		{name: "reset, carried out, and 500", action: jobs.Reset, script: []string{"500-after"}, want: OK, attempts: 1, resets: 1},
		{name: "reset, not carried out, and 500", action: jobs.Reset, script: []string{"500"}, want: OK, attempts: 2, resets: 1},
		{name: "reset, carried out, and the answer cannot be read", action: jobs.Reset, script: []string{"unreadable"}, want: OK, attempts: 1, resets: 1},
		{name: "reset, a limit of the user", action: jobs.Reset, script: []string{"limit"}, want: Failed, reason: "Attempt limit exceeded", attempts: 1},

		{name: "set, answer lost after", action: jobs.SetPermanent, script: []string{"lost-after"}, want: OK, attempts: 2},
		{name: "set, answer lost before", action: jobs.SetTemporary, script: []string{"lost-before"}, want: OK, attempts: 2},
		{name: "set, 500", action: jobs.SetPermanent, script: []string{"500", "500-after"}, want: OK, attempts: 3},
		{name: "set, 500 for ever", action: jobs.SetPermanent, script: []string{"500", "…"}, want: Failed, reason: "gave up after 8 attempts: oops", attempts: 8},
		{name: "set, and the answers cannot be read", action: jobs.SetTemporary, script: []string{"unreadable", "…"}, want: OK, attempts: 8},
		{name: "set, lost, then the history has it", action: jobs.SetPermanent, script: []string{"lost-after", "history"}, want: OK, attempts: 2},
		{name: "set temporary, lost, then a user fault", action: jobs.SetTemporary, script: []string{"lost-after", "user"}, want: OK, attempts: 2},
		{name: "set permanent, lost, then a user fault", action: jobs.SetPermanent, script: []string{"lost-after", "user"},
			want: Unknown, reason: "User is disabled.; no answer came; the user was modified since and is CONFIRMED", attempts: 2},
		{name: "set, lost before, then a user fault", action: jobs.SetPermanent, script: []string{"lost-before", "user"}, want: Failed, reason: "User is disabled.", attempts: 2},
		{name: "set, lost before for ever", action: jobs.SetPermanent, script: []string{"lost-before", "…"}, want: Failed, reason: "gave up after 8 attempts: EOF", attempts: 8},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, tasks := newPool(1)
				p.script["u00001"], p.looks["u00001"] = tt.script, tt.looks
				u := p.users["u00001"]
				u.before = tt.before
				got, err := run(t, t.Context(), p, actions(tasks, tt.action), Options{})
				if err != nil {
					t.Fatal(err)
				}
				r := got["u00001"]
				if r.Outcome != tt.want || r.Reason != tt.reason {
					t.Errorf("got %v (%s), want %v (%s)", r.Outcome, r.Reason, tt.want, tt.reason)
				}
				if r.Attempts != tt.attempts {
					t.Errorf("got %d attempts, want %d", r.Attempts, tt.attempts)
				}
				if u.resets != tt.resets {
					t.Errorf("the user was sent %d codes, want %d", u.resets, tt.resets)
				}
				if r.Outcome == OK && r.Code != "" {
					t.Errorf("an ok result has code %s", r.Code)
				}
			})
		})
	}
}

// A set in doubt whose next attempt comes later than a minute is looked at
// first: by then the user may have chosen a password.
func TestLateSetLooksFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(1)
		p.script["u00001"] = []string{"lost-after"}
		opt := Options{Rate: 1.0 / 120} // the next slot is in two minutes
		got, err := run(t, t.Context(), p, actions(tasks, jobs.SetTemporary), opt)
		if err != nil {
			t.Fatal(err)
		}
		wantAll(t, got, 1, OK)
		if n := p.users["u00001"].sets; n != 1 {
			t.Errorf("the password was set %d times, want once", n)
		}
	})
}

func TestResumeInDoubt(t *testing.T) {
	for _, tt := range []struct {
		name     string
		action   jobs.Action
		ago      time.Duration // when the attempt in doubt began
		status   Status
		modified time.Duration // ago
		want     Outcome
		sends    int
	}{
		{"set, fresh", jobs.SetPermanent, 20 * time.Second, Confirmed, time.Hour, OK, 1},
		{"set, later, not modified", jobs.SetPermanent, time.Hour, Confirmed, 2 * time.Hour, OK, 1},
		{"set permanent, later, modified", jobs.SetPermanent, time.Hour, Confirmed, time.Minute, Unknown, 0},
		{"set temporary, later, done", jobs.SetTemporary, time.Hour, ForceChangePassword, 59 * time.Minute, OK, 0},
		{"set temporary, later, the user has signed in", jobs.SetTemporary, time.Hour, Confirmed, time.Minute, Unknown, 0},
		{"set, the clock was set back", jobs.SetPermanent, -time.Hour, Confirmed, time.Minute, OK, 1},
		{"reset, done", jobs.Reset, time.Hour, ResetRequired, 59 * time.Minute, OK, 0},
		{"reset, not done", jobs.Reset, time.Hour, Confirmed, 2 * time.Hour, OK, 1},
		{"reset, was reset before", jobs.Reset, time.Hour, ResetRequired, 2 * time.Hour, Unknown, 0},
		{"reset, the user has a new password", jobs.Reset, time.Hour, Confirmed, time.Minute, Unknown, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, _ := newPool(1)
				now := time.Now()
				u := p.users["u00001"]
				u.status, u.modified = tt.status, now.Add(-tt.modified)
				task := Task{Seq: 1, Username: "u00001", Action: tt.action, Password: jobs.NewSecret("x"), Attempts: 1,
					Doubt: &Intent{Seq: 1, Attempts: 1, Began: now.Add(-tt.ago), Slack: time.Second}}
				got, err := run(t, t.Context(), p, seq([]Task{task}), Options{Journal: &journal{}})
				if err != nil {
					t.Fatal(err)
				}
				wantAll(t, got, 1, tt.want)
				if len(p.sent) != tt.sends {
					t.Errorf("got %d requests, want %d", len(p.sent), tt.sends)
				}
				if tt.action == jobs.Reset && tt.sends > 0 && (len(p.lookedAt) != 2 || p.lookedAt[1].Sub(p.lookedAt[0]) < 5*time.Second) {
					t.Errorf("a reset was sent again after looks at %v, want two, 5 s apart", p.lookedAt)
				}
			})
		})
	}
}

func TestStop(t *testing.T) {
	for _, tt := range []struct {
		what  string
		class Class
	}{{"budget", Budget}, {"fatal", Fatal}} {
		synctest.Test(t, func(t *testing.T) {
			p, tasks := newPool(100)
			p.script["u00010"] = []string{tt.what, "…"}
			got, err := run(t, t.Context(), p, tasks, Options{})
			var stop *Stopped
			if !errors.As(err, &stop) || stop.Class != tt.class || stop.Task != "u00010" {
				t.Fatalf("got %v, want a stop by u00010", err)
			}
			wantAll(t, got, 9, OK)
			if len(p.sent) != 10 {
				t.Errorf("%d requests were sent, want none after the one that stopped the run", len(p.sent))
			}
		})
	}
}

func TestBrokenTriggerStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(1000)
		for name := range p.users {
			p.script[name] = []string{"lambda", "…"}
		}
		_, err := run(t, t.Context(), p, tasks, Options{})
		var stop *Stopped
		if !errors.As(err, &stop) || stop.Class != LambdaFault {
			t.Fatalf("got %v, want a stop", err)
		}
		if len(p.sent) != lambdaRow {
			t.Errorf("got %d requests, want %d", len(p.sent), lambdaRow)
		}
	})
}

func TestNothingButThrottlingStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(100)
		for name := range p.users {
			p.script[name] = []string{"throttle", "…"}
		}
		start := time.Now()
		got, err := run(t, t.Context(), p, tasks, Options{})
		if !errors.Is(err, ErrThrottled) {
			t.Fatalf("got %v, want %v", err, ErrThrottled)
		}
		if d := time.Since(start); d < 5*time.Minute || d > 6*time.Minute {
			t.Errorf("stopped after %v, want 5 minutes", d)
		}
		wantAll(t, got, 0, OK)
	})
}

// An interrupt lets requests in flight end, starts none, and leaves throttled
// tasks pending.
func TestInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(100)
		p.latency = 3 * time.Second
		p.script["u00001"] = []string{"throttle", "…"}
		ctx, cancel := context.WithCancelCause(t.Context())
		stop := errors.New("stop")
		time.AfterFunc(4050*time.Millisecond, func() { cancel(stop) })
		j := &journal{}
		got, err := run(t, ctx, p, tasks, Options{Journal: j, Rates: nil})
		if err != stop {
			t.Fatalf("got %v, want the cause", err)
		}
		if last := p.sent[len(p.sent)-1].Sub(p.sent[0]); last > 4050*time.Millisecond {
			t.Errorf("a request was sent at %v, want none after the interrupt", last)
		}
		wantAll(t, got, len(p.sent)-p.users["u00001"].calls, OK)
		if d := j.doubts(got); len(d) > 0 {
			t.Errorf("%d tasks are in doubt, want none", len(d))
		}
	})
}

// What does not end within the grace is cut off, and in doubt.
func TestGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, withJournal := range []bool{true, false} {
			p, tasks := newPool(3)
			p.latency = time.Hour
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			j := &journal{}
			opt := Options{Timeout: 2 * time.Hour, Grace: 10 * time.Second}
			if withJournal {
				opt.Journal = j
			}
			start := time.Now()
			got, err := run(t, ctx, p, tasks, opt)
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("got %v", err)
			}
			if d := time.Since(start); d != 11*time.Second {
				t.Errorf("ended after %v, want 11s", d)
			}
			if withJournal {
				wantAll(t, got, 0, OK)
				if d := j.doubts(got); len(d) != 3 {
					t.Errorf("%d tasks are in doubt, want 3", len(d))
				}
			} else {
				wantAll(t, got, 3, Unknown)
			}
		}
	})
}

// A look changes nothing: it is not waited for when the run is to stop.
func TestInterruptedLook(t *testing.T) {
	for _, stop := range []string{"interrupt", "answer"} {
		synctest.Test(t, func(t *testing.T) {
			p, tasks := newPool(2)
			p.latency = 18 * time.Second
			p.script["u00001"], p.script["u00002"] = []string{"lost-after"}, []string{"fatal"}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			after, opt := 30*time.Second, Options{Rate: 1.0 / 12, Attempts: 1, Journal: &journal{}} // the second's answer comes after 30 s
			if stop == "interrupt" {
				after = 25 * time.Second
				opt.Rate = 1.0 / 60
				time.AfterFunc(after, cancel)
			}
			start := time.Now()
			got, err := run(t, ctx, p, tasks, opt)
			if err == nil || len(got) > 0 {
				t.Errorf("%s: got %v and %d outcomes, want none", stop, err, len(got))
			}
			if took := time.Since(start); took != after {
				t.Errorf("%s: the run ended after %s, want %s", stop, took, after)
			}
		})
	}
}

func TestSkip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := newPool(0)
		var tasks []Task
		for i := range 1000 {
			tasks = append(tasks, Task{Seq: int64(i + 1), Username: string(rune('a' + i)), Action: jobs.Reset, Skip: "excluded"})
		}
		start := time.Now()
		got, err := run(t, t.Context(), p, seq(tasks), Options{})
		if err != nil {
			t.Fatal(err)
		}
		wantAll(t, got, 1000, Skipped)
		if time.Since(start) != 0 || len(p.sent) != 0 {
			t.Errorf("skipping took %v and %d requests", time.Since(start), len(p.sent))
		}
	})
}

func TestSourceAndEmitErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		p, tasks := newPool(10)
		_, err := run(t, t.Context(), p, func(yield func(Task, error) bool) {
			for task := range tasks {
				if task.Seq == 5 {
					yield(Task{}, broken)
					return
				}
				if !yield(task, nil) {
					return
				}
			}
		}, Options{})
		if err != broken {
			t.Errorf("got %v, want the source's error", err)
		}
		p, tasks = newPool(1000)
		err = Run(t.Context(), p, tasks, Options{Rate: math.Inf(1)}, func(Result) error { return broken })
		if err != broken {
			t.Errorf("got %v, want emit's error", err)
		}
		if len(p.sent) > 64 {
			t.Errorf("%d requests were sent, want those in flight at most", len(p.sent))
		}
	})
}

// A user who was modified just before the attempt is told from one who was
// modified by it, once many answers have shown the server's clock.
func TestModifiedJustBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(200)
		u := p.users["u00001"]
		u.modified = time.Now().Add(-200 * time.Millisecond)
		p.script["u00001"] = []string{"lost-before"}
		got, err := run(t, t.Context(), p, tasks, Options{Rate: 25})
		if err != nil {
			t.Fatal(err)
		}
		wantAll(t, got, 200, OK)
	})
}
