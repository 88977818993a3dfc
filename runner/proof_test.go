package runner

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cogpass/jobs"
)

// A reset whose answer was lost is sent again only for proof that it was not
// carried out, whatever the service shows: here it was.
func TestNoSecondCodeWithoutProof(t *testing.T) {
	const sub = "0a1b2c3d-0000-4000-8000-000000000001"
	another := func(s *Sight) { // and so neither modified nor reset
		*s = Sight{Answer: s.Answer, Found: true, Username: "someone", Sub: sub, Alias: "+15551234567", Status: Confirmed, Modified: s.Modified.Add(-time.Hour)}
	}
	old := func(s *Sight) { s.Status, s.Modified = Confirmed, s.Modified.Add(-time.Hour) }
	for _, tt := range []struct {
		name  string
		show  func(*Sight)
		ahead time.Duration
		past  time.Duration // of the second in which the attempt begins
		want  Outcome
		why   string
	}{
		{name: "as it is", want: OK},
		{name: "no time", show: func(s *Sight) { old(s); s.Modified = time.Time{} }, want: Unknown, why: "did not show when"},
		{name: "no time, as 0", show: func(s *Sight) { old(s); s.Modified = time.Unix(0, 0) }, want: Unknown, why: "did not show when"},
		{name: "another user", show: another, want: Unknown, why: "another user"},
		{name: "a user without a name", show: func(s *Sight) { old(s); s.Username = "" }, want: Unknown, why: "another user"},
		{name: "nobody", show: func(s *Sight) { *s = Sight{Answer: s.Answer} }, want: Unknown, why: "no such user"},
		{name: "whole seconds", show: func(s *Sight) { s.Modified = s.Modified.Truncate(time.Second) }, past: 700 * time.Millisecond, want: OK},
		{name: "a date an hour ahead", ahead: time.Hour, want: OK},
		{name: "a date an hour behind", ahead: -time.Hour, want: OK},
		{name: "a date four minutes ahead, as the clock is", ahead: 4 * time.Minute, show: func(s *Sight) { s.Modified = s.Modified.Add(4 * time.Minute) }, want: OK},
		{name: "the state without a newer time", show: func(s *Sight) { s.Modified = s.Modified.Add(-time.Hour) }, want: Unknown, why: "RESET_REQUIRED, and not modified since"},
		{name: "a newer time without the state", show: func(s *Sight) { s.Status = Confirmed }, want: Unknown, why: "modified since and is CONFIRMED"},
		{name: "a newer time without a state", show: func(s *Sight) { s.Status = "" }, want: Unknown, why: "modified since"},
	} {
		for i, lost := range []string{"lost-after", "500-after", "unreadable", "lost-after"} {
			synctest.Test(t, func(t *testing.T) {
				clock := new(Clock)
				if i > 0 { // it is known by now
					*clock = Clock{known: true}
				}
				time.Sleep(tt.past)
				p, tasks := newPool(1)
				p.script["u00001"], p.show, p.ahead = []string{lost}, tt.show, tt.ahead
				got, err := run(t, t.Context(), p, tasks, Options{Journal: &journal{}, Clock: clock})
				if err != nil {
					t.Fatal(err)
				}
				r := got["u00001"]
				if r.Outcome != tt.want || !strings.Contains(r.Reason, tt.why) {
					t.Errorf("%s, %s: got %v (%s), want %v", tt.name, lost, r.Outcome, r.Reason, tt.want)
				}
				if n := p.users["u00001"].resets; n != 1 {
					t.Errorf("%s, %s: the user was sent %d codes, want one", tt.name, lost, n)
				}
				if p.show != nil && tt.why == "another user" && r.Sub != "" {
					t.Errorf("%s: the result has another's sub", tt.name)
				}
			})
		}
	}
}

