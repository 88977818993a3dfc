package sealed_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"filippo.io/age"
	"filippo.io/age/armor"

	"cogpass/jobs"
	"cogpass/runner/sealed"
)

// protect encrypts a file of identities, for a recipient or with a passphrase.
func protect(t *testing.T, text string, to age.Recipient, armored bool) string {
	t.Helper()
	if to == nil {
		scrypt, err := age.NewScryptRecipient(passphrase)
		if err != nil {
			t.Fatal(err)
		}
		scrypt.SetWorkFactor(10)
		to = scrypt
	}
	var out bytes.Buffer
	var dst io.WriteCloser = nopCloser{&out}
	if armored {
		dst = armor.NewWriter(&out)
	}
	w, err := age.Encrypt(dst, to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), dst.Close()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

func TestParseIdentities(t *testing.T) {
	secret, public := newKey(t)
	hybridSecret, hybrid := newHybridKey(t)
	keygen := "# created: 2026-11-26T10:00:00Z\n# public key: " + public + "\n" + secret + "\n"
	for name, c := range map[string]struct {
		text, to string
		asks     int
	}{
		"native":                     {secret, public, 0},
		"as age-keygen writes it":    {keygen, public, 0},
		"CRLF":                       {strings.ReplaceAll(keygen, "\n", "\r\n"), public, 0},
		"hybrid":                     {hybridSecret + "\n", hybrid, 0},
		"SSH, ed25519":               {ed25519Private, ed25519Public, 0},
		"SSH, RSA":                   {rsaPrivate, rsaPublic, 0},
		"SSH, ed25519, protected":    {ed25519Protected, ed25519Public, 1},
		"SSH, RSA, protected":        {rsaProtected, rsaPublic, 1},
		"encrypted":                  {protect(t, keygen, nil, false), public, 1},
		"encrypted and armored":      {protect(t, keygen, nil, true), public, 1},
		"an SSH key that age closed": {protect(t, ed25519Private, nil, false), ed25519Public, 1},
	} {
		asked := 0
		ids, err := sealed.ParseIdentities(strings.NewReader(c.text), func() (jobs.Secret, error) {
			asked++
			return jobs.NewSecret(passphrase), nil
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		blob := mustSeal(t, mustRecipients(t, c.to), handover("hunter2"))
		if got, err := openOne(ids, blob, handover("")); err != nil || got.Reveal() != "hunter2" {
			t.Errorf("%s: got %q, %v", name, got.Reveal(), err)
		}
		if asked != c.asks {
			t.Errorf("%s: asked %d times for the passphrase, want %d", name, asked, c.asks)
		}
	}
}

func TestIdentityFaults(t *testing.T) {
	secret, public := newKey(t)
	encrypted := protect(t, secret, nil, false)
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                 {"", "it holds no identity"},
		"comments alone":          {"# public key: " + public + "\n", "it holds no identity"},
		"a public key":            {"\n" + public, "line 2: this is a public key; the secret one is needed"},
		"an SSH public key":       {ed25519Public, "line 1: this is a public key; the secret one is needed"},
		"a typing error":          {secret[:30] + "B" + secret[31:], "line 1: it is malformed"},
		"a key cut off":           {secret[:30], "line 1: it is malformed"},
		"a plugin":                {"AGE-PLUGIN-YUBIKEY-1QQQ", "line 1: it needs a plugin of age, and plugins are not supported"},
		"something else":          {"hunter2", "line 1: it is no identity"},
		"ECDSA":                   {ecdsaPrivate, "it is an SSH key of a type that nothing can be sealed to"},
		"a certificate":           {"-----BEGIN CERTIFICATE-----\nhunter2\n-----END CERTIFICATE-----\n", "it is no SSH private key that can be read"},
		"too long":                {strings.Repeat("#\n", 1<<20), "it is too long for a file of identities"},
		"encrypted for a key":     {protect(t, secret, mustParse(t, public), false), "it is encrypted, but not with a passphrase"},
		"encrypted and cut off":   {encrypted[:len(encrypted)-1], "it is damaged"},
		"encrypted twice":         {protect(t, encrypted, nil, false), "it is encrypted twice"},
		"encrypted, of something": {protect(t, "hunter2", nil, false), "line 1: it is no identity"},
	} {
		_, err := sealed.ParseIdentities(strings.NewReader(c.text), func() (jobs.Secret, error) { return jobs.NewSecret(passphrase), nil })
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
	if _, err := sealed.ParseIdentities(iotest.ErrReader(errors.New("broken")), nil); err == nil || err.Error() != "broken" {
		t.Errorf("unreadable: got %v", err)
	}
}

func TestPassphraseOfIdentities(t *testing.T) {
	secret, _ := newKey(t)
	nobody := errors.New("nobody knows it")
	for name, text := range map[string]string{"SSH": ed25519Protected, "RSA": rsaProtected, "age": protect(t, secret, nil, false)} {
		for _, wrong := range []string{"hunter2", ""} {
			_, err := sealed.ParseIdentities(strings.NewReader(text), func() (jobs.Secret, error) { return jobs.NewSecret(wrong), nil })
			if !errors.Is(err, sealed.ErrPassphrase) {
				t.Errorf("%s, %q: got %v, want ErrPassphrase", name, wrong, err)
			}
		}
		_, err := sealed.ParseIdentities(strings.NewReader(text), func() (jobs.Secret, error) { return jobs.Secret{}, nobody })
		if !errors.Is(err, nobody) || errors.Is(err, sealed.ErrPassphrase) {
			t.Errorf("%s: got %v, want the error of who was asked", name, err)
		}
		if _, err := sealed.ParseIdentities(strings.NewReader(text), nil); err == nil {
			t.Errorf("%s, nobody to ask: got no error", name)
		}
	}
}

func TestPassphraseAlone(t *testing.T) {
	to, err := sealed.Passphrase(jobs.NewSecret(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	blob := mustSeal(t, to, handover("hunter2"))
	right, err := sealed.PassphraseIdentity(jobs.NewSecret(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := openOne(right, blob, handover("")); err != nil || got.Reveal() != "hunter2" {
		t.Errorf("got %q, %v", got.Reveal(), err)
	}
	wrong, err := sealed.PassphraseIdentity(jobs.NewSecret("hunter3"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openOne(wrong, blob, handover("")); !errors.Is(err, sealed.ErrNoMatch) {
		t.Errorf("a wrong one: got %v, want ErrNoMatch", err)
	}
	for _, empty := range []jobs.Secret{{}, jobs.NewSecret("")} {
		_, sealing := sealed.Passphrase(empty)
		_, opening := sealed.PassphraseIdentity(empty)
		if sealing == nil || opening == nil {
			t.Errorf("an empty one: got %v and %v", sealing, opening)
		}
	}
}
