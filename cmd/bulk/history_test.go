package bulk_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cogpass/cmd/bulk"
	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/runfile"
	"cogpass/runner/sandbox"
)

// rotated is a pool that ignores case, with users u0 to u4 and their aliases.
func rotated(t *testing.T) (*sandbox.Server, bulk.Options) {
	s := sandbox.New(sandbox.Config{})
	s.AddPool(sandbox.Pool{ID: surveyed, EmailSendingAccount: "DEVELOPER", CaseInsensitive: true, AliasAttributes: []string{"email"}})
	for n := range 5 {
		s.AddUser(surveyed, sandbox.User{Username: fmt.Sprint("u", n), Status: "CONFIRMED", Enabled: true,
			Attributes: map[string]string{"email": fmt.Sprintf("u%d@example.com", n), "email_verified": "true"}})
	}
	return s, serve(t, s)
}

const nightly = "action: reset\nlimits: {rate: max}\nwhere: {lastDoneBefore: 30d}\n"

// night runs a job and returns how many were done, and how many were not due.
func night(t *testing.T, text string, opt bulk.Options) string {
	t.Helper()
	ended, err := bulk.Run(t.Context(), jobFile(t, text), opt)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d done, %d not", ended.Counts.ByOutcome[runner.OK], ended.Counts.ByOutcome[runner.Skipped])
}

