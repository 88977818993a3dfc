package runner

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cogpass/jobs"
)

// told is a journal that knows what it was told of steps that have ended.
type told struct {
	journal
	lines []string
}

func newTold() *told {
	t := &told{}
	t.ended = func(seq int64, r StepResult) { t.lines = append(t.lines, fmt.Sprintf("%d:%v", r.Step, r.Outcome)) }
	return t
}

// A task's steps are done in their order, as far as the ones before allow, and
// each has its own outcome.
func TestSteps(t *testing.T) {
	lost := slices.Repeat([]string{"lost-before"}, 20)
	made := &jobs.Creation{}
	for _, tt := range []struct {
		name    string
		task    Task
		missing bool
		script  map[Step][]string
		want    string // outcome (reason) | step:outcome of those beside
		sent    []Step
		told    string
	}{
		{name: "reset and sign-out", task: Task{Action: jobs.Reset, SignOut: jobs.SignOutIfOK}, want: "ok () 4:ok", sent: []Step{Act, SignOut}, told: "0:ok"},
		{name: "a failed reset has no sign-out", task: Task{Action: jobs.Reset, SignOut: jobs.SignOutIfOK}, script: map[Step][]string{Act: {"user"}},
			want: "failed (User is disabled.)", sent: []Step{Act}},
		{name: "but if it is to be always", task: Task{Action: jobs.Reset, SignOut: jobs.SignOutAlways}, script: map[Step][]string{Act: {"user"}},
			want: "failed (User is disabled.) 4:ok", sent: []Step{Act, SignOut}, told: "0:failed"},
		{name: "impossible, and signed out", task: Task{Action: jobs.Reset, SignOut: jobs.SignOutAlways, Fail: "federated"}, want: "failed (federated) 4:ok", sent: []Step{SignOut}},
		{name: "impossible", task: Task{Action: jobs.Reset, SignOut: jobs.SignOutIfOK, Fail: "federated"}, want: "failed (federated)"},
		{name: "left out", task: Task{Action: jobs.Reset, SignOut: jobs.SignOutIfOK, Skip: "protected", Enable: true}, want: "skipped (protected)"},
		{name: "needless, and signed out", task: Task{Action: jobs.Disable, SignOut: jobs.SignOutAlways, Skip: "is disabled already"}, want: "skipped (is disabled already) 4:ok", sent: []Step{SignOut}},
		{name: "a failed sign-out", task: Task{Action: jobs.Reset, SignOut: jobs.SignOutIfOK}, script: map[Step][]string{SignOut: {"user"}},
			want: "ok () 4:failed", sent: []Step{Act, SignOut}, told: "0:ok"},
		{name: "a lost sign-out is repeated", task: Task{Action: jobs.Reset, SignOut: jobs.SignOutIfOK}, script: map[Step][]string{SignOut: {"lost-after", "throttle"}},
			want: "ok () 4:ok", sent: []Step{Act, SignOut, SignOut, SignOut}, told: "0:ok"},
		{name: "a sign-out that is always lost", task: Task{Action: jobs.Reset, SignOut: jobs.SignOutIfOK}, script: map[Step][]string{SignOut: lost},
			want: "ok () 4:unknown", sent: append([]Step{Act}, slices.Repeat([]Step{SignOut}, 8)...), told: "0:ok"},

		{name: "enabled first", task: Task{Action: jobs.Reset, Enable: true, SignOut: jobs.SignOutIfOK}, want: "ok () 3:ok 4:ok", sent: []Step{Enable, Act, SignOut}, told: "3:ok 0:ok"},
		{name: "not enabled", task: Task{Action: jobs.Reset, Enable: true, SignOut: jobs.SignOutIfOK}, script: map[Step][]string{Enable: {"user"}},
			want: "failed (not sent, for the user could not be enabled) 3:failed", sent: []Step{Enable}},
		{name: "enabling is always lost, and looking tells", task: Task{Action: jobs.Reset, Enable: true}, script: map[Step][]string{Enable: lost},
			want: "ok () 3:ok", sent: append(slices.Repeat([]Step{Enable}, 8), Act), told: "3:ok"},

		{name: "enabled, and the reset lost", task: Task{Action: jobs.Reset, Enable: true, Before: &jobs.User{Status: Confirmed}},
			script: map[Step][]string{Act: {"lost-after"}}, want: "ok () 3:ok", sent: []Step{Enable, Act}, told: "3:ok"},
		{name: "enabled, and the reset lost of one who may have been reset before", task: Task{Action: jobs.Reset, Enable: true},
			script: map[Step][]string{Act: {"lost-after"}}, want: "unknown (no answer came; the user was modified since and is RESET_REQUIRED) 3:ok", sent: []Step{Enable, Act}, told: "3:ok"},

		{name: "disabling is always lost, and looking tells that it was not done", task: Task{Action: jobs.Disable}, script: map[Step][]string{Act: lost},
			want: "failed (gave up after 8 attempts: EOF)", sent: slices.Repeat([]Step{Act}, 8)},
		{name: "disabling is always lost, and looking tells that it was done", task: Task{Action: jobs.Disable},
			script: map[Step][]string{Act: slices.Repeat([]string{"lost-after"}, 8)}, want: "ok ()", sent: slices.Repeat([]Step{Act}, 8)},
		{name: "a sign-out alone is always lost, and no look tells", task: Task{Action: jobs.SignOut}, script: map[Step][]string{Act: lost},
			want: "unknown (gave up after 8 attempts: EOF; no answer came, and no look shows whether it was carried out)", sent: slices.Repeat([]Step{Act}, 8)},

		{name: "made with the password", task: Task{Action: jobs.SetTemporary, Create: made}, missing: true, want: "ok () 2:ok", sent: []Step{Create}},
		{name: "made, and then set", task: Task{Action: jobs.SetPermanent, Create: made}, missing: true, want: "ok () 2:ok", sent: []Step{Create, Act}, told: "2:ok"},
		{name: "made, set and signed out", task: Task{Action: jobs.SetTemporary, Create: made, SignOut: jobs.SignOutIfOK}, missing: true,
			want: "ok () 2:ok 4:ok", sent: []Step{Create, SignOut}, told: "2:ok 0:ok"},
		{name: "there after all", task: Task{Action: jobs.SetTemporary, Create: made}, want: "ok () 2:ok", sent: []Step{Create, Act}, told: "2:ok"},
		{name: "not made", task: Task{Action: jobs.SetTemporary, Create: made}, missing: true, script: map[Step][]string{Create: {"user"}},
			want: "failed (not sent, for the user could not be made) 2:failed", sent: []Step{Create}},
		{name: "made, and the answer lost", task: Task{Action: jobs.SetTemporary, Create: made}, missing: true, script: map[Step][]string{Create: {"lost-after"}},
			want: "ok () 2:ok", sent: []Step{Create}},
		{name: "made, the answer lost, and then set", task: Task{Action: jobs.SetPermanent, Create: made}, missing: true, script: map[Step][]string{Create: {"lost-after"}},
			want: "ok () 2:ok", sent: []Step{Create, Act}, told: "2:ok"},
		{name: "invited, the answer lost, and then set", task: Task{Action: jobs.SetPermanent, Create: &jobs.Creation{Invite: jobs.InviteByEmail}}, missing: true,
			script: map[Step][]string{Create: {"lost-after"}}, want: "ok () 2:ok", sent: []Step{Create, Act}, told: "2:ok"},
		{name: "a lost check that is refused", task: Task{Action: jobs.SetPermanent, Check: true}, script: map[Step][]string{Check: {"lost-before", "user"}},
			want: "ok () 8:failed", sent: []Step{Act, Check, Check}, told: "0:ok"},
		{name: "lost before it was made", task: Task{Action: jobs.SetTemporary, Create: made}, missing: true, script: map[Step][]string{Create: {"lost-before"}},
			want: "ok () 2:ok", sent: []Step{Create, Create}},
		{name: "made, and no message came", task: Task{Action: jobs.SetTemporary, Create: made}, missing: true, script: map[Step][]string{Create: {"delivery"}},
			want: "ok () 2:ok", sent: []Step{Create}},
		{name: "the password of one who was made is refused", task: Task{Action: jobs.SetPermanent, Create: made}, missing: true, script: map[Step][]string{Act: {"history"}},
			want: "failed (used before) 2:ok", sent: []Step{Create, Act}, told: "2:ok"},

		{name: "what has ended is not done again", task: Task{Action: jobs.Reset, Enable: true, SignOut: jobs.SignOutIfOK,
			Done: []StepResult{{Step: Enable, Outcome: OK}, {Step: Act, Outcome: OK, Reason: "then"}}}, want: "ok (then) 3:ok 4:ok", sent: []Step{SignOut}},
		{name: "a lost sign-out of an earlier run", task: Task{Action: jobs.Reset, SignOut: jobs.SignOutIfOK, Done: []StepResult{{Step: Act, Outcome: OK}},
			Doubt: &Intent{Seq: 1, Step: SignOut, Attempts: 1, Began: time.Unix(1, 0)}}, want: "ok () 4:ok", sent: []Step{SignOut}},
		{name: "a lost creation of an earlier run", task: Task{Action: jobs.SetTemporary, Create: made,
			Doubt: &Intent{Seq: 1, Step: Create, Attempts: 1, Began: time.Unix(1, 0)}}, missing: true, want: "ok () 2:ok", sent: []Step{Create}},
		{name: "all in doubt of a user that is missing", task: Task{Action: jobs.SetTemporary, Create: made,
			Doubt: &Intent{Seq: 1, Attempts: 1, Began: time.Unix(1, 0)}}, missing: true, want: "ok () 2:ok", sent: []Step{Create}},
		{name: "all in doubt, and nothing was done", task: Task{Action: jobs.Reset, Enable: true,
			Doubt: &Intent{Seq: 1, Attempts: 1, Began: time.Now().Add(-time.Minute)}}, want: "ok () 3:ok", sent: []Step{Enable, Act}, told: "3:ok"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, _ := newPool(1)
				p.users["u00001"].missing = tt.missing
				if strings.HasPrefix(tt.name, "all in doubt, and") {
					tt.task.Doubt.Began = time.Now().Add(-time.Minute)
				}
				for step, s := range tt.script {
					if p.script[fmt.Sprintf("u00001/%d", step)] = s; step == Act {
						p.script["u00001"] = s
					}
				}
				tt.task.Seq, tt.task.Username, tt.task.Password = 1, "u00001", jobs.NewSecret("x")
				j := newTold()
				got, err := run(t, t.Context(), p, seq([]Task{tt.task}), Options{Journal: j})
				if err != nil {
					t.Fatal(err)
				}
				r := got["u00001"]
				line := fmt.Sprintf("%v (%s)", r.Outcome, r.Reason)
				for _, b := range r.Beside {
					line += fmt.Sprintf(" %d:%v", b.Step, b.Outcome)
				}
				if line != tt.want {
					t.Errorf("got  %s %+v\nwant %s", line, r, tt.want)
				}
				if !slices.Equal(p.steps, tt.sent) {
					t.Errorf("got the requests %v, want %v", p.steps, tt.sent)
				}
				if told := strings.Join(j.lines, " "); told != tt.told {
					t.Errorf("the journal was told %q, want %q", told, tt.told)
				}
			})
		})
	}
}

