package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"cogpass/runner/sandbox"
)

var crashKills = flag.Int("crash.kills", 0, "how often to kill runs of 1,000 users that hand passwords over; 0 is a few times, and fewer users")

// handoffCrashes are the ways in which generated passwords get to their readers:
// what a job says of that, and how a reader finds what they have.
var handoffCrashes = []struct {
	name, handoff string
	read          func(*crashSite) map[string][]string // what may be the password of each user
}{
	{"sealed", "{age: [" + sealedRunReader + "]}", (*crashSite).readSealed},
	{"Secrets Manager", "{secretsManager: {}}", (*crashSite).readSecrets},
	{"a program", `{command: [./store.sh]}`, (*crashSite).readStored},
}

// TestKilledWhileHandingOver kills the program anywhere between a password's making and its
// reader, while answers are lost, and goes on after each: who reads gets what the
// pool has.
func TestKilledWhileHandingOver(t *testing.T) {
	kills, users := 1, 30
	if long() {
		kills, users = 5, 200
	}
	if *crashKills > 0 {
		kills, users = *crashKills, 1000
	}
	for _, way := range handoffCrashes {
		for _, action := range []string{"set-temporary", "set-permanent"} {
			t.Run(way.name+"/"+action, func(t *testing.T) {
				if runtime.GOOS == "windows" && strings.Contains(way.handoff, ".sh") {
					t.Skip("there is no sh")
				}
				t.Parallel()
				s := emptyCrashSite(t, users, sandbox.Faults{LostAfter: 0.04, LostBefore: 0.04})
				for i := range s.users {
					s.server.AddUser(crashPool, sandbox.User{Username: crashUser(i), Enabled: true, Created: time.Now().Add(-24 * time.Hour)})
				}
				s.write("store.sh", storeScript)
				if err := os.Chmod(filepath.Join(s.dir, "store.sh"), 0o700); err != nil {
					t.Fatal(err)
				}
				s.job("action: " + action + "\npassword: {generate: {}}\nhandoff: " + way.handoff +
					"\nusers: [" + strings.Join(s.names(), ", ") + "]\nlimits: {rates: {SecretsManager: 1000/s, UserList: 1000/s}}")
				// Of several passwords that cannot be read again, none is known to be the
				// one after a minute, where the user might have chosen one since.
				s.unknowns = action == "set-permanent" && way.name != "Secrets Manager"
				for left := kills; left > 0; left-- {
					s.run(s.moment(left))
				}
				s.run(0)
				s.mustSignIn(way.read(s))
			})
		}
	}
}

// TestInterruptedWhileHandingOver interrupts a second rotation at some moments: each
// time the readers of users who have been set so far have their passwords. So it
// is when the run goes on after another night.
func TestInterruptedWhileHandingOver(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be interrupted there")
	}
	t.Parallel()
	s := emptyCrashSite(t, 60, sandbox.Faults{})
	for i := range s.users {
		s.server.AddUser(crashPool, sandbox.User{Username: crashUser(i), Enabled: true, Created: time.Now().Add(-24 * time.Hour)})
	}
	s.job("action: set-permanent\npassword: {generate: {}}\nhandoff: {secretsManager: {}}\nusers: [" + strings.Join(s.names(), ", ") +
		"]\nlimits: {rates: {SecretsManager: 1000/s}}")
	s.run(0)
	if err := os.Remove(s.runFile()); err != nil { // the next night
		t.Fatal(err)
	}
	for range 3 {
		cmd := s.command()
		cmd.Args = append(cmd.Args, "--rate", "100/s")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		reached := s.requests.after(30 + s.random.IntN(40))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		<-reached
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); cmd.ProcessState.ExitCode() != exitInterrupted {
			t.Fatalf("it ended with %v, want it interrupted\n%s", err, &stderr)
		}
		s.mustSignIn(s.readSecrets())
	}
	// The night after that is whole; then somebody carries the old run on.
	old := filepath.Join(s.dir, "old.run")
	if err := os.Rename(s.runFile(), old); err != nil {
		t.Fatal(err)
	}
	s.run(0)
	s.mustSignIn(s.readSecrets())
	cmd := s.command()
	cmd.Args[len(cmd.Args)-1] = old
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s.mustSignIn(s.readSecrets())
}

