package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cogpass/runner/sandbox"
)

// stepCrash is a job whose tasks have several steps, and what is to be true of
// its users in the end.
type stepCrash struct {
	name   string
	faults sandbox.Faults
	make   func(*crashSite)
	judge  func(*crashSite)
}

var stepCrashes = []stepCrash{
	{"reset and sign out", sandbox.Faults{}, (*crashSite).sixStates, (*crashSite).resetAndSignedOut},
	{"reset and sign out, answers lost", sandbox.Faults{LostAfter: 0.04, LostBefore: 0.04}, (*crashSite).sixStates, (*crashSite).resetAndSignedOut},
	{"create, temporary", sandbox.Faults{}, onboarding("set-temporary"), onboarded(sandbox.ErrNewPasswordRequired)},
	{"create, temporary, answers lost", sandbox.Faults{LostAfter: 0.04, LostBefore: 0.04}, onboarding("set-temporary"), onboarded(sandbox.ErrNewPasswordRequired)},
	{"create, permanent, answers lost", sandbox.Faults{LostAfter: 0.04, LostBefore: 0.04}, onboarding("set-permanent"), onboarded(nil)},
}

// TestKilledBetweenSteps kills the program anywhere in tasks of several steps,
// the planning among them, and goes on after each.
func TestKilledBetweenSteps(t *testing.T) {
	kills, users := 3, 60
	if long() {
		kills, users = 20, 1200
	}
	for _, tt := range stepCrashes {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := emptyCrashSite(t, users, tt.faults)
			tt.make(s)
			for left := kills; left > 0; left-- {
				s.run(s.moment(left))
			}
			s.run(0)
			tt.judge(s)
		})
	}
}

// sixStates fills the pool with users in all states, every other one of them
// confirmed, and excludes one.
func (s *crashSite) sixStates() {
	others := []string{"UNCONFIRMED", "RESET_REQUIRED", "FORCE_CHANGE_PASSWORD", "EXTERNAL_PROVIDER", "ARCHIVED"}
	for i := range s.users {
		status := "CONFIRMED"
		if i%2 == 1 {
			status = others[i/2%len(others)]
		}
		s.server.AddUser(crashPool, sandbox.User{
			Username: crashUser(i), Enabled: true, Status: status, Created: time.Now().Add(-24 * time.Hour),
			Attributes: map[string]string{"email": fmt.Sprintf("user%d@example.com", i), "email_verified": "true"},
		})
	}
	s.job("action: reset\nsignOut: true\nusers: [{pool: {status: [CONFIRMED]}}]\nexclude: [" + crashUser(0) + "]\nlimits: {rates: {UserUpdate: 1000/s, UserList: 1000/s}}")
}

// resetAndSignedOut fails unless all who are confirmed were reset once and
// signed out, and nobody else was touched.
func (s *crashSite) resetAndSignedOut() {
	for i := range s.users {
		count, want := s.server.Counts(crashPool, crashUser(i)), 0
		if i%2 == 0 && i > 0 {
			want = 1
		}
		if count.Resets != want || min(count.SignOuts, 1) != want {
			s.t.Errorf("%s was reset %d times and signed out %d times, want %d", crashUser(i), count.Resets, count.SignOuts, want)
		}
	}
	s.mustBeReported((s.users-1)/2, 1)
}

// onboarding lists users with passwords, of whom every third is missing.
func onboarding(action string) func(*crashSite) {
	return func(s *crashSite) {
		var csv strings.Builder
		csv.WriteString("username,password,mail\n")
		for i := range s.users {
			mail := fmt.Sprintf("user%d@example.com", i)
			fmt.Fprintf(&csv, "%s,%s,%s\n", crashUser(i), crashPassword(i), mail)
			if i%3 == 0 {
				continue
			}
			s.server.AddUser(crashPool, sandbox.User{Username: crashUser(i), Enabled: true, Created: time.Now().Add(-24 * time.Hour),
				Attributes: map[string]string{"email": mail, "email_verified": "true"}})
		}
		s.write("users.csv", csv.String())
		s.job("action: " + action + `
ifMissing: create
attributes: {email_verified: "true"}
users: [{csv: users.csv, columns: {username: username, password: password, attributes.email: mail}}]
limits: {rates: {UserCreation: 1000/s, UserList: 1000/s}}`)
	}
}

// onboarded fails unless each who was missing was made once, and each has the
// password of the list.
func onboarded(want error) func(*crashSite) {
	return func(s *crashSite) {
		for i := range s.users {
			name, made := crashUser(i), 0
			if i%3 == 0 {
				made = 1
			}
			if got := s.server.Counts(crashPool, name).Creations; got != made {
				s.t.Errorf("%s was made %d times, want %d", name, got, made)
			}
			if err := s.server.SignIn(crashPool, name, crashPassword(i)); !errors.Is(err, want) {
				s.t.Errorf("%s signs in with the password of the list: got %v, want %v", name, err, want)
			}
		}
		s.mustBeReported(s.users, 0)
	}
}
