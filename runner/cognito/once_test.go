package cognito

import (
	"errors"
	"fmt"
	"math"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/hostile"
	"cogpass/runner/sandbox"
)

// Whatever an endpoint does to the requests and to the looks after them, over
// the wire and with the engine: nobody is reset twice, who is ok was reset, and
// who failed was not.
func TestNobodyIsResetTwice(t *testing.T) {
	t.Parallel()
	const reset, list = "AdminResetUserPassword", "ListUsers"
	pool := newSandbox(sandbox.Config{AllowUnsigned: true})
	endpoint := &hostile.Endpoint{Handler: pool, Pace: time.Millisecond}
	ways := map[string]string{} // by username
	var tasks []runner.Task
	faults := 0
	add := func(what string, rules ...hostile.Rule) {
		if len(rules) > 0 {
			if faults++; !long() && faults%3 > 0 { // some, by turns
				return
			}
		}
		name := fmt.Sprintf("user-%d", len(tasks)+1)
		for _, r := range rules {
			r.User = name
			endpoint.Add(r)
		}
		pool.AddUser(testPool, sandbox.User{Username: name, Enabled: true, Attributes: map[string]string{"email": "u@example.com", "email_verified": "true"}})
		ways[name] = what
		tasks = append(tasks, runner.Task{Seq: int64(len(tasks) + 1), Username: name, Action: jobs.Reset})
	}
	for _, spec := range hostile.Ways() {
		switch {
		case verdicts[spec.Way].change == runner.Fatal: // stops the run: TestRedirectsAreNotFollowed
		case spec.Look:
			add("carried out and lost, looks: "+string(spec.Way), hostile.Rule{Operation: reset, Way: hostile.CloseDone, Times: 1}, hostile.Rule{Operation: list, Way: spec.Way})
			add("lost, looks: "+string(spec.Way), hostile.Rule{Operation: reset, Way: hostile.CloseRead, Times: 1}, hostile.Rule{Operation: list, Way: spec.Way})
		default:
			add(string(spec.Way), hostile.Rule{Operation: reset, Way: spec.Way, Times: 1})
			add("carried out and lost, first look: "+string(spec.Way), hostile.Rule{Operation: reset, Way: hostile.CloseDone, Times: 1}, hostile.Rule{Operation: list, Way: spec.Way, Times: 1})
		}
		add("no fault") // so that it is no outage
	}
	server := httptest.NewServer(endpoint)
	defer server.Close()
	client, err := Open(t.Context(), Config{Region: "us-west-2", EndpointURL: server.URL, NoSign: true, Conns: 64})
	if err != nil {
		t.Fatal(err)
	}
	ended := 0
	err = runner.Run(t.Context(), client.Directory(Pool{ID: testPool}), func(yield func(runner.Task, error) bool) {
		for _, task := range tasks {
			if !yield(task, nil) {
				return
			}
		}
	}, runner.Options{
		Rate: math.Inf(1), Lanes: map[jobs.Category]float64{jobs.UserList: math.Inf(1)},
		Attempts: 3, MaxDelay: 50 * time.Millisecond, Timeout: 2 * time.Second,
	}, func(r runner.Result) error {
		ended++
		resets := pool.Counts(testPool, r.Username).Resets
		if resets > 1 || r.Outcome == runner.OK && resets != 1 || r.Outcome == runner.Failed && resets != 0 {
			t.Errorf("%s: outcome %d (%s), and reset %d times", ways[r.Username], r.Outcome, r.Reason, resets)
		}
		if strings.ContainsAny(r.Reason+r.Code+r.RequestID+r.Sub+string(r.StatusBefore), "\x1b\n\u202e") || len(r.Reason) > 2000 {
			t.Errorf("%s: %q is not fit to be shown", ways[r.Username], r.Reason)
		}
		return nil
	})
	if err != nil || ended != len(tasks) {
		t.Errorf("%d of %d tasks ended (%v)", ended, len(tasks), err)
	}
	for name, what := range ways {
		if resets := pool.Counts(testPool, name).Resets; resets > 1 {
			t.Errorf("%s: reset %d times", what, resets)
		}
	}
}