// A user is looked at before the first request, and left out as that shows.
func TestRecheck(t *testing.T) {
	for _, tt := range []struct {
		name, skip, fail string
		looks            []string
		want             string
		sent             []Step
		stopped          bool
	}{
		{name: "as it was", want: "ok ()", sent: []Step{Enable, Act}},
		{name: "not any more", skip: "it is RESET_REQUIRED", want: "skipped (it is RESET_REQUIRED)"},
		{name: "impossible", fail: "no address", want: "failed (no address)", sent: []Step{SignOut}},
		{name: "throttled", looks: []string{"throttle", "500"}, want: "ok ()", sent: []Step{Enable, Act}},
		{name: "cannot be read", looks: []string{"unreadable", "…"}, want: "failed (not sent, for the user could not be looked at first: gave up after 8 attempts: an answer that is not JSON)"},
		{name: "cannot be told", looks: []string{"500", "…"}, want: "failed (not sent, for the user could not be looked at first: gave up after 8 attempts: oops)"},
		{name: "denied", looks: []string{"refused"}, stopped: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, _ := newPool(1)
				p.looks["u00001"] = tt.looks
				task := Task{Seq: 1, Username: "u00001", Action: jobs.Reset, Enable: true, Recheck: true}
				if tt.fail != "" {
					task.SignOut = jobs.SignOutAlways
				}
				opt := Options{Recheck: func(_ Task, s Sight) (string, string) {
					if !s.Found || s.Status != Confirmed {
						t.Errorf("got %+v", s)
					}
					return tt.skip, tt.fail
				}}
				got, err := run(t, t.Context(), p, seq([]Task{task}), opt)
				var stop *Stopped
				if tt.stopped != (errors.As(err, &stop) && stop.Class == Fatal) {
					t.Errorf("got %v", err)
				}
				if r, ok := got["u00001"]; ok {
					if line := fmt.Sprintf("%v (%s)", r.Outcome, r.Reason); line != tt.want {
						t.Errorf("got  %s\nwant %s", line, tt.want)
					}
					if r.Outcome != Failed && r.StatusBefore != Confirmed {
						t.Errorf("got %q as the state before", r.StatusBefore)
					}
				} else if !tt.stopped {
					t.Error("no result")
				}
				if !slices.Equal(p.steps, tt.sent) {
					t.Errorf("got the requests %v, want %v", p.steps, tt.sent)
				}
			})
		})
	}
}