// With proof it is sent again, by whatever name the user goes.
func TestAgainWithProof(t *testing.T) {
	for _, tt := range []struct {
		asked string
		show  func(*Sight)
	}{
		{"ana", func(s *Sight) { s.Username = "ana" }},
		{"Ana", func(s *Sight) { s.Username = "ana" }},
		{"0a1b2c3d-0000-4000-8000-000000000001", func(s *Sight) { s.Username, s.Sub = "ana", "0a1b2c3d-0000-4000-8000-000000000001" }},
		{"ana@example.com", func(s *Sight) { s.Username, s.Alias = "ana", "ana@Example.com" }},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, _ := newPool(1)
			p.users[tt.asked] = p.users["u00001"]
			p.script[tt.asked], p.show = []string{"500"}, tt.show
			got, err := run(t, t.Context(), p, seq([]Task{{Seq: 1, Username: tt.asked, Action: jobs.Reset}}), Options{})
			if err != nil {
				t.Fatal(err)
			}
			wantAll(t, got, 1, OK)
			if len(p.sent) != 2 || len(p.lookedAt) != 2 || p.lookedAt[1].Sub(p.lookedAt[0]) < lookAgain {
				t.Errorf("%s: %d requests and looks at %v, want two of each, some seconds apart", tt.asked, len(p.sent), p.lookedAt)
			}
		})
	}
}

// Two looks have to agree: what the first shows may be old, and then the
// second tells.
func TestTwoLooks(t *testing.T) {
	reset := func(s *Sight) { s.Status = ResetRequired }
	fresh := func(s *Sight) { s.Status, s.Modified = ResetRequired, time.Now() }
	same := func(*Sight) {}
	for _, tt := range []struct {
		name          string
		first, second func(*Sight)
		want          Outcome
		sends         int
	}{
		{"old and old", same, same, OK, 2},
		{"old, and then it shows", same, fresh, OK, 1},
		{"old, and then the state alone", same, reset, Unknown, 1},
		{"reset before, and then it shows", reset, fresh, OK, 1},
		{"reset before, and then not", reset, same, Unknown, 1},
		{"reset before", reset, reset, Unknown, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, tasks := newPool(1)
			p.script["u00001"] = []string{"lost-before"}
			looks := []func(*Sight){tt.first, tt.second}
			p.show = func(s *Sight) { looks[0](s); looks = looks[1:] }
			got, err := run(t, t.Context(), p, tasks, Options{})
			if err != nil {
				t.Fatal(err)
			}
			r := got["u00001"]
			if r.Outcome != tt.want || len(p.sent) != tt.sends || len(looks) > 0 {
				t.Errorf("%s: got %v (%s) after %d requests, want %v after %d and two looks", tt.name, r.Outcome, r.Reason, len(p.sent), tt.want, tt.sends)
			}
		})
	}
}

// A trigger may keep a request for 15 seconds after its connection was lost: until
// then no look proves that it was not carried out, in this run or in the next.
func TestCarriedOutLate(t *testing.T) {
	for name, began := range map[string]time.Duration{"in this run": -1, "in a run that was killed": 0, "in one that stood still between the intent and the request": time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			p, tasks := newPool(1)
			u := p.users["u00001"]
			time.AfterFunc(15*time.Second, func() {
				p.mu.Lock()
				defer p.mu.Unlock()
				u.status, u.modified, u.resets = ResetRequired, time.Now(), u.resets+1
			})
			p.script["u00001"] = []string{"lost-before", ""}
			if began >= 0 {
				tasks = seq([]Task{{Seq: 1, Username: "u00001", Action: jobs.Reset, Attempts: 1, Doubt: &Intent{Seq: 1, Attempts: 1, Began: time.Now().Add(-began), Slack: time.Second}}})
				p.script["u00001"] = nil
			}
			got, err := run(t, t.Context(), p, tasks, Options{})
			if err != nil {
				t.Fatal(err)
			}
			wantAll(t, got, 1, OK)
			time.Sleep(time.Minute) // by the simulated clock
			if u.resets != 1 {
				t.Errorf("%s: the user was sent %d codes, want one", name, u.resets)
			}
		})
	}
}

