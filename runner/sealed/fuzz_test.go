package sealed_test

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"filippo.io/age"

	"cogpass/jobs"
	"cogpass/runner/sealed"
)

// canary stands in what no error may show.
const canary = "Zq7canary"

// FuzzRecipients reads any text as recipients. Those that are taken can be sealed
// to, and are the same when they are written and read again.
func FuzzRecipients(f *testing.F) {
	_, public := newKey(f)
	_, hybrid := newHybridKey(f)
	for _, text := range []string{public, hybrid, ed25519Public, rsaPublic, ecdsaPublic, weakPublic, "# a\n\n\ufeff" + public + "\r\n" + public, "AGE-SECRET-KEY-1", "age1yubikey1q", ""} {
		f.Add(text, "")
		f.Add(text[:len(text)/2], text[len(text)/2:])
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		hidden := func(err error) {
			if strings.Contains(err.Error(), canary) || strings.ContainsAny(err.Error(), "\r\n\x1b") {
				t.Errorf("the error is %q", err)
			}
			if bad := (*sealed.RecipientError)(nil); errors.As(err, &bad) && (bad.Place < 1 || strings.Contains(bad.Hint, canary)) {
				t.Errorf("the error is %+v", bad)
			}
		}
		for _, text := range []string{before + after, before + canary + after} {
			for _, read := range []func() (*sealed.Recipients, error){
				func() (*sealed.Recipients, error) { return sealed.ReadRecipients(strings.NewReader(text)) },
				func() (*sealed.Recipients, error) { return sealed.ParseRecipients([]string{text, text}) },
			} {
				to, err := read()
				if err != nil {
					hidden(err)
					continue
				}
				if _, err := to.Seal(handover("hunter2")); err != nil {
					t.Errorf("nothing can be sealed to %q: %v", text, err)
				}
				again, err := sealed.ParseRecipients(to.Strings())
				if err != nil || again.Fingerprint() != to.Fingerprint() || !reflect.DeepEqual(again.Strings(), to.Strings()) {
					t.Errorf("%q is read as %q, and that as %v, %v", text, to.Strings(), again, err)
				}
			}
		}
	})
}

// FuzzIdentities reads any text as identities: those that are taken open what is
// sealed to nobody else, and no error shows anything.
func FuzzIdentities(f *testing.F) {
	secret, public := newKey(f)
	hybrid, _ := newHybridKey(f)
	for _, text := range []string{secret, hybrid, "# " + public + "\n" + secret, ed25519Private, rsaPrivate, ecdsaPrivate, ed25519Protected,
		"age-encryption.org/v1\n-> scrypt AAAA 30\n", "-----BEGIN AGE ENCRYPTED FILE-----\n", public, "AGE-PLUGIN-X-1"} {
		f.Add(text, "")
		f.Add(text[:len(text)/2], text[len(text)/2:])
	}
	blob := mustSeal(f, mustRecipients(f, public), handover("hunter2"))
	nobody := errors.New("nobody knows it")
	f.Fuzz(func(t *testing.T, before, after string) {
		for _, text := range []string{before + after, before + canary + after} {
			ids, err := sealed.ParseIdentities(strings.NewReader(text), func() (jobs.Secret, error) { return jobs.Secret{}, nobody })
			if err != nil {
				if strings.Contains(err.Error(), canary) || strings.ContainsAny(err.Error(), "\r\n\x1b") {
					t.Errorf("the error is %q", err)
				}
				continue
			}
			got, err := openOne(ids, blob, handover(""))
			if mine := strings.Contains(text, secret); (err == nil) != mine && !errors.Is(err, sealed.ErrNoMatch) || err == nil && got.Reveal() != "hunter2" {
				t.Errorf("identities of %q open it: %v", text, err)
			}
		}
	})
}

// FuzzSealed changes what is sealed, and what was sealed: it is opened as it was,
// or an error says no more than that it is damaged, or another's.
func FuzzSealed(f *testing.F) {
	secret, public := newKey(f)
	key, err := age.ParseX25519Recipient(public)
	if err != nil {
		f.Fatal(err)
	}
	to, ids := mustRecipients(f, public), mustIdentities(f, secret)
	sound := handover(canary)
	blob := mustSeal(f, to, sound)
	right, err := ids.Open(blob)
	if err != nil {
		f.Fatal(err)
	}
	for _, at := range []uint16{0, 10, 22, 30, 60, 80, 150, 200, 300} {
		f.Add(at, []byte("x"), false)
		f.Add(at, []byte("-> X25519 AAAA\nAAAA\n"), false)
		f.Add(at, []byte{}, true)
	}
	f.Add(uint16(0), []byte(`{"seq":7,"username":"ana@example.com","version":"","password":"`+canary), false)
	f.Add(uint16(0), []byte(`{"seq":"`+canary+`"}`+"\nnull\n{}"), false)
	f.Fuzz(func(t *testing.T, at uint16, piece []byte, cut bool) {
		damaged := bytes.Clone(blob)
		place := int(at) % len(damaged)
		copy(damaged[place:], piece)
		if cut {
			damaged = damaged[:place]
		}
		var other bytes.Buffer
		w, err := age.Encrypt(&other, key)
		if err == nil {
			_, err = w.Write(piece)
		}
		if err = errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		for _, text := range [][]byte{damaged, other.Bytes(), piece} {
			opened, err := ids.Open(text)
			if err == nil {
				_, err = opened.Of(sound)
			}
			switch {
			case err == nil && !bytes.Equal(text, other.Bytes()) && (!bytes.Equal(text, blob) || !reflect.DeepEqual(opened, right)):
				t.Errorf("%q at %d is opened as %v", piece, place, opened)
			case err != nil && (!errors.Is(err, sealed.ErrDamaged) && !errors.Is(err, sealed.ErrNoMatch) || strings.Contains(err.Error(), canary)):
				t.Errorf("%q at %d: got %v", piece, place, err)
			}
		}
	})
}