// A run sends as many messages as its budget allows, to the last, and gives
// back what was not sent.
func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(100)
		p.script["u00003"] = []string{"throttle", "throttle"}
		p.script["u00004"] = []string{"user"}
		p.script["u00049"] = []string{"lost-before"}
		p.script["u00050"] = []string{"user"}
		left, over := 50, errors.New("50 messages a day")
		opt := Options{Rate: 100, Budget: func(Task) error {
			if left == 0 {
				return over
			}
			left--
			return nil
		}, Unspent: func(Task) { left++ }}
		got, err := run(t, t.Context(), p, actions(tasks, jobs.Reset), opt)
		var stop *Stopped
		if !errors.As(err, &stop) || stop.Class != Budget || !errors.Is(err, over) {
			t.Fatalf("got %v, want a stop for the budget", err)
		}
		sent := 0
		for _, u := range p.users {
			sent += u.resets
		}
		if sent != 50 || left != 0 || len(got) != 52 {
			t.Errorf("%d messages were sent, %d are left, %d tasks have ended; want 50, none and 52", sent, left, len(got))
		}
	})
}

// A run without a journal tells of what it has done, and not ended, as it stops.
func TestStoppedBetweenSteps(t *testing.T) {
	for _, tt := range []struct {
		task    Task
		missing bool
		stop    Step // is refused for ever
		want    string
	}{
		{task: Task{Action: jobs.Reset, SignOut: jobs.SignOutIfOK}, stop: SignOut, want: "ok ()"},
		{task: Task{Action: jobs.SetPermanent, Create: &jobs.Creation{}}, missing: true, stop: Act, want: "failed (the run was stopped before it was sent) 2:ok"},
		{task: Task{Action: jobs.SetPermanent, Create: &jobs.Creation{}}, missing: true, stop: Create},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, _ := newPool(1)
			p.users["u00001"].missing = tt.missing
			tt.task.Seq, tt.task.Username = 1, "u00001"
			d := stepwise{p, func(task Task) error {
				if task.Step == tt.stop {
					return &Error{Class: Fatal, Code: "AccessDeniedException", Message: "no"}
				}
				return nil
			}}
			got, err := run(t, t.Context(), d, seq([]Task{tt.task}), Options{})
			var stop *Stopped
			if !errors.As(err, &stop) {
				t.Fatalf("got %v, want a stop", err)
			}
			line := ""
			for _, r := range got {
				line = fmt.Sprintf("%v (%s)", r.Outcome, r.Reason)
				for _, b := range r.Beside {
					line += fmt.Sprintf(" %d:%v", b.Step, b.Outcome)
				}
			}
			if line != tt.want {
				t.Errorf("got %q, want %q", line, tt.want)
			}
		})
	}
}

