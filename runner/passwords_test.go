package runner

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cogpass/jobs"
)

// shelf is a store that has some passwords, and takes down which it was told are
// nobody's. Each password is its own version here.
type shelf struct {
	mu     sync.Mutex
	has    []string
	nobody []string
}

func (s *shelf) Prepare(_ context.Context, h Handover) (Answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.has = append(s.has, h.Version)
	return Answer{}, nil
}

func (s *shelf) Confirm(context.Context, Handover) (Answer, error) { return Answer{}, nil }

func (s *shelf) Abandon(_ context.Context, h Handover) (Answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nobody = append(s.nobody, h.Version)
	return Answer{}, nil
}

func (s *shelf) Fetch(_ context.Context, h Handover) (jobs.Secret, Answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.has, h.Version) {
		return jobs.Secret{}, Answer{}, nil
	}
	return jobs.NewSecret(h.Version), Answer{}, nil
}

// Of several generated passwords a reader gets that which the user has, and of
// none it is said that it is nobody's while it may be the user's: also where an
// earlier run has set another, or a request arrives late.
func TestGeneratedInDoubt(t *testing.T) {
	const own = "the user's own"
	tried := func(versions ...string) (made []Made) {
		for _, v := range versions {
			made = append(made, Made{v, Tried})
		}
		return made
	}
	for _, tt := range []struct {
		name  string
		made  []Made
		doubt time.Duration // how long ago the attempt of an earlier run is that is in doubt; 0: none is
		set   time.Duration // how long ago the user's password was set
		has   string        // that password
		late  string        // a password that a request under way, or the user, sets after 15 s
		store *shelf
		first string // what comes of the only request, where the task has no other
		want  Outcome
		check Outcome // of a sign-in with the password; Pending: there is none
		rate  float64

		ends   string // the user's password at the end, where it matters
		nobody string // a password that the store is told is nobody's
	}{
		{name: "given up, and carried out late", first: "lost-before", late: "new 1", want: OK},
		{name: "an earlier run's, long ago and carried out late", made: tried("old 1"), doubt: 2 * time.Minute, late: "old 1", want: OK},
		{name: "an earlier run's, just now and carried out late", made: tried("old 1"), doubt: time.Second, late: "old 1", want: OK},
		{name: "one of two of earlier runs", made: tried("old 1", "old 2"), doubt: 2 * time.Minute, set: time.Minute, has: "old 2", want: OK},
		{name: "one of two of earlier runs, and the user chooses one just then", made: tried("old 1", "old 2"), doubt: 2 * time.Minute, set: time.Minute, has: "old 2",
			late: own, want: Unknown},
		{name: "one of those that nobody knows", made: tried(""), doubt: 2 * time.Minute, set: time.Minute, has: "old 1", want: OK},
		{name: "an earlier run's, set before, and its repetition lost", made: tried("old 1"), set: time.Hour, has: "old 1",
			store: &shelf{has: []string{"old 1"}}, first: "lost-before", want: Unknown},
		{name: "an earlier run's, set before another one that was lost", made: tried("old 1", "old 2"), doubt: 2 * time.Minute, set: time.Hour, has: "old 1",
			store: &shelf{}, first: "user", want: Unknown},
		{name: "an earlier run's, and another was made and throttled for a minute", made: tried("old 1"), doubt: 5 * time.Second, set: 4 * time.Second, has: "old 1",
			first: "throttle", rate: 1.0 / 90, want: OK, check: Unknown},
		{name: "an earlier run's, which nobody has any more", made: tried("old 1"), store: &shelf{}, want: OK, nobody: "old 1"},
		{name: "an earlier run's, which the store has", made: tried("old 1"), store: &shelf{has: []string{"old 1"}}, want: OK, ends: "old 1"},
		{name: "nobody knows which, not set, and then refused", made: tried(""), doubt: 2 * time.Minute, first: "user", want: Unknown},
		{name: "an earlier run's, not set, and then refused", made: tried("old 1"), doubt: 2 * time.Minute, first: "user", want: Failed},
		{name: "set at once", want: OK, check: OK},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, _ := newPool(1)
			u := p.users["u00001"]
			set := func(password string, at time.Time) {
				p.mu.Lock()
				defer p.mu.Unlock()
				if u.status, u.password, u.modified = ForceChangePassword, password, at; password == own {
					u.status = Confirmed
				}
			}
			if tt.has != "" {
				set(tt.has, time.Now().Add(-tt.set))
			}
			if tt.late != "" {
				time.AfterFunc(15*time.Second, func() { set(tt.late, time.Now()) })
			}
			clock, n := new(Clock), 0
			clock.Observe(time.Now(), time.Now(), time.Now())
			task := Task{Seq: 1, Username: "u00001", Action: jobs.SetTemporary, Generated: true, Made: tt.made, Check: tt.check != Pending}
			if tt.doubt > 0 {
				task.Doubt = &Intent{Seq: 1, Attempts: 1, Began: time.Now().Add(-tt.doubt), Slack: time.Second}
			}
			recorded := "" // the version that the journal was told of, where another step follows
			j := &journal{ended: func(_ int64, r StepResult) {
				if r.Step == Act {
					recorded = r.Version
				}
			}}
			opt := Options{Rate: tt.rate, Clock: clock, Journal: j, Generate: func(Task) (string, jobs.Secret, error) {
				n++
				v := fmt.Sprint("new ", n)
				return v, jobs.NewSecret(v), nil
			}}
			if tt.first != "" {
				opt.Attempts, p.script["u00001"] = 1, []string{tt.first}
			}
			if tt.store != nil {
				opt.Handoff = tt.store
			}
			got, err := run(t, t.Context(), p, seq([]Task{task}), opt)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute) // by the simulated clock
			r := got["u00001"]
			if r.Outcome != tt.want || r.Outcome == OK && r.Version != u.password || tt.late == own && u.password != own || tt.ends != "" && u.password != tt.ends {
				t.Errorf("%s: got %v (%s) with %q, want %v; the user has %q", tt.name, r.Outcome, r.Reason, r.Version, tt.want, u.password)
			}
			if tt.check != Pending && recorded != r.Version {
				t.Errorf("%s: the journal was told of %q, want %q", tt.name, recorded, r.Version)
			}
			if tt.check != Pending && (len(r.Beside) != 1 || r.Beside[0].Outcome != tt.check) {
				t.Errorf("%s: got %+v beside, want a check that is %v", tt.name, r.Beside, tt.check)
			}
			if tt.store != nil && (slices.Contains(tt.store.nobody, u.password) || tt.nobody != "" && !slices.Contains(tt.store.nobody, tt.nobody)) {
				t.Errorf("%s: the store was told that %q are nobody's, and the user has %q", tt.name, tt.store.nobody, u.password)
			}
		})
	}
}

