package runner

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"cogpass/jobs"
)

// ways are those in which nothing comes of a request.
var ways = map[string]error{
	"refused":     &Error{Class: Transient, Message: "connection refused"},
	"broken off":  &Error{Class: InDoubt, Message: "connection lost before the answer"},
	"500":         &Error{Class: InDoubt, Code: "InternalErrorException", Message: "oops"},
	"no route":    &Error{Class: Host, Message: "no route to host"},
	"not told":    errors.New("EOF"),
	"no ports":    &Error{Class: Host, Message: "no buffer space", Err: syscall.ENOBUFS},
	"not in time": context.DeadlineExceeded,
}

// An outage of the service, of the network or of this machine is nobody's
// failure, however few attempts a task has: all that is sent meanwhile is a
// probe, and the run goes on when one is answered.
func TestOutage(t *testing.T) {
	for name, err := range ways {
		for _, attempts := range []int{8, 1} {
			for _, action := range []jobs.Action{jobs.Reset, jobs.SetPermanent} {
				synctest.Test(t, func(t *testing.T) {
					name := fmt.Sprintf("%s, %v, %d attempts", name, action, attempts)
					p, tasks := newPool(300)
					start := time.Now()
					from, to := start.Add(2*time.Second), start.Add(72*time.Second)
					p.down = func() error {
						if now := time.Now(); now.After(from) && now.Before(to) {
							return err
						}
						return nil
					}
					var notices []Notice
					var held time.Time
					got, stopped := run(t, t.Context(), p, actions(tasks, action), Options{
						Rate: 50, Attempts: attempts, Journal: &journal{},
						Notice: func(n Notice) { notices = append(notices, n) },
						Observe: func(s Stats) {
							if held.IsZero() {
								held = s.HeldSince
							}
						},
					})
					if stopped != nil {
						t.Fatal(stopped)
					}
					wantAll(t, got, 300, OK)
					for user, u := range p.users {
						if u.resets > 1 {
							t.Errorf("%s: %s was sent %d codes", name, user, u.resets)
						}
					}
					sent := 0
					for _, at := range p.sent {
						if at.After(from.Add(time.Second)) && at.Before(to) {
							sent++
						}
					}
					if sent < 3 || sent > 10 {
						t.Errorf("%s: %d requests were sent in the outage, want some probes", name, sent)
					}
					kinds := []NoticeKind{}
					for _, n := range notices {
						if n.Kind != FewerInFlight {
							kinds = append(kinds, n.Kind)
						}
					}
					if !slices.Equal(kinds, []NoticeKind{OutageBegins, OutageEnds}) {
						t.Errorf("%s: got the notices %v, want that it begins and that it ends", name, notices)
					}
					if held.Before(from) || held.After(from.Add(time.Second)) {
						t.Errorf("%s: it was held since %v, want %v", name, held, from)
					}
				})
			}
		}
	}
}

// An outage that does not end stops the run, and all that is not done is
// pending.
func TestOutageStops(t *testing.T) {
	for name, err := range ways {
		synctest.Test(t, func(t *testing.T) {
			p, tasks := newPool(300)
			start := time.Now()
			p.down = func() error {
				if time.Since(start) < 2*time.Second {
					return nil
				}
				return err
			}
			j := &journal{}
			got, stopped := run(t, t.Context(), p, tasks, Options{Rate: 50, Journal: j})
			var stop *Stopped
			if !errors.As(stopped, &stop) || !errors.Is(stopped, ErrOutage) {
				t.Fatalf("%s: got %v, want a stop", name, stopped)
			}
			if took := time.Since(start); took < 5*time.Minute || took > 6*time.Minute {
				t.Errorf("%s: stopped after %s, want 5 minutes", name, took)
			}
			wantAll(t, got, 100, OK)
			if text := stopped.Error(); !strings.HasPrefix(text, "an outage of 5m0s: ") {
				t.Errorf("%s: got %q", name, text)
			}
		})
	}
}

// Nothing is charged for an outage that Ctrl-C ends.
func TestInterruptedOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(300)
		p.down = func() error { return ways["refused"] }
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		j := &journal{}
		got, err := run(t, ctx, p, tasks, Options{Rate: 50, Attempts: 1, Journal: j})
		if !errors.Is(err, context.DeadlineExceeded) || len(got) > 0 {
			t.Errorf("got %v and %d outcomes, want none", err, len(got))
		}
		if d := j.doubts(got); len(d) > 0 {
			t.Errorf("%d tasks are in doubt, and nothing has left", len(d))
		}
	})
}

