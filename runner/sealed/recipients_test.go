package sealed_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"cogpass/runner/sealed"
)

// TestRecipientFaults puts what may stand there by mistake where a recipient
// should be. Its place is told, and nothing of it.
func TestRecipientFaults(t *testing.T) {
	secret, public := newKey(t)
	hybridSecret, hybrid := newHybridKey(t)
	for name, c := range map[string]struct{ text, want string }{
		"nothing":              {"", "it is empty"},
		"a secret key":         {secret, "this is a secret key"},
		"in lower case":        {strings.ToLower(secret), "this is a secret key"},
		"a hybrid secret key":  {hybridSecret, "this is a secret key"},
		"a plugin's secret":    {"AGE-PLUGIN-YUBIKEY-1QQQ", "this is a secret key"},
		"an SSH secret key":    {ed25519Private, "this is a secret key"},
		"a password":           {"hunter2", "it is no recipient"},
		"an e-mail address":    {"ana@example.com", "it is no recipient"},
		"a plugin's recipient": {"age1yubikey1qwertyuiop", "it needs a plugin of age, and plugins are not supported"},
		"a key cut off":        {public[:40], "it is malformed"},
		"a typing error":       {public[:20] + "b" + public[21:], "it is malformed"}, // no character of these,
		"a hybrid cut off":     {hybrid[:100], "it is malformed"},
		"an SSH key cut off":   {ed25519Public[:30], "it is malformed"},
		"a weak RSA key":       {weakPublic, "it is too weak, or malformed"},
		"a useless point":      {"age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z", "nothing can be sealed to it"},
		"ECDSA":                {ecdsaPublic, "it is of a type that cannot be sealed to"},
	} {
		_, err := sealed.ParseRecipients([]string{public, c.text})
		if err == nil || err.Error() != "recipient 2: "+c.want {
			t.Errorf("%s: got %v, want recipient 2: %s", name, err, c.want)
		}
		var fault *sealed.RecipientError
		if errors.As(err, &fault) && c.text != "" && strings.Contains(err.Error()+fault.Hint, c.text) {
			t.Errorf("%s: got %v, which shows it", name, err)
		}
		if c.text == "" {
			continue
		}
		_, err = sealed.ReadRecipients(strings.NewReader("# who may read\n" + public + "\n\n" + c.text + "\n"))
		if err == nil || err.Error() != "line 4: "+c.want {
			t.Errorf("%s, in a file: got %v, want line 4: %s", name, err, c.want)
		}
	}
	for _, lines := range []string{ed25519Public + "\n" + rsaPublic, public + "\r\n" + ed25519Public} {
		if _, err := sealed.ParseRecipients([]string{lines}); err == nil || err.Error() != "recipient 1: it is more than one line" {
			t.Errorf("two lines: got %v", err)
		}
	}
	if _, err := sealed.ParseRecipients(nil); err == nil || err.Error() != "there are no recipients" {
		t.Errorf("none: got %v", err)
	}
}

func TestReadRecipients(t *testing.T) {
	_, public := newKey(t)
	for name, text := range map[string]string{
		"plain": public + "\n" + ed25519Public + "\n", "no last line end": public + "\n" + ed25519Public,
		"blanks and comments": "# staff\n\n  " + public + " \n\t\n#" + rsaPublic + "\n" + ed25519Public + "\n",
		"CRLF":                public + "\r\n" + ed25519Public + "\r\n", "a byte order mark": "\ufeff" + public + "\n" + ed25519Public,
		"one twice": public + "\n" + ed25519Public + "\n" + public + "\n" + ed25519Public + " with a comment\n",
	} {
		r, err := sealed.ReadRecipients(strings.NewReader(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got, want := r.Strings(), []string{public, ed25519Public}; !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	for name, c := range map[string]struct {
		file io.Reader
		want string
	}{
		"empty":       {strings.NewReader("# nobody\n"), "there are no recipients"},
		"a long line": {strings.NewReader("#\n" + strings.Repeat("x", 1<<20)), "line 2: it is too long for a recipient"},
		"too long":    {strings.NewReader(strings.Repeat("#\n", 1<<20)), "it is too long for a file of recipients"},
		"unreadable":  {iotest.ErrReader(errors.New("broken")), "broken"},
	} {
		if _, err := sealed.ReadRecipients(c.file); err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

func TestNamesOfRecipients(t *testing.T) {
	_, public := newKey(t)
	r := mustRecipients(t, " "+public+"\n", ed25519Public+" ana@laptop")
	names := r.Names()
	if names[0] != public || !strings.HasPrefix(names[1], "ssh-ed25519 SHA256:") || !strings.HasSuffix(names[1], " ana@laptop") {
		t.Errorf("got %q", names)
	}
	again := mustRecipients(t, r.Strings()...)
	if !slices.Equal(again.Names(), names) {
		t.Errorf("read back: got %q, want %q", again.Names(), names)
	}
	turned := mustRecipients(t, ed25519Public, public)
	if got, want := turned.Fingerprint(), r.Fingerprint(); got != want || len(got) != 32 {
		t.Errorf("got the fingerprints %s and %s for the same recipients", got, want)
	}
	if mustRecipients(t, public).Fingerprint() == r.Fingerprint() {
		t.Error("got the same fingerprint for others")
	}
	joined, err := sealed.Join(mustRecipients(t, ed25519Public), r)
	if err != nil || joined.Fingerprint() != r.Fingerprint() {
		t.Errorf("joined: got %q, %v", joined.Names(), err)
	}
}
