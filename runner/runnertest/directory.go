// Package runnertest tests any runner.Directory for what a run relies on:
// Cognito's, a stand-in, or a program's own. Begin with TestDirectory.
package runnertest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

// Fixture is a directory to test. It has six Users or more, and as many as there
// are actions; they are CONFIRMED and enabled, were not modified for a minute, and
// can be reset. It has no user Missing, and takes the names in New for users that
// are made, two of them or more.
type Fixture struct {
	Directory runner.Directory
	Users     []string
	Missing   string
	New       []string
}

const password = "Correct-Horse-7-Battery"

// TestDirectory tests the directory that open returns, and its Look if it is a
// runner.Looker too. Each test opens its own.
func TestDirectory(t *testing.T, open func(t *testing.T) Fixture) {
	for name, test := range map[string]func(*testing.T, Fixture){
		"Actions": testActions, "Steps": testSteps, "Creation": testCreation, "Missing": testMissing, "NotSent": testNotSent,
		"Unknown": testUnknown, "AtOnce": testAtOnce, "Hostile": testHostile,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func task(username string, action jobs.Action) runner.Task {
	t := runner.Task{Seq: 1, Username: username, Action: action}
	if action.Sets() {
		t.Password = jobs.NewSecret(password)
	}
	return t
}

// beside is a task at a step beside its action.
func beside(username string, step runner.Step) runner.Task {
	t := task(username, jobs.SetPermanent)
	if t.Step = step; step == runner.Create {
		t.Create = new(jobs.Creation)
	}
	return t
}

// stepsOfUsers are the steps that send a request about a user who is there.
var stepsOfUsers = []runner.Step{runner.Enable, runner.SignOut}

// ready brings a user into the state that an action is for, and reports whether
// anything had to be done.
func ready(t *testing.T, f Fixture, name string, spec jobs.ActionSpec) bool {
	t.Helper()
	first := jobs.Action(0)
	switch {
	case spec.Enables:
		first = jobs.Disable
	case spec.Leaves == jobs.ForceChangePassword && !spec.Password: // an invitation is for whom has one already
		first = jobs.SetTemporary
	default:
		return false
	}
	if _, err := f.Directory.Do(t.Context(), task(name, first)); err != nil {
		t.Errorf("%v: %v", first, err)
	}
	return true
}

// Every action succeeds, tells the server's time, and leaves the user as the
// table of actions says.
func testActions(t *testing.T, f Fixture) {
	for i, action := range jobs.Actions() {
		name, spec := f.Users[i%len(f.Users)], action.Spec()
		touched := ready(t, f, name, spec)
		before, _ := look(t, f, name)
		answer, err := f.Directory.Do(t.Context(), task(name, action))
		if err != nil {
			t.Errorf("%v: %v", action, err)
			continue
		}
		if answer.Date.Nanosecond() != 0 {
			t.Errorf("%v: the answer's date is %v, want whole seconds, or none", action, answer.Date)
		}
		after, ok := look(t, f, name)
		if !ok {
			continue
		}
		want := spec.Leaves
		if want == "" {
			want = before.Status
		}
		if !after.Found || after.Status != want {
			t.Errorf("%v: the user is %q (found: %v), want %s", action, after.Status, after.Found, want)
		}
		if enabled := spec.Enables || !spec.Disables && before.Enabled; after.KnowsEnabled && after.Enabled != enabled {
			t.Errorf("%v: enabled is %v, want %v", action, after.Enabled, enabled)
		}
		if spec.Leaves == "" && !spec.Enables && !spec.Disables { // what it changes is not in the user's record
			continue
		}
		if !touched && !before.Modified.Before(answer.Date.Add(-30*time.Second)) || after.Modified.Before(answer.Date.Add(-2*time.Second)) ||
			after.Modified.After(answer.Date.Add(2*time.Second)) {
			t.Errorf("%v at %v: the user was modified at %v before, and %v after", action, answer.Date, before.Modified, after.Modified)
		}
	}
}

// A step beside the action sends its own request, and leaves the user's state to
// the action. It may be done again.
func testSteps(t *testing.T, f Fixture) {
	for i, step := range stepsOfUsers {
		name := f.Users[i]
		if _, err := f.Directory.Do(t.Context(), task(name, jobs.Disable)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := f.Directory.Do(t.Context(), beside(name, step)); err != nil {
				t.Errorf("step %d: %v", step, err)
			}
		}
		s, ok := look(t, f, name)
		if ok && (s.Status != jobs.Confirmed || s.KnowsEnabled && s.Enabled != (step == runner.Enable)) {
			t.Errorf("step %d: the user is %s, enabled: %v", step, s.Status, s.Enabled)
		}
	}
}

// A user that is made is enabled, has what was asked for, and is there: who makes
// it again is told so, and changes nothing.
func testCreation(t *testing.T, f Fixture) {
	for i, action := range []jobs.Action{jobs.SetTemporary, jobs.SetPermanent} {
		made := task(f.New[i], action)
		made.Step, made.Create = runner.Create, &jobs.Creation{Attributes: map[string]string{"email": "new@example.com", "email_verified": "true"}}
		if _, err := f.Directory.Do(t.Context(), made); err != nil {
			t.Errorf("%v: %v", action, err)
			continue
		}
		s, ok := look(t, f, made.Username)
		if ok && (!s.Found || s.Status != jobs.ForceChangePassword || s.KnowsEnabled && !s.Enabled) {
			t.Errorf("%v: a user that was made is %q, found: %v, enabled: %v", action, s.Status, s.Found, s.Enabled)
		}
		if u := s.User; u != nil && (u.Attributes["email"] != "new@example.com" || !u.VerifiedEmail) {
			t.Errorf("%v: a user that was made has %v", action, u)
		}
		_, err := f.Directory.Do(t.Context(), made)
		mustBe(t, err, runner.Exists)
		mustBeSame(t, f, made.Username, s)
	}
}

// An unknown action or step is an error and changes nothing.
func testUnknown(t *testing.T, f Fixture) {
	name := f.Users[0]
	before, _ := look(t, f, name)
	for _, action := range []jobs.Action{0, jobs.Action(len(jobs.Actions()) + 1), 255} {
		_, err := f.Directory.Do(t.Context(), task(name, action))
		mustBe(t, err, runner.Fatal)
	}
	for _, step := range []runner.Step{runner.Look, runner.Recheck, 255} {
		_, err := f.Directory.Do(t.Context(), beside(name, step))
		mustBe(t, err, runner.Fatal)
	}
	none := beside(f.Missing, runner.Create)
	none.Create = nil
	_, err := f.Directory.Do(t.Context(), none)
	mustBe(t, err, runner.Fatal)
	mustBeSame(t, f, name, before)
}

// look looks at a user, if the directory is a Looker.
func look(t *testing.T, f Fixture, name string) (runner.Sight, bool) {
	t.Helper()
	looker, ok := f.Directory.(runner.Looker)
	if !ok {
		return runner.Sight{}, false
	}
	s, err := looker.Look(t.Context(), name)
	if err != nil {
		t.Errorf("looking at %q: %v", name, err)
	}
	return s, err == nil
}

// A user who is not there fails alone, and is not found.
func testMissing(t *testing.T, f Fixture) {
	for _, action := range jobs.Actions() {
		_, err := f.Directory.Do(t.Context(), task(f.Missing, action))
		mustBe(t, err, runner.UserFault)
	}
	for _, step := range stepsOfUsers {
		_, err := f.Directory.Do(t.Context(), beside(f.Missing, step))
		mustBe(t, err, runner.UserFault)
	}
	if s, ok := look(t, f, f.Missing); ok && s.Found {
		t.Errorf("%s is found, and is not there", f.Missing)
	}
}

// mustBe fails unless an error has one of the classes and may be shown.
func mustBe(t *testing.T, err error, classes ...runner.Class) {
	t.Helper()
	var fault *runner.Error
	if !errors.As(err, &fault) {
		t.Errorf("got %v, want a *runner.Error", err)
		return
	}
	wanted := false
	for _, c := range classes {
		wanted = wanted || c == fault.Class
	}
	if !wanted {
		t.Errorf("got class %d (%v), want one of %v", fault.Class, err, classes)
	}
	if text := err.Error(); text == "" || strings.ContainsAny(text, "\n\r\x1b") || strings.Contains(text, password) {
		t.Errorf("got %q, want one line without secrets", text)
	}
}

// A request whose context is done before it starts changes nothing, and does
// not say that it did.
func testNotSent(t *testing.T, f Fixture) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for i, action := range jobs.Actions() {
		name := f.Users[i%len(f.Users)]
		before, _ := look(t, f, name)
		_, err := f.Directory.Do(ctx, task(name, action))
		mustBe(t, err, runner.Transient, runner.InDoubt)
		mustBeSame(t, f, name, before)
	}
	_, err := f.Directory.Do(ctx, beside(f.New[0], runner.Create))
	mustBe(t, err, runner.Transient, runner.InDoubt)
	if s, ok := look(t, f, f.New[0]); ok && s.Found {
		t.Errorf("%s was made by a request that was not sent", f.New[0])
	}
}

// mustBeSame fails where a user was changed.
func mustBeSame(t *testing.T, f Fixture, name string, before runner.Sight) {
	t.Helper()
	after, ok := look(t, f, name)
	if ok && (after.Status != before.Status || after.Enabled != before.Enabled || !after.Modified.Equal(before.Modified)) {
		t.Errorf("%s was %s, modified at %v, and is %s, modified at %v", name, before.Status, before.Modified, after.Status, after.Modified)
	}
}

// Requests may be made at the same time. Of several that make one user, one does.
func testAtOnce(t *testing.T, f Fixture) {
	var all sync.WaitGroup
	for _, name := range f.Users {
		all.Go(func() {
			if _, err := f.Directory.Do(t.Context(), task(name, jobs.SetPermanent)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if s, ok := look(t, f, name); ok && !s.Found {
				t.Errorf("%s is not found", name)
			}
		})
	}
	made := make([]error, 4)
	for i := range made {
		all.Go(func() { _, made[i] = f.Directory.Do(t.Context(), beside(f.New[0], runner.Create)) })
	}
	all.Wait()
	times := 0
	for _, err := range made {
		if err == nil {
			times++
		} else {
			mustBe(t, err, runner.Exists)
		}
	}
	if times != 1 {
		t.Errorf("a user was made %d times, want once", times)
	}
}

// A look finds the user of that name or none, whatever characters are in it.
func testHostile(t *testing.T, f Fixture) {
	for _, name := range []string{`"`, `\`, `\"`, `" or username = "` + f.Users[0], f.Users[0] + `"`, "*", "%", "日本語", "$(id)"} {
		if s, ok := look(t, f, name); ok && s.Found {
			t.Errorf("looking for %q finds %q", name, s.Username)
		}
	}
}