// What is answered well but cannot be read is in doubt, and no outage.
func TestUnreadableIsNoOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(100)
		for name := range p.users {
			p.script[name] = []string{"unreadable"}
		}
		got, err := run(t, t.Context(), p, tasks, Options{Rate: 50, Notice: func(n Notice) { t.Error(n) }})
		if err != nil {
			t.Fatal(err)
		}
		wantAll(t, got, 100, OK)
		if len(p.sent) != 100 {
			t.Errorf("%d requests were sent, want one for each", len(p.sent))
		}
	})
}

// A service that does what it is asked and answers with an error is no outage
// that would stop the run: looks show it.
func TestLookEndsRow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(1000)
		for name := range p.users {
			p.script[name] = []string{"500-after"}
		}
		got, err := run(t, t.Context(), p, tasks, Options{Rate: 10, Notice: func(n Notice) { t.Error(n) }})
		if err != nil {
			t.Fatal(err)
		}
		wantAll(t, got, 1000, OK)
		if len(p.sent) != 1000 {
			t.Errorf("%d requests were sent, want one for each", len(p.sent))
		}
	})
}

// Users whose requests fail while others' do not are no outage.
func TestSomeUsersAlwaysFail(t *testing.T) {
	for _, attempts := range []int{1, 8} {
		for _, what := range []string{"refused", "500", "lost-before"} {
			synctest.Test(t, func(t *testing.T) {
				p, tasks := newPool(100)
				p.script["u00050"], p.script["u00100"] = []string{what, "…"}, []string{what, "…"}
				got, err := run(t, t.Context(), p, tasks, Options{Attempts: attempts, Journal: &journal{}, Notice: func(n Notice) { t.Error(n) }})
				if err != nil {
					t.Fatal(err)
				}
				for name, r := range got {
					want := OK
					if p.script[name] != nil {
						want = Failed
					}
					if r.Outcome != want || want == Failed && r.Attempts != attempts {
						t.Errorf("%s %s: got %v (%s) after %d attempts, want %v", what, name, r.Outcome, r.Reason, r.Attempts, want)
					}
				}
				if len(got) != 100 {
					t.Errorf("got %d results, want 100", len(got))
				}
			})
		}
	}
}

// A machine that cannot have so many connections gets fewer, and nobody fails.
func TestTooManyOpenFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 10
		p, tasks := newPool(500)
		refused := 0
		p.down = func() error {
			if p.busy > most {
				refused++
				return &Error{Class: Host, Message: "too many open files", Err: fmt.Errorf("dial: %w", syscall.EMFILE)}
			}
			return nil
		}
		var last Notice
		got, err := run(t, t.Context(), p, tasks, Options{Rate: math.Inf(1), Attempts: 2, Notice: func(n Notice) { last = n }})
		if err != nil {
			t.Fatal(err)
		}
		wantAll(t, got, 500, OK)
		if last.Kind != FewerInFlight || last.InFlight > most || last.InFlight < most/4 {
			t.Errorf("the last notice is %q, want some %d in flight", last, most)
		}
		if refused > 150 {
			t.Errorf("%d requests could not be made", refused)
		}
	})
}

// A limit of one user is that user's; of many in a row it is something else.
func TestUserLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(100)
		for i := range 60 {
			if i != 30 {
				p.script[fmt.Sprintf("u%05d", i+21)] = []string{"limit", "…"}
			}
		}
		got, err := run(t, t.Context(), p, tasks, Options{Journal: &journal{}})
		var stop *Stopped
		if !errors.As(err, &stop) || stop.Class != UserLimit || stop.Task != "u00040" {
			t.Fatalf("got %v, want a stop by u00040", err)
		}
		failed := 0
		for _, r := range got {
			if r.Outcome == Failed {
				failed++
			}
		}
		if failed != limitRow-1 || len(got) != 20+failed {
			t.Errorf("%d of %d failed, want %d after 20 that did not", failed, len(got), limitRow-1)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(100)
		for i := range 50 {
			p.script[fmt.Sprintf("u%05d", 2*i+1)] = []string{"limit", "…"}
		}
		if _, err := run(t, t.Context(), p, tasks, Options{}); err != nil {
			t.Errorf("every other user has reached a limit: got %v, want no stop", err)
		}
	})
}