// Each night does those who are due, by whichever name a job calls them.
func TestNights(t *testing.T) {
	_, opt := rotated(t)
	opt.FirstRun = true
	tests := []struct {
		name, text string
		days       int
		want       string
	}{
		{"the first", nightly + "users: [u0, u1]", 0, "2 done, 0 not"},
		{"the next", nightly + "users: [u0, U1, u2]", 1, "1 done, 2 not"},
		{"with a condition", strings.Replace(nightly, "lastDoneBefore", "status: [CONFIRMED, RESET_REQUIRED], lastDoneBefore", 1) + "users: [u0, u3]", 2, "1 done, 1 not"},
		{"by alias, looked up", "onImpossible: skip\n" + nightly + "users: [u3@example.com, u4@example.com]", 3, "1 done, 1 not"},
		{"of the pool", nightly + "users: [pool: {}]", 4, "0 done, 5 not"},
		{"another action", strings.Replace(nightly, "reset", "sign-out", 1) + "users: [pool: {}]", 5, "5 done, 0 not"},
		{"a month later", nightly + "users: [pool: {}]", 31, "5 done, 0 not"},
	}
	for i, test := range tests {
		opt.FirstRun = i == 0
		opt.Now = func() time.Time { return time.Now().AddDate(0, 0, test.days) }
		if got := night(t, test.text, opt); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// What a run has done whose process died is known to the next night.
func TestNightAfterACrash(t *testing.T) {
	s, opt := rotated(t)
	opt.FirstRun = true
	path := filepath.Join(opt.StateDir, "died.run")
	plan, err := bulk.Freeze(t.Context(), jobFile(t, nightly+"users: [u0, u1, u2]"), path, opt)
	if err != nil {
		t.Fatal(err)
	}
	f, err := runfile.Open(path, runfile.OpenOptions{Place: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(f.SetEndpoint(opt.EndpointURL), f.SetState(runfile.Running, ""),
		runfile.BeginRun(bulk.HistoryPath(opt.StateDir), runfile.HistoryPoolAt(plan.Info.UserPoolID, opt.EndpointURL), f))
	for seq := range int64(2) {
		err = errors.Join(err, f.Record(runner.Result{Seq: seq + 1, Username: fmt.Sprint("u", seq), Action: jobs.Reset, Outcome: runner.OK, FinishedAt: time.Now()}))
	}
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	opt.FirstRun = false
	if got := night(t, nightly+"users: [u0, u1, u2]", opt); got != "1 done, 2 not" || len(s.Outbox()) != 1 {
		t.Errorf("%s, and %d messages", got, len(s.Outbox()))
	}
}

// saying does something when a run says a thing that holds a text.
type saying struct {
	text string
	do   func()
}

func (s *saying) Show(bulk.Progress) {}
func (s *saying) Say(m bulk.Message) {
	if s.do != nil && strings.Contains(m.Text, s.text) {
		s.do()
		s.do = nil
	}
}

// A plan is not carried out of which another run has done users, after it was
// made and before it had the pool to itself.
func TestOvertaken(t *testing.T) {
	s, opt := rotated(t)
	path := jobFile(t, "action: set-permanent\npassword: Long-enough-1\nlimits: {rate: max}\nwhere: {lastDoneBefore: 30d}\nusers: [u0, u1]\n")
	history := bulk.HistoryPath(opt.StateDir)
	overtake := func(name string) *saying {
		return &saying{"a password stands in the job file", func() {
			err := runfile.AppendHistory(history, runfile.HistoryPoolAt(surveyed, opt.EndpointURL), "another", "another.run",
				[]runfile.Deed{{Username: name, Action: jobs.SetPermanent, At: time.Now()}})
			if err != nil {
				t.Error(err)
			}
		}}
	}
	opt.FirstRun, opt.Screen = true, overtake("u1")
	_, err := bulk.Run(t.Context(), path, opt)
	var refused *bulk.Error
	if !errors.As(err, &refused) || refused.Kind != bulk.Overtaken || s.Counts(surveyed, "u0").Sets != 0 {
		t.Errorf("got %v", err)
	}
	opt.Screen = overtake("somebody else")
	if ended, err := bulk.Run(t.Context(), path, opt); err != nil || ended.Counts.ByOutcome[runner.OK] != 1 {
		t.Errorf("with another user: got %+v, %v", ended, err)
	}
}

// Where somebody can be asked, a ledger that is not there is said, and made
// once more is known.
func TestNoLedgerIsSaid(t *testing.T) {
	_, opt := rotated(t)
	said := false
	asked := errors.New("no")
	opt.Yes, opt.Screen = false, &saying{"there is no ledger in", func() { said = true }}
	opt.Confirm = func(_ context.Context, q bulk.Question) error {
		if q.Tally.Users() != 2 || !said {
			t.Errorf("asked of %d users; said: %v", q.Tally.Users(), said)
		}
		return asked
	}
	path := jobFile(t, nightly+"users: [u0, u1]")
	if _, err := bulk.Run(t.Context(), path, opt); !errors.Is(err, asked) {
		t.Errorf("got %v", err)
	}
	opt.Confirm = nil
	opt.StateDir = filepath.Join(t.TempDir(), "a[b]*?")
	opt.Yes = true
	_, err := bulk.Run(t.Context(), path, opt)
	var refused *bulk.Error
	if !errors.As(err, &refused) || refused.Kind != bulk.NoHistory {
		t.Errorf("with nobody to ask: got %v", err)
	}
	opt.FirstRun = true
	if got := night(t, nightly+"users: [u0, u1]", opt); got != "2 done, 0 not" {
		t.Errorf("got %s", got)
	}
	if err := os.Remove(bulk.HistoryPath(opt.StateDir)); err != nil {
		t.Fatal(err)
	}
	if got := night(t, nightly+"users: [u0, u1, u2]", opt); got != "1 done, 2 not" {
		t.Errorf("in a folder of an odd name: got %s", got)
	}
}

// A run that does not begin gives the pool back.
func TestPoolIsGivenBack(t *testing.T) {
	opt := serve(t, sandbox.New(sandbox.Config{}))
	path := jobFile(t, "action: reset\nusers: [ana]\n")
	for range 2 {
		_, err := bulk.Run(t.Context(), path, opt)
		var refused *bulk.Error
		if !errors.As(err, &refused) || refused.Kind != bulk.Unreachable {
			t.Errorf("got %v", err)
		}
	}
}