func (s *crashSite) names() (all []string) {
	for i := range s.users {
		all = append(all, crashUser(i))
	}
	return all
}

// mustSignIn fails unless each user has one password, which is right, or several
// of which one is; and none of them is anywhere else.
func (s *crashSite) mustSignIn(found map[string][]string) {
	var all []string
	several := 0
	for _, name := range s.names() {
		right := slices.ContainsFunc(found[name], func(password string) bool {
			err := s.server.SignIn(crashPool, name, password)
			return err == nil || errors.Is(err, sandbox.ErrNewPasswordRequired)
		})
		if !right {
			s.t.Errorf("%s cannot sign in with any of the %d passwords that their reader has", name, len(found[name]))
		}
		if len(found[name]) > 1 {
			several++
		}
		all = append(all, found[name]...)
	}
	s.t.Logf("%d of %d have several", several, s.users)
	if path, form, err := newSecrets(all).inFiles(s.dir, "all.csv"); err != nil || form != "" {
		s.t.Errorf("%s holds %q (%v)", path, form, err)
	}
}

// readSealed reads what reveal writes.
func (s *crashSite) readSealed() map[string][]string {
	s.write("key.txt", sealedRunKey+"\n")
	all := filepath.Join(s.dir, "all.csv")
	cmd := s.command()
	cmd.Args = append(cmd.Args[:1], "reveal", s.runFile(), "--identity", filepath.Join(s.dir, "key.txt"), "--out", all)
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(all)
	if err != nil {
		s.t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		s.t.Fatal(err)
	}
	found := map[string][]string{}
	for _, row := range rows[1:] {
		found[row[1]] = append(found[row[1]], row[2])
	}
	return found
}

// readSecrets reads what Secrets Manager gives.
func (s *crashSite) readSecrets() map[string][]string {
	found := map[string][]string{}
	for _, secret := range s.server.Secrets() {
		var value struct{ Username, Password string }
		if err := json.Unmarshal([]byte(secret.Value), &value); err != nil {
			s.t.Fatalf("%s holds no JSON: %v", secret.Name, err)
		}
		found[value.Username] = append(found[value.Username], value.Password)
	}
	return found
}

// storeScript is a program that takes down what it is told, a file a time.
const storeScript = `#!/bin/sh
set -e
dir=$(dirname "$0")/store
mkdir -p "$dir"
cat >"$dir/$$.part"
mv "$dir/$$.part" "$dir/$(date +%s%N).$$.json"
`

// readStored reads what the program was told.
func (s *crashSite) readStored() map[string][]string {
	paths, err := filepath.Glob(filepath.Join(s.dir, "store", "*.json"))
	if err != nil || len(paths) == 0 {
		s.t.Fatalf("the program was told nothing (%v)", err)
	}
	slices.Sort(paths)
	made, found, confirmed := map[string]string{}, map[string][]string{}, map[string]bool{}
	for _, path := range paths {
		var told struct{ Phase, Username, Version, Password string }
		text, err := os.ReadFile(path)
		if err != nil {
			s.t.Fatal(err)
		}
		if !bytes.HasSuffix(text, []byte("}\n")) {
			continue // cogpass was killed before it had told all, and a program refuses that
		}
		if err := json.Unmarshal(text, &told); err != nil {
			s.t.Fatal(err)
		}
		switch told.Phase {
		case "prepare":
			if made[told.Version] == "" && !confirmed[told.Username] {
				found[told.Username] = append(found[told.Username], told.Password)
			}
			made[told.Version] = told.Password
		case "confirm":
			found[told.Username], confirmed[told.Username] = []string{made[told.Version]}, true
		case "abandon":
			if password := made[told.Version]; s.server.SignIn(crashPool, told.Username, password) == nil {
				s.t.Errorf("%s: what is abandoned is the password", told.Username)
			}
		}
	}
	if err := os.RemoveAll(filepath.Join(s.dir, "store")); err != nil { // it holds passwords
		s.t.Error(err)
	}
	return found
}
