package runner

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"cogpass/jobs"
)

// Two runs know the server's clock from one answer each, whose Date is in whole
// seconds: one may take it to be ahead by half a second, and the other behind. A
// set in doubt is fresh all the same.
func TestFreshByTwoClocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := newPool(1)
		start := time.Now().Truncate(time.Second)
		before, after := new(Clock), new(Clock)
		before.Observe(start, start, start.Add(time.Millisecond))
		late := start.Add(990 * time.Millisecond)
		time.Sleep(time.Until(late))
		after.Observe(start, late, late.Add(time.Millisecond))

		doubt := &Intent{Seq: 1, Attempts: 1}
		doubt.Began, doubt.Slack = before.Server(late)
		p.users["u00001"].modified = late // it was carried out
		task := Task{Seq: 1, Username: "u00001", Action: jobs.SetPermanent, Password: jobs.NewSecret("x"), Attempts: 1, Doubt: doubt}
		got, err := run(t, t.Context(), p, seq([]Task{task}), Options{Clock: after})
		if err != nil {
			t.Fatal(err)
		}
		wantAll(t, got, 1, OK)
	})
}

// An earlier run whose clock nobody had told the time to was four minutes ahead.
// Two minutes later its set is no longer fresh, though it seems to lie in the
// future: the user has chosen a password since.
func TestNotFreshByTwoClocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := newPool(1)
		sent := time.Now()
		doubt := &Intent{Seq: 1, Attempts: 1}
		doubt.Began, doubt.Slack = new(Clock).Server(sent.Add(4 * time.Minute))
		time.Sleep(2 * time.Minute)
		p.users["u00001"].modified = sent.Add(90 * time.Second)

		known := new(Clock)
		known.Observe(time.Now().Truncate(time.Second), time.Now(), time.Now())
		task := Task{Seq: 1, Username: "u00001", Action: jobs.SetPermanent, Password: jobs.NewSecret("x"), Attempts: 1, Doubt: doubt}
		got, err := run(t, t.Context(), p, seq([]Task{task}), Options{Clock: known})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(p.sent); n != 0 {
			t.Errorf("%d requests were sent, want none", n)
		}
		wantAll(t, got, 1, Unknown)
	})
}

// A set in doubt is about to be tried again as the run is paused. When it goes on
// the user has chosen a password.
func TestPausedSetLooksFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(1)
		p.script["u00001"] = []string{"lost-after"}
		rates := make(chan float64)
		go func() {
			time.Sleep(10*time.Second - minLead/2) // its attempt is in the journal, and its slot has not come
			rates <- 0
			time.Sleep(10 * time.Minute)
			p.mu.Lock()
			p.users["u00001"].modified = time.Now()
			p.mu.Unlock()
			time.Sleep(time.Minute)
			rates <- 0.1
		}()
		got, err := run(t, t.Context(), p, actions(tasks, jobs.SetPermanent), Options{Rate: 0.1, Rates: rates})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(p.sent); n != 1 {
			t.Errorf("%d requests were sent, want only the first", n)
		}
		wantAll(t, got, 1, Unknown)
	})
}

// Without a journal a set in doubt that is about to be tried again ends as unknown
// when the run is interrupted, and once.
func TestInterruptedRetryEndsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(1)
		p.script["u00001"] = []string{"lost-after"}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second-minLead/2) // its slot has not come
		defer cancel()
		got, err := run(t, ctx, p, actions(tasks, jobs.SetPermanent), Options{Rate: 0.1})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		wantAll(t, got, 1, Unknown)
	})
}

// The same where an answer stops the run.
func TestStoppedRetryEndsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(1)
		p.script["u00001"] = []string{"lost-after", "budget"}
		got, err := run(t, t.Context(), p, actions(tasks, jobs.SetPermanent), Options{})
		var stop *Stopped
		if !errors.As(err, &stop) || stop.Class != Budget {
			t.Fatal(err)
		}
		wantAll(t, got, 1, Unknown)
	})
}

// The server's clock was set back by an hour since a set of an earlier run: how long
// ago that was, nobody knows. The user has chosen a password since.
func TestNotFreshFromTheFuture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := newPool(1)
		doubt := &Intent{Seq: 1, Attempts: 1, Began: time.Now().Add(time.Hour), Slack: time.Second}
		p.users["u00001"].modified = doubt.Began.Add(time.Minute)
		known := new(Clock)
		known.Observe(time.Now().Truncate(time.Second), time.Now(), time.Now())
		task := Task{Seq: 1, Username: "u00001", Action: jobs.SetPermanent, Password: jobs.NewSecret("x"), Attempts: 1, Doubt: doubt}
		got, err := run(t, t.Context(), p, seq([]Task{task}), Options{Clock: known})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(p.sent); n != 0 {
			t.Errorf("%d requests were sent, want none", n)
		}
		wantAll(t, got, 1, Unknown)
	})
}