// A run before this one took the server's clock from a Date that was an hour
// ahead: its successor does not.
func TestDateOfTheRunBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := newPool(1)
		before := new(Clock)
		before.Observe(time.Now().Add(time.Hour), time.Now(), time.Now())
		doubt := &Intent{Seq: 1, Attempts: 1}
		doubt.Began, doubt.Slack = before.Server(time.Now())
		u := p.users["u00001"]
		u.status, u.modified = ResetRequired, time.Now().Add(time.Second) // it was carried out
		time.Sleep(time.Hour)
		task := Task{Seq: 1, Username: "u00001", Action: jobs.Reset, Attempts: 1, Doubt: doubt}
		got, err := run(t, t.Context(), p, seq([]Task{task}), Options{})
		if err != nil {
			t.Fatal(err)
		}
		wantAll(t, got, 1, OK)
		if len(p.sent) != 0 {
			t.Errorf("%d requests were sent, want none", len(p.sent))
		}
	})
}

// A set that is answered with 5xx is sent again within a minute, and after
// that is in doubt: the user may have chosen a password since.
func TestSetAnsweredWithAnError(t *testing.T) {
	for _, tt := range []struct {
		rate   float64 // by which a minute passes between two attempts, or does not
		script []string
		chosen bool // by the user, half a minute after
		want   Outcome
		sets   int
	}{
		{rate: 1, script: []string{"500-after"}, want: OK, sets: 2},
		{rate: 1, script: []string{"500"}, want: OK, sets: 1},
		{rate: 1.0 / 90, script: []string{"500"}, want: OK, sets: 1},
		{rate: 1.0 / 90, script: []string{"500-after"}, chosen: true, want: Unknown, sets: 1},
		{rate: 1.0 / 90, script: []string{"500-after"}, want: Unknown, sets: 1},
		{rate: 1.0 / 90, script: []string{"unreadable"}, chosen: true, want: Unknown, sets: 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			name := fmt.Sprint(tt)
			p, tasks := newPool(1)
			p.script["u00001"] = tt.script
			u := p.users["u00001"]
			if tt.chosen {
				time.AfterFunc(30*time.Second, func() {
					p.mu.Lock()
					defer p.mu.Unlock()
					u.password, u.modified = "the user's own", time.Now()
				})
			}
			got, err := run(t, t.Context(), p, actions(tasks, jobs.SetPermanent), Options{Rate: tt.rate, Journal: &journal{}})
			if err != nil {
				t.Fatal(err)
			}
			wantAll(t, got, 1, tt.want)
			if u.sets != tt.sets {
				t.Errorf("%s: the password was set %d times, want %d", name, u.sets, tt.sets)
			}
			if tt.chosen && u.password != "the user's own" {
				t.Errorf("%s: the user's own password was overwritten", name)
			}
		})
	}
}

// What somebody between us and the directory answers is no proof that it did
// nothing, whether the run goes on or is stopped by it.
func TestGatewayIsNoProof(t *testing.T) {
	for _, tt := range []struct {
		script string
		stops  bool
	}{{"gateway-429", false}, {"gateway-403", true}} {
		synctest.Test(t, func(t *testing.T) {
			p, _ := newPool(1)
			task := Task{Seq: 1, Username: "u00001", Action: jobs.Reset}
			p.script["u00001"] = []string{tt.script}
			j := &journal{}
			got, err := run(t, t.Context(), p, seq([]Task{task}), Options{Journal: j})
			if (err != nil) != tt.stops {
				t.Fatalf("%s: got %v", tt.script, err)
			}
			if doubts := j.doubts(got); tt.stops && len(doubts) != 1 {
				t.Fatalf("%s: got %d tasks in doubt, want 1", tt.script, len(doubts))
			} else if tt.stops {
				i := doubts[1]
				task.Doubt = &i
				if got, err = run(t, t.Context(), p, seq([]Task{task}), Options{Journal: &journal{}}); err != nil {
					t.Fatal(err)
				}
			}
			wantAll(t, got, 1, OK)
			if n := p.users["u00001"].resets; n != 1 {
				t.Errorf("%s: reset %d times, want once", tt.script, n)
			}
		})
	}
}
