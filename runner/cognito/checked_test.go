package cognito

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/sandbox"
)

// runChecked carries out a set-permanent with its check for each name, and returns how
// the checks ended and the error of the run.
func runChecked(t *testing.T, s *sandbox.Server, c Check, names []string, done map[string][]runner.StepResult) (map[string]runner.StepResult, map[string]runner.Result, error) {
	t.Helper()
	checks, results := map[string]runner.StepResult{}, map[string]runner.Result{}
	every := math.Inf(1)
	err := runner.Run(t.Context(), serve(t, s).WithCheck(c), func(yield func(runner.Task, error) bool) {
		for i, name := range names {
			task := runner.Task{Seq: int64(i + 1), Username: name, Action: jobs.SetPermanent, Password: jobs.NewSecret(newPassword), Check: true, Done: done[name]}
			if !yield(task, nil) {
				return
			}
		}
	}, runner.Options{
		Rate: every, Lanes: map[jobs.Category]float64{jobs.UserList: every, jobs.UserAuthentication: every},
		Attempts: 4, MaxDelay: 20 * time.Millisecond, Timeout: 5 * time.Second,
	}, func(r runner.Result) error {
		results[r.Username] = r
		for _, step := range r.Beside {
			if step.Step == runner.Check {
				checks[r.Username] = step
			}
		}
		return nil
	})
	return checks, results, err
}

// A run checks what it has set: what is lost or throttled is sent again, and a
// wrong password never is.
func TestCheckedRun(t *testing.T) {
	const wrong = "NotAuthorizedException: Incorrect username or password."
	faults := map[string][]string{}
	requests := map[string]int{} // to sign in, that each user's check takes
	var names []string
	for i, tt := range []struct {
		faults   []string
		requests int
	}{
		{nil, 1}, {[]string{"lost-before"}, 2}, {[]string{"lost-after"}, 2}, {[]string{"500", "lost-after"}, 3}, {[]string{"throttle*2"}, 3},
		{[]string{wrong + "*"}, 1}, {[]string{"lost-after", wrong}, 2}, {[]string{"UserNotFoundException: User does not exist.*"}, 1},
		{[]string{"NotAuthorizedException: Password attempts exceeded*"}, 1},
	} {
		name := fmt.Sprintf("user-%d", i+1)
		names = append(names, name)
		faults["InitiateAuth/"+name], requests[name] = tt.faults, tt.requests
	}
	s := checkedSandbox(names...)
	s.SetFaults(sandbox.Faults{User: faults})
	checks, results, err := runChecked(t, s, Check{ClientID: "app"}, names, nil)
	if err != nil {
		t.Fatal(err)
	}
	sent := map[string]int{}
	for _, r := range s.Log() {
		if r.Operation == "InitiateAuth" {
			sent[r.Username]++
		}
	}
	for i, name := range names {
		want := runner.OK
		if i >= 5 {
			want = runner.Failed
		}
		if checks[name].Outcome != want || results[name].Outcome != runner.OK || sent[name] != requests[name] || (want == runner.OK) != (checks[name].Reason == "") {
			t.Errorf("%v: the set is %d, the check %+v after %d requests; want ok, %d after %d", faults["InitiateAuth/"+name], results[name].Outcome, checks[name], sent[name], want, requests[name])
		}
	}
	if got := s.Tokens(); got.Live != 3 { // of the answers that were lost
		t.Errorf("got %+v, want 3 live", got)
	}
}

// A client that does not fit stops the run, with nobody failed for it; what is due
// is done when it is mended, and no password is set again.
func TestCheckStopsForItsClient(t *testing.T) {
	names := []string{"ana", "bo", "cy"}
	s := checkedSandbox(names...)
	checks, _, err := runChecked(t, s, Check{ClientID: "web", ClientSecret: jobs.NewSecret("client-secret-8")}, names, nil)
	var stopped *runner.Stopped
	if !errors.As(err, &stopped) || stopped.Class != runner.Fatal || len(checks) != 0 {
		t.Fatalf("got %v, %+v, want a stop", err, checks)
	}
	done := map[string][]runner.StepResult{}
	for _, name := range names {
		if s.Counts(testPool, name).Sets == 1 {
			done[name] = []runner.StepResult{{Step: runner.Act, Outcome: runner.OK}}
		}
	}
	checks, _, err = runChecked(t, s, Check{ClientID: "web", ClientSecret: jobs.NewSecret("client-secret-7")}, names, done)
	for _, name := range names {
		if counts := s.Counts(testPool, name); err != nil || checks[name].Outcome != runner.OK || counts.Sets != 1 || counts.Wrong != 0 {
			t.Errorf("%s: got %v, %+v, %+v; want it checked, and set once", name, err, checks[name], counts)
		}
	}
}

// A token that is left is the reason of a check that is ok.
func TestCheckSaysWhatIsLeft(t *testing.T) {
	s := checkedSandbox("ana")
	checks, _, err := runChecked(t, s, Check{ClientID: "kept"}, []string{"ana"}, nil)
	if got := checks["ana"]; err != nil || got.Outcome != runner.OK || got.Reason == "" {
		t.Errorf("got %v, %+v, want ok and a reason", err, got)
	}
}
