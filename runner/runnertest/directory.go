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
// are actions; they are CONFIRMED, were not modified for a minute, and can be
// reset. It has no user Missing.
type Fixture struct {
	Directory runner.Directory
	Users     []string
	Missing   string
}

const password = "Correct-Horse-7-Battery"

// TestDirectory tests the directory that open returns, and its Look if it is a
// runner.Looker too. Each test opens its own.
func TestDirectory(t *testing.T, open func(t *testing.T) Fixture) {
	for name, test := range map[string]func(*testing.T, Fixture){
		"Actions": testActions, "Missing": testMissing, "NotSent": testNotSent, "Unknown": testUnknown,
		"AtOnce": testAtOnce, "Hostile": testHostile,
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

// Every action succeeds, tells the server's time, and leaves the user as the
// table of actions says.
func testActions(t *testing.T, f Fixture) {
	for i, action := range jobs.Actions() {
		name := f.Users[i%len(f.Users)]
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
		want := action.Spec().Leaves
		if want == "" {
			want = before.Status
		}
		if !after.Found || after.Status != want {
			t.Errorf("%v: the user is %q (found: %v), want %s", action, after.Status, after.Found, want)
		}
		if !before.Modified.Before(answer.Date.Add(-30*time.Second)) || after.Modified.Before(answer.Date.Add(-2*time.Second)) ||
			after.Modified.After(answer.Date.Add(2*time.Second)) {
			t.Errorf("%v at %v: the user was modified at %v before, and %v after", action, answer.Date, before.Modified, after.Modified)
		}
	}
}

// An unknown action is an error and changes nothing.
func testUnknown(t *testing.T, f Fixture) {
	none := jobs.Action(len(jobs.Actions()) + 1)
	for _, action := range []jobs.Action{0, none, 255} {
		name := f.Users[0]
		before, _ := look(t, f, name)
		_, err := f.Directory.Do(t.Context(), task(name, action))
		mustBe(t, err, runner.Fatal)
		mustBeSame(t, f, name, before)
	}
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
}

// mustBeSame fails where a user was changed.
func mustBeSame(t *testing.T, f Fixture, name string, before runner.Sight) {
	t.Helper()
	if after, ok := look(t, f, name); ok && (after.Status != before.Status || !after.Modified.Equal(before.Modified)) {
		t.Errorf("%s was %s, modified at %v, and is %s, modified at %v", name, before.Status, before.Modified, after.Status, after.Modified)
	}
}

// Requests may be made at the same time.
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
	all.Wait()
}

// A look finds the user of that name or none, whatever characters are in it.
func testHostile(t *testing.T, f Fixture) {
	for _, name := range []string{`"`, `\`, `\"`, `" or username = "` + f.Users[0], f.Users[0] + `"`, "*", "%", "日本語", "$(id)"} {
		if s, ok := look(t, f, name); ok && s.Found {
			t.Errorf("looking for %q finds %q", name, s.Username)
		}
	}
}