// No user is enabled for whose reset no message is left.
func TestBudgetBeforeEnabling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(3)
		left := 2
		p.script["u00001/3"] = []string{"refused", "throttle"}
		p.script["u00001"] = []string{"throttle", "throttle"}
		opt := Options{Budget: func(t Task) error {
			if left == 0 {
				return errors.New("none left")
			}
			left--
			return nil
		}, Unspent: func(Task) { left++ }}
		_, err := run(t, t.Context(), p, func(yield func(Task, error) bool) {
			for task, err := range tasks {
				p.users[task.Username].disabled, task.Enable = true, true
				if !yield(task, err) {
					return
				}
			}
		}, opt)
		var stop *Stopped
		if !errors.As(err, &stop) || stop.Class != Budget || left != 0 {
			t.Fatalf("got %v with %d left, want a stop for the budget", err, left)
		}
		for name, u := range p.users {
			if done := name != "u00003"; u.disabled == done || (u.resets == 1) != done {
				t.Errorf("%s: disabled %t, %d resets", name, u.disabled, u.resets)
			}
		}
	})
}

// stepwise is a pool that refuses some requests.
type stepwise struct {
	*pool
	refuse func(Task) error
}

func (s stepwise) Do(ctx context.Context, t Task) (Answer, error) {
	if err := s.refuse(t); err != nil {
		return Answer{}, err
	}
	return s.pool.Do(ctx, t)
}

// signedOut has tasks sign their users out.
func signedOut(tasks iter.Seq2[Task, error]) iter.Seq2[Task, error] {
	return func(yield func(Task, error) bool) {
		for t, err := range tasks {
			t.SignOut = jobs.SignOutIfOK
			if !yield(t, err) {
				return
			}
		}
	}
}