// Whatever an endpoint does to a creation, and to the looks after it: who is ok
// is there, with the password and signed out once it was set; who failed has not
// got it.
func TestWhoIsMadeHasThePassword(t *testing.T) {
	t.Parallel()
	const create, list, password = "AdminCreateUser", "ListUsers", "Made-To-Measure-7"
	pool := newSandbox(sandbox.Config{AllowUnsigned: true})
	endpoint := &hostile.Endpoint{Handler: pool, Pace: time.Millisecond}
	ways := map[string]string{} // by username
	var tasks []runner.Task
	faults := 0
	add := func(what string, rules ...hostile.Rule) {
		faults++
		for i, action := range []jobs.Action{jobs.SetTemporary, jobs.SetPermanent} {
			if !long() && (faults%4 > 1 || (i+faults)%2 == 1) && len(rules) > 0 { // some, by turns
				continue
			}
			name := fmt.Sprintf("user-%d", len(tasks)+1)
			for _, r := range rules {
				r.User = name
				endpoint.Add(r)
			}
			ways[name] = action.String() + ", " + what
			tasks = append(tasks, runner.Task{
				Seq: int64(len(tasks) + 1), Username: name, Action: action, Password: jobs.NewSecret(password),
				Create: &jobs.Creation{}, SignOut: jobs.SignOutIfOK,
			})
		}
	}
	for _, spec := range hostile.Ways() {
		switch {
		case verdicts[spec.Way].change == runner.Fatal: // stops the run
		case spec.Look:
			add("made and lost, looks: "+string(spec.Way), hostile.Rule{Operation: create, Way: hostile.CloseDone, Times: 1}, hostile.Rule{Operation: list, Way: spec.Way})
			add("lost, looks: "+string(spec.Way), hostile.Rule{Operation: create, Way: hostile.CloseRead, Times: 1}, hostile.Rule{Operation: list, Way: spec.Way})
		default:
			add(string(spec.Way), hostile.Rule{Operation: create, Way: spec.Way, Times: 1})
		}
		add("no fault") // so that it is no outage
	}
	server := httptest.NewServer(endpoint)
	defer server.Close()
	client, err := Open(t.Context(), Config{Region: "us-west-2", EndpointURL: server.URL, NoSign: true, Conns: 64})
	if err != nil {
		t.Fatal(err)
	}
	ended, ok := 0, 0
	every := math.Inf(1)
	err = runner.Run(t.Context(), client.Directory(Pool{ID: testPool}), func(yield func(runner.Task, error) bool) {
		for _, task := range tasks {
			if !yield(task, nil) {
				return
			}
		}
	}, runner.Options{
		Rate: every, Lanes: map[jobs.Category]float64{jobs.UserList: every, jobs.UserCreation: every, jobs.UserUpdate: every},
		Attempts: 3, MaxDelay: 50 * time.Millisecond, Timeout: 2 * time.Second,
	}, func(r runner.Result) error {
		ended++
		counts := pool.Counts(testPool, r.Username)
		in := pool.SignIn(testPool, r.Username, password)
		has := in == nil || errors.Is(in, sandbox.ErrNewPasswordRequired)
		if r.Outcome == runner.OK {
			ok++
		}
		if r.Outcome == runner.OK && (!has || counts.Creations != 1 || counts.SignOuts == 0) || r.Outcome == runner.Failed && has ||
			counts.Creations > 1 || r.Outcome != runner.OK && counts.SignOuts > 0 {
			t.Errorf("%s: outcome %d (%s), signing in gives %v, %+v", ways[r.Username], r.Outcome, r.Reason, in, counts)
		}
		if strings.Contains(fmt.Sprintf("%+v", r), password) {
			t.Errorf("%s: a result shows the password", ways[r.Username])
		}
		return nil
	})
	if err != nil || ended != len(tasks) || ok < len(tasks)/2 {
		t.Errorf("%d of %d tasks ended, %d ok (%v)", ended, len(tasks), ok, err)
	}
}