// However much waits to be sent, an outage is probed with one request at a time.
func TestOneProbeAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := newPool(0)
		p.latency = 100 * time.Millisecond
		var failed []time.Time // looks
		p.down = func() error {
			failed = append(failed, time.Now())
			return ways["500"]
		}
		var tasks []Task
		for i := range 100 {
			tasks = append(tasks, Task{Seq: int64(i + 1), Username: fmt.Sprint(i), Action: jobs.Reset, Attempts: 1,
				Doubt: &Intent{Seq: int64(i + 1), Attempts: 1, Began: time.Now().Add(-time.Hour)}})
		}
		var held time.Time
		opt := Options{Journal: &journal{}, Lanes: map[jobs.Category]float64{jobs.UserList: 1000}, Notice: func(Notice) { held = time.Now() }}
		if _, err := run(t, t.Context(), p, seq(tasks), opt); !errors.Is(err, ErrOutage) {
			t.Fatalf("got %v, want an outage", err)
		}
		probes := slices.DeleteFunc(failed, func(at time.Time) bool { return at.Add(-p.latency).Before(held) })
		if wait := probes[0].Add(-p.latency).Sub(held); wait > firstProbe+10*time.Millisecond {
			t.Errorf("the first probe came after %s: requests from before the outage counted as probes", wait)
		}
		for i := range max(1, len(probes)) - 1 {
			if gap := probes[i+1].Sub(probes[i]); gap < firstProbe {
				t.Fatalf("a probe came %s after the one before", gap)
			}
		}
		if len(probes) < 10 || len(probes) > 20 {
			t.Errorf("%d probes in 5 minutes, want one every half a minute", len(probes))
		}
	})
}

// At a low rate an outage has lasted for long when it is noticed: it is tried
// once more, and fails nobody.
func TestOutageAtLowRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(30)
		p.down = func() error { return ways["refused"] }
		var notices []Notice
		got, err := run(t, t.Context(), p, tasks, Options{Rate: 2.0 / 60, Notice: func(n Notice) { notices = append(notices, n) }})
		if !errors.Is(err, ErrOutage) || len(got) > 0 {
			t.Errorf("got %v and %d outcomes, want an outage and none", err, len(got))
		}
		if len(p.sent) != outageRow+1 || len(notices) != 1 || notices[0].Left != 0 {
			t.Errorf("%d requests were sent, and %v was said, want one after the row", len(p.sent), notices)
		}
	})
}

// A task that was given up in doubt, just before what kept it was told for an
// outage, is tried again: nobody is charged for an outage.
func TestOutageAfterGivingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := newPool(2)
		p.users["u00001"].disabled = true
		const attempts = outageRow - 5
		p.script["u00001/3"] = append([]string{"lost-before"}, slices.Repeat([]string{"refused"}, attempts-1)...)
		p.script["u00002"] = slices.Repeat([]string{"refused"}, attempts)
		p.script["u00002/4"] = slices.Repeat([]string{"refused"}, outageRow-attempts+2)
		got, err := run(t, t.Context(), p, seq([]Task{
			{Seq: 1, Username: "u00001", Action: jobs.SetPermanent, Password: jobs.NewSecret("new"), Enable: true},
			{Seq: 2, Username: "u00002", Action: jobs.SetPermanent, Password: jobs.NewSecret("new"), SignOut: jobs.SignOutAlways},
		}), Options{Attempts: attempts, MaxDelay: time.Second, Journal: &journal{}, random: func() float64 { return 0.5 }})
		if err != nil {
			t.Fatal(err)
		}
		if r := got["u00001"]; r.Outcome != OK || p.users["u00001"].disabled {
			t.Errorf("it is %v: %s, %+v", r.Outcome, r.Reason, r.Beside)
		}
	})
}

// What an outage of creations takes back is what they were charged, and not what
// has begun after them.
func TestOutageTakesBackItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(40)
		start := time.Now()
		p.script["u00002/2"] = []string{"lost-after"} // a look shows that they were made
		d := stepwise{p, func(task Task) error {
			if task.Step == Create && task.Seq > 2 && time.Since(start) < 6*time.Second || task.Step == Act && task.Seq == 2 {
				return &Error{Class: Transient, Message: "connection refused"}
			}
			return nil
		}}
		held := false
		got, err := run(t, t.Context(), d, func(yield func(Task, error) bool) {
			for task, err := range actions(tasks, jobs.SetPermanent) {
				if task.Seq > 1 { // the first has the first slot of the actions
					task.Create, p.users[task.Username].missing = &jobs.Creation{}, true
				}
				if !yield(task, err) {
					return
				}
			}
		}, Options{Rate: 0.1, Lanes: map[jobs.Category]float64{jobs.UserCreation: 5}, Attempts: 2, Notice: func(n Notice) { held = held || n.Kind == OutageBegins }})
		if err != nil {
			t.Fatal(err)
		}
		if r := got["u00002"]; !held || r.Outcome != Failed || r.Attempts != 2 {
			t.Errorf("got %v (%s) after %d attempts, want that it was given up after 2; an outage: %t", r.Outcome, r.Reason, r.Attempts, held)
		}
	})
}