// A set in doubt is tried again after 50 seconds, and the program is killed. In
// the meantime the user has chosen a password: for the next run too the doubt is as
// old as the first attempt.
func TestDoubtIsAsOldAsItsFirstAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(1)
		u := p.users["u00001"]
		p.script["u00001"] = []string{"lost-after"}
		j, killed := &journal{}, errors.New("killed")
		d := stepwise{p, func(Task) error {
			if u.calls > 0 { // it left, and did not arrive
				return &Error{Class: Fatal, Message: killed.Error(), Unproven: true}
			}
			return nil
		}}
		known, first := new(Clock), time.Now()
		known.Observe(first, first, first)
		got, err := run(t, t.Context(), d, actions(tasks, jobs.SetPermanent), Options{Rate: 1.0 / 50, Journal: j, Clock: known})
		doubts := j.doubts(got)
		if doubt, ok := doubts[1]; !ok || time.Since(first) < 49*time.Second || doubt.Attempts != 2 {
			t.Fatalf("got %+v, %v after %s, want the second attempt in doubt", doubts, err, time.Since(first))
		}
		u.password, u.modified = "the user's own", first.Add(40*time.Second)
		time.Sleep(30 * time.Second)
		doubt := doubts[1]
		task := Task{Seq: 1, Username: "u00001", Action: jobs.SetPermanent, Password: jobs.NewSecret("x"), Attempts: doubt.Attempts, Doubt: &doubt}
		got, err = run(t, t.Context(), p, seq([]Task{task}), Options{Clock: known})
		if err != nil {
			t.Fatal(err)
		}
		wantAll(t, got, 1, Unknown)
		if u.sets != 1 || u.password != "the user's own" {
			t.Errorf("the password was set %d times, and is %q", u.sets, u.password)
		}
	})
}

// Where an earlier attempt may have set a password, and is not in doubt any more, an attempt
// that is lost after it is held against that: what it has set is not taken for nobody's.
func TestDoubtIsAsOldAsWhatMayBeSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := newPool(1)
		p.script["u00001"] = []string{"fatal"}
		first := time.Now()
		task := Task{Seq: 1, Username: "u00001", Action: jobs.SetPermanent, Generated: true, Made: []Made{{"old 1", Tried}}, Attempts: 1, StartedAt: first}
		opt := Options{Generate: func(Task) (string, jobs.Secret, error) { return "new 1", jobs.NewSecret("new 1"), nil }}
		time.Sleep(time.Hour)
		var intent Intent
		opt.Journal = beginning{&journal{}, func(i []Intent) { intent = i[0] }}
		if _, err := run(t, t.Context(), p, seq([]Task{task}), opt); err == nil {
			t.Fatal("want it to stop")
		}
		if intent.Version != "new 1" || intent.Began.Add(-intent.Slack).After(first) {
			t.Errorf("got %+v, want it as old as %s", intent, first)
		}
	})
}

// beginning is a journal that tells what it is given.
type beginning struct {
	*journal
	tell func([]Intent)
}

func (b beginning) Begin(ctx context.Context, intents []Intent) error {
	b.tell(intents)
	return b.journal.Begin(ctx, intents)
}

// A look comes when what may have been done has had the time to show.
func TestWhenItIsLookedAt(t *testing.T) {
	for _, tt := range []struct {
		name   string
		action jobs.Action
		ago    time.Duration // when an earlier run began its attempt; 0: this run does, and loses it
		rate   float64
		after  time.Duration // from when it was lost, or else from the start
	}{
		{name: "a reset", action: jobs.Reset, after: lookFirst},
		{name: "a reset of an earlier run", action: jobs.Reset, ago: time.Second},
		{name: "a set of an earlier run", action: jobs.SetPermanent, ago: time.Hour, after: lookAgain},
		{name: "a set that was lost a minute and a half ago", action: jobs.SetPermanent, rate: 1.0 / 90, after: 90*time.Second - minLead},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, tasks := newPool(1)
			from := time.Now()
			if tt.ago > 0 {
				tasks = seq([]Task{{Seq: 1, Username: "u00001", Doubt: &Intent{Seq: 1, Attempts: 1, Began: time.Now().Add(-tt.ago), Slack: time.Second}}})
			} else {
				from, p.script["u00001"] = from.Add(p.latency), []string{"lost-after"}
			}
			if _, err := run(t, t.Context(), p, actions(tasks, tt.action), Options{Rate: tt.rate}); err != nil {
				t.Fatal(err)
			}
			if after := p.lookedAt[0].Add(-p.latency).Sub(from) - tt.after; after < -p.latency || after > p.latency {
				t.Errorf("%s: looked at %s from when it should have been", tt.name, after)
			}
		})
	}
}

// Only a user in a known state that the action does not lead to, modified before it
// for sure, is untouched.
func TestUntouched(t *testing.T) {
	began := time.Unix(1_800_000_000, 0)
	attempt, reset := &Intent{Began: began, Slack: time.Second}, jobs.Reset.Spec()
	good := Sight{Found: true, Status: Confirmed, Modified: began.Add(-time.Hour)}
	for name, change := range map[string]func(*Sight){
		"":                       func(*Sight) {},
		"nobody":                 func(s *Sight) { s.Found = false },
		"no state":               func(s *Sight) { s.Status = "" },
		"a state of a later API": func(s *Sight) { s.Status = "ARCHIVED" },
		"no time":                func(s *Sight) { s.Modified = time.Time{} },
		"no time, as 0":          func(s *Sight) { s.Modified = time.Unix(0, 0) },
		"modified since":         func(s *Sight) { s.Modified = began.Add(time.Second) },
		"modified about then":    func(s *Sight) { s.Modified = began.Add(-time.Second) },
		"reset":                  func(s *Sight) { s.Status = ResetRequired },
	} {
		s := good
		if change(&s); s.Untouched(attempt, reset) != (name == "") {
			t.Errorf("%q: got %t", name, name != "")
		}
	}
}

// Looks that cannot be read are as few as attempts.
func TestUnreadableLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(1)
		p.script["u00001"], p.looks["u00001"] = []string{"lost-after"}, []string{"unreadable", "…"}
		got, err := run(t, t.Context(), p, tasks, Options{})
		if err != nil {
			t.Fatal(err)
		}
		wantAll(t, got, 1, Unknown)
		if n := len(p.lookedAt); n != 8 {
			t.Errorf("it was looked at %d times, want 8", n)
		}
	})
}