// A generated password that is refused is made anew twice. What was lost before
// had the same password, and was refused too.
func TestRefusedPassword(t *testing.T) {
	for _, tt := range []struct {
		script []string
		want   string // outcome (reason) version
		sent   int
	}{
		{[]string{"weak"}, "ok () new 2", 2},
		{[]string{"weak", "weak"}, "ok () new 3", 3},
		{[]string{"weak", "weak", "weak"}, "failed (too weak) ", 3},
		{[]string{"lost-before", "weak", "weak", "weak"}, "failed (too weak) ", 4},
		{[]string{"history", "history", "history"}, "failed (used before) ", 3},
		{[]string{"lost-after", "history"}, "ok () new 1", 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, _ := newPool(1)
			p.script["u00001"] = tt.script
			n := 0
			opt := Options{Generate: func(Task) (string, jobs.Secret, error) {
				n++
				v := fmt.Sprint("new ", n)
				return v, jobs.NewSecret(v), nil
			}}
			got, err := run(t, t.Context(), p, seq([]Task{{Seq: 1, Username: "u00001", Action: jobs.SetTemporary, Generated: true}}), opt)
			if err != nil {
				t.Fatal(err)
			}
			r := got["u00001"]
			if line := fmt.Sprintf("%v (%s) %s", r.Outcome, r.Reason, r.Version); line != tt.want || len(p.sent) != tt.sent || len(p.lookedAt) > 0 {
				t.Errorf("%v: got %s after %d requests and %d looks, want %s after %d and none", tt.script, line, len(p.sent), len(p.lookedAt), tt.want, tt.sent)
			}
		})
	}
}

// A sign-in with the password in doubt tells whether it was set, where it can be had.
func TestProbe(t *testing.T) {
	for _, tt := range []struct {
		name string
		has  string // the user's password, since the attempt
		made []Made // none: the job gives the password
		held []string
		want string // outcome (reason) version
	}{
		{name: "given", has: "given", want: "ok () "},
		{name: "given, and changed since", has: "the user's own", want: "unknown (no answer came; the user was modified since, and cannot sign in with the password: Incorrect username or password.) "},
		{name: "generated", has: "old 1", made: []Made{{"old 1", Tried}}, held: []string{"old 1"}, want: "ok () old 1"},
		{name: "generated, and another was only made", has: "old 1", made: []Made{{"old 1", Tried}, {"old 2", NotSet}}, held: []string{"old 1", "old 2"}, want: "ok () old 1"},
		{name: "generated, and gone", has: "old 1", made: []Made{{"old 1", Tried}}, want: "unknown (no answer came; the user was modified since and is CONFIRMED) "},
		{name: "generated, and nobody knows which", has: "old 1", made: []Made{{"", Tried}}, held: []string{"old 1"}, want: "unknown (no answer came; the user was modified since and is CONFIRMED) "},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, _ := newPool(1)
			u := p.users["u00001"]
			u.password, u.modified = tt.has, time.Now().Add(-time.Minute)
			clock := new(Clock)
			clock.Observe(time.Now(), time.Now(), time.Now())
			task := Task{Seq: 1, Username: "u00001", Action: jobs.SetPermanent, Password: jobs.NewSecret("given"), Check: true, Attempts: 1,
				Doubt: &Intent{Seq: 1, Attempts: 1, Began: time.Now().Add(-2 * time.Minute), Slack: time.Second}}
			opt := Options{Clock: clock}
			if tt.made != nil {
				task.Generated, task.Made, task.Password = true, tt.made, jobs.Secret{}
				opt.Handoff = &shelf{has: tt.held}
				opt.Generate = func(Task) (string, jobs.Secret, error) { return "new 1", jobs.NewSecret("new 1"), nil }
			}
			got, err := run(t, t.Context(), p, seq([]Task{task}), opt)
			if err != nil {
				t.Fatal(err)
			}
			r := got["u00001"]
			if line := fmt.Sprintf("%v (%s) %s", r.Outcome, r.Reason, r.Version); line != tt.want || u.sets > 0 {
				t.Errorf("%s: got  %s after %d sets\nwant %s", tt.name, line, u.sets, tt.want)
			}
		})
	}
}
