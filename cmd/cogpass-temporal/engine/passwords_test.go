package engine

import (
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"cogpass/cmd/bulk"
	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/sealed"
)

// key is a new key of age.
func key(t *testing.T) (recipient string, identities *sealed.Identities) {
	t.Helper()
	k, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if identities, err = sealed.ParseIdentities(strings.NewReader(k.String()), nil); err != nil {
		t.Fatal(err)
	}
	return k.Recipient().String(), identities
}

// Generated passwords are in what is collected, sealed to their readers, also of a batch
// that several workers had; and each is the user's.
func TestGeneratedPasswordsAreSealedToTheirReaders(t *testing.T) {
	const users = 45
	w := newWorld(t, users)
	w.beats.cancel = func(n int) bool { return n == 4 || n == 8 }
	reader, identities := key(t)
	run := w.stow("action: set-permanent\npassword: {generate: {length: 20}}\nhandoff: {age: ["+reader+"]}\nlimits: {rate: max, concurrency: 4}\n"+everyone(users), nil)
	env := w.environment()
	env.ExecuteWorkflow(RunWorkflow, run)
	var got Going
	if err := env.GetWorkflowResult(&got); err != nil {
		t.Fatal(err)
	}
	if got.State != Done || got.Counts[runner.OK] != users {
		t.Errorf("got %+v", got)
	}
	revealed := w.reveal(run, identities)
	if len(revealed) != users {
		t.Errorf("got %d passwords, want %d", len(revealed), users)
	}
	for name, password := range revealed {
		if w.password(name) != password.Reveal() {
			t.Errorf("the password that %s is told is not the user's", name)
		}
		w.nowhere(password)
	}
}

// Passwords that a job gives are sealed to the workers, and to nobody else.
func TestGivenPasswordsAreSealedToTheWorkers(t *testing.T) {
	w := newWorld(t, 2)
	workers, identities := key(t)
	keys, err := sealed.ParseRecipients([]string{workers})
	if err != nil {
		t.Fatal(err)
	}
	run := w.stow("action: set-permanent\nlimits: {rate: max}\nusers:\n  - {username: "+username(0)+", password: Given-1-Given}\n  - {username: "+username(1)+", password: Given-2-Given}\n", keys)
	w.nowhere(jobs.NewSecret("Given-1-Given"))
	if err := w.attempt(run); err == nil || !strings.Contains(err.Error(), "no identity") {
		t.Errorf("without an identity: got %v", err)
	}
	w.workers.Identity = identities
	env := w.environment()
	env.ExecuteWorkflow(RunWorkflow, run)
	var got Going
	if err := env.GetWorkflowResult(&got); err != nil || got.Counts[runner.OK] != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
	if w.password(username(1)) != "Given-2-Given" {
		t.Error("the password is not the user's")
	}
	w.nowhere(jobs.NewSecret("Given-2-Given"))
}

// password is a user's.
func (w *world) password(name string) string {
	u, _ := w.pool.User(poolID, name)
	return u.Password
}

// reveal returns the passwords of what is collected, by user.
func (w *world) reveal(run Run, identities *sealed.Identities) map[string]jobs.Secret {
	w.Helper()
	revealed := map[string]jobs.Secret{}
	_, err := w.collect(run).Reveal(w.Context(), bulk.RevealOptions{Identities: identities}, func(all iter.Seq2[bulk.Revealed, error]) error {
		for r, err := range all {
			if err != nil {
				return err
			}
			revealed[r.Username] = r.Password
		}
		return nil
	})
	if err != nil {
		w.Error(err)
	}
	return revealed
}

// nowhere looks for a password in all that is kept.
func (w *world) nowhere(password jobs.Secret) {
	w.Helper()
	err := filepath.WalkDir(w.folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), password.Reveal()) {
			w.Errorf("%s has a password in the clear", d.Name())
		}
		return err
	})
	if err != nil {
		w.Error(err)
	}
}
