package bulk_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cogpass/cmd/bulk"
	"cogpass/runner"
	"cogpass/runner/runfile"
)

// results are those of a run file, by user.
func results(t *testing.T, path string) map[string]runner.Result {
	t.Helper()
	f, err := runfile.OpenReadOnly(path, runfile.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := map[string]runner.Result{}
	for r, err := range f.Results() {
		if err != nil {
			t.Fatal(err)
		}
		all[r.Username] = r
	}
	return all
}

// Who was due when a plan was frozen, and was done by another run since, is not
// done a second time.
func TestFrozenPlanAsksTheLedgerAgain(t *testing.T) {
	s, opt := rotated(t)
	opt.FirstRun = true
	path := filepath.Join(opt.StateDir, "frozen.run")
	if _, err := bulk.Freeze(t.Context(), jobFile(t, nightly+"users: [u0, u1]"), path, opt); err != nil {
		t.Fatal(err)
	}
	if got := night(t, nightly+"users: [U0, u2]", opt); got != "2 done, 0 not" {
		t.Fatal(got)
	}
	if _, err := bulk.Run(t.Context(), path, opt); err != nil {
		t.Fatal(err)
	}
	got := results(t, path)
	if r := got["u0"]; r.Outcome != runner.Skipped || !strings.Contains(r.Reason, "by another run since: survey-") || got["u1"].Outcome != runner.OK {
		t.Errorf("got %+v", got)
	}
	if n := len(s.Outbox()); n != 3 {
		t.Errorf("%d codes for 3 users", n)
	}
}

// What a killed run has left in doubt is not set again over what another run has
// set since, though that is less than a minute ago.
func TestAnotherRunsPasswordStays(t *testing.T) {
	s, opt := rotated(t)
	opt.FirstRun = true
	if got := night(t, nightly+"users: [u4]", opt); got != "1 done, 0 not" { // so there is a ledger
		t.Fatal(got)
	}
	path := filepath.Join(opt.StateDir, "killed.run")
	if _, err := bulk.Freeze(t.Context(), jobFile(t, "action: set-permanent\npassword: Of-night-1\nusers: [u0]\n"), path, opt); err != nil {
		t.Fatal(err)
	}
	f, err := runfile.Open(path, runfile.OpenOptions{Place: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now().Add(-5 * time.Second)
	err = errors.Join(f.SetEndpoint(opt.EndpointURL), f.SetState(runfile.Running, ""),
		f.Begin(t.Context(), []runner.Intent{{Seq: 1, Attempts: 1, StartedAt: began, Began: began, Slack: time.Second}}), f.Close())
	if err != nil {
		t.Fatal(err)
	}
	if got := night(t, "action: set-temporary\npassword: Of-night-2\nusers: [u0]\n", opt); got != "1 done, 0 not" {
		t.Fatal(got)
	}
	if _, err := bulk.Run(t.Context(), path, opt); err != nil {
		t.Fatal(err)
	}
	if r := results(t, path)["u0"]; r.Outcome != runner.Skipped || s.Counts(surveyed, "u0").Sets != 1 {
		t.Errorf("got %+v, and %d sets", r, s.Counts(surveyed, "u0").Sets)
	}
}
