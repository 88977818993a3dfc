package sealed_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cogpass/jobs"
	"cogpass/runner/sealed"
)

// TestBesideAge holds that age's own program opens what was sealed here, and
// the other way round, with each kind of key that it has.
func TestBesideAge(t *testing.T) {
	if _, err := exec.LookPath("age"); err != nil {
		t.Skip("age is not installed")
	}
	secret, public := newKey(t)
	for name, c := range map[string]struct{ identity, recipient string }{
		"native": {secret, public}, "SSH, ed25519": {ed25519Private, ed25519Public}, "SSH, RSA": {rsaPrivate, rsaPublic},
	} {
		file := filepath.Join(t.TempDir(), "identity")
		if err := os.WriteFile(file, []byte(c.identity), 0o600); err != nil {
			t.Fatal(err)
		}
		blob := mustSeal(t, mustRecipients(t, c.recipient), handover("hunter2"))
		text := runAge(t, blob, "-d", "-i", file)
		var got struct{ Username, Password string }
		if err := json.Unmarshal(text, &got); err != nil || got.Username != "ana@example.com" || got.Password != "hunter2" {
			t.Errorf("%s: age got %+v, %v", name, got, err)
		}
		theirs := runAge(t, text, "-r", c.recipient)
		if got, err := openOne(mustIdentities(t, c.identity), theirs, handover("")); err != nil || got.Reveal() != "hunter2" {
			t.Errorf("%s: got %q, %v of what age sealed", name, got.Reveal(), err)
		}
	}
}

// TestBesideAgeWithPassphrase is the same with a passphrase, which age's program
// takes from a terminal alone.
func TestBesideAgeWithPassphrase(t *testing.T) {
	for _, program := range []string{"age", "script"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(program + " is not installed")
		}
	}
	t.Chdir(t.TempDir())
	to, err := sealed.Passphrase(jobs.NewSecret(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("ours", mustSeal(t, to, handover("hunter2")), 0o600); err != nil {
		t.Fatal(err)
	}
	onTerminal(t, 1, "age -d -o text ours")
	onTerminal(t, 2, "age -p -o theirs text")
	theirs, err := os.ReadFile("theirs")
	if err != nil {
		t.Fatal(err)
	}
	ids, err := sealed.PassphraseIdentity(jobs.NewSecret(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := openOne(ids, theirs, handover("")); err != nil || got.Reveal() != "hunter2" {
		t.Errorf("got %q, %v of what age sealed", got.Reveal(), err)
	}
	secret, public := newKey(t)
	if err := os.WriteFile("plain", []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	onTerminal(t, 2, "age -p -a -o identities plain")
	file, err := os.Open("identities")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if ids, err = sealed.ParseIdentities(file, func() (jobs.Secret, error) { return jobs.NewSecret(passphrase), nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := openOne(ids, mustSeal(t, mustRecipients(t, public), handover("hunter2")), handover("")); err != nil {
		t.Errorf("with an identity that age encrypted: %v", err)
	}
}

func runAge(t *testing.T, in []byte, args ...string) []byte {
	t.Helper()
	var out, errs bytes.Buffer
	age := exec.Command("age", args...)
	age.Stdin, age.Stdout, age.Stderr = bytes.NewReader(in), &out, &errs
	if err := age.Run(); err != nil {
		t.Fatalf("age %s: %v\n%s", args, err, errs.String())
	}
	return out.Bytes()
}

// onTerminal runs a command on a terminal where the passphrase is typed some times.
func onTerminal(t *testing.T, times int, command string) {
	t.Helper()
	typed := exec.Command("script", "-qec", command, os.DevNull)
	typed.Stdin = strings.NewReader(strings.Repeat(passphrase+"\n", times))
	if out, err := typed.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
}
