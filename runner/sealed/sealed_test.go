package sealed_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"
	"pgregory.net/rapid"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/sealed"
)

// newKey returns a secret key of age and its public one.
func newKey(t testing.TB) (secret, public string) {
	t.Helper()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return key.String(), key.Recipient().String()
}

func newHybridKey(t testing.TB) (secret, public string) {
	t.Helper()
	key, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return key.String(), key.Recipient().String()
}

func mustRecipients(t testing.TB, texts ...string) *sealed.Recipients {
	t.Helper()
	r, err := sealed.ParseRecipients(texts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func mustIdentities(t testing.TB, text string) *sealed.Identities {
	t.Helper()
	ids, err := sealed.ParseIdentities(strings.NewReader(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// openOne opens the password of h.
func openOne(ids *sealed.Identities, blob []byte, h runner.Handover) (jobs.Secret, error) {
	opened, err := ids.Open(blob)
	if err != nil {
		return jobs.Secret{}, err
	}
	return opened.Of(h)
}

func mustSeal(t testing.TB, r *sealed.Recipients, h runner.Handover) []byte {
	t.Helper()
	blob, err := r.Seal(h)
	if err != nil {
		t.Fatal(err)
	}
	return blob
}

func handover(password string) runner.Handover {
	return runner.Handover{Seq: 7, Username: "ana@example.com", Version: "0198b3a2-77aa-7c11-8a44-1e29f4a3c001", Password: jobs.NewSecret(password)}
}

// TestOpensWhatItSealed holds that any password comes back as it was.
func TestOpensWhatItSealed(t *testing.T) {
	secret, public := newKey(t)
	to, ids := mustRecipients(t, public), mustIdentities(t, secret)
	rapid.Check(t, func(t *rapid.T) {
		h := runner.Handover{
			Seq: rapid.Int64().Draw(t, "seq"), Username: rapid.String().Draw(t, "username"), Version: rapid.String().Draw(t, "version"),
			Password: jobs.NewSecret(rapid.String().Draw(t, "password")),
		}
		blob, err := to.Seal(h)
		if err != nil {
			t.Fatal(err)
		}
		got, err := openOne(ids, blob, h)
		if err != nil || got.Reveal() != h.Password.Reveal() {
			t.Fatalf("got %q, %v, want %q", got.Reveal(), err, h.Password.Reveal())
		}
	})
}

func TestEachOfSeveralOpens(t *testing.T) {
	first, a := newKey(t)
	second, b := newKey(t)
	stranger, _ := newKey(t)
	blob := mustSeal(t, mustRecipients(t, a, b), handover("hunter2"))
	for _, secret := range []string{first, second, stranger + "\n" + second} {
		if got, err := openOne(mustIdentities(t, secret), blob, handover("")); err != nil || got.Reveal() != "hunter2" {
			t.Errorf("got %q, %v", got.Reveal(), err)
		}
	}
	if _, err := openOne(mustIdentities(t, stranger), blob, handover("")); !errors.Is(err, sealed.ErrNoMatch) || errors.Is(err, sealed.ErrDamaged) {
		t.Errorf("a stranger: got %v, want ErrNoMatch", err)
	}
	if _, err := openOne(new(sealed.Identities), blob, handover("")); !errors.Is(err, sealed.ErrNoMatch) {
		t.Errorf("nobody: got %v, want ErrNoMatch", err)
	}
	joined := sealed.JoinIdentities(mustIdentities(t, stranger), mustIdentities(t, first))
	if _, err := openOne(joined, blob, handover("")); err != nil {
		t.Errorf("joined: got %v", err)
	}
}

func TestHybridRecipients(t *testing.T) {
	secret, public := newHybridKey(t)
	_, classic := newKey(t)
	to := mustRecipients(t, public)
	blob := mustSeal(t, to, handover("hunter2"))
	if got, err := openOne(mustIdentities(t, secret), blob, handover("")); err != nil || got.Reveal() != "hunter2" {
		t.Errorf("got %q, %v", got.Reveal(), err)
	}
	if name := to.Names()[0]; len(name) > 60 || !strings.HasPrefix(name, "age1pq1") {
		t.Errorf("got the name %s", name)
	}
	if _, err := sealed.ParseRecipients([]string{public, classic}); err == nil || !strings.Contains(err.Error(), "cannot be mixed") {
		t.Errorf("mixed: got %v", err)
	}
}

// TestMovedOrDamaged holds that what is sealed opens only as it was and where
// it belongs, and that no error shows any of it.
func TestMovedOrDamaged(t *testing.T) {
	secret, public := newKey(t)
	to, ids := mustRecipients(t, public), mustIdentities(t, secret)
	blob := mustSeal(t, to, handover("hunter2"))
	of := func(change func(*runner.Handover)) runner.Handover {
		h := handover("")
		change(&h)
		return h
	}
	flipped, other := bytes.Clone(blob), new(bytes.Buffer)
	flipped[len(flipped)-1] ^= 1
	w, err := age.Encrypt(other, mustParse(t, public))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(w, "hunter2")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		blob []byte
		h    runner.Handover
	}{
		"another task":            {blob, of(func(h *runner.Handover) { h.Seq = 8 })},
		"another user":            {blob, of(func(h *runner.Handover) { h.Username = "bo" })},
		"another version":         {blob, of(func(h *runner.Handover) { h.Version = "" })},
		"a bit flipped":           {flipped, handover("")},
		"cut off":                 {blob[:len(blob)-1], handover("")},
		"cut in the header":       {blob[:20], handover("")},
		"nothing":                 {nil, handover("")},
		"something else":          {[]byte("hunter2"), handover("")},
		"a text that is not ours": {other.Bytes(), handover("")},
	} {
		got, err := openOne(ids, c.blob, c.h)
		if !errors.Is(err, sealed.ErrDamaged) || errors.Is(err, sealed.ErrNoMatch) || !got.IsZero() {
			t.Errorf("%s: got %q, %v, want ErrDamaged", name, got.Reveal(), err)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %q, which shows what was sealed", name, err)
		}
	}
}

func mustParse(t *testing.T, public string) age.Recipient {
	t.Helper()
	r, err := age.ParseX25519Recipient(public)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSealRefuses(t *testing.T) {
	_, public := newKey(t)
	to := mustRecipients(t, public)
	for name, h := range map[string]runner.Handover{
		"no password":     {Seq: 1, Username: "ana"},
		"not valid UTF-8": {Seq: 1, Username: "ana", Password: jobs.NewSecret("hunter2\xff")},
	} {
		if blob, err := to.Seal(h); err == nil || blob != nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %q, %v", name, blob, err)
		}
	}
	if _, err := new(sealed.Recipients).Seal(handover("hunter2")); err == nil {
		t.Error("no recipients: got no error")
	}
}

func TestSealFromManyGoroutines(t *testing.T) {
	secret, public := newKey(t)
	to, ids := mustRecipients(t, public, rsaPublic), mustIdentities(t, secret)
	var all sync.WaitGroup
	for n := range 20 {
		all.Go(func() {
			h := handover(fmt.Sprint("Passw0rd-", n))
			for range 10 {
				blob, err := to.Seal(h)
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := openOne(ids, blob, h); err != nil || got.Reveal() != h.Password.Reveal() {
					t.Errorf("got %q, %v", got.Reveal(), err)
				}
			}
		})
	}
	all.Wait()
}

// TestWhatIsSealed holds the form that docs/commands.md describes, for those
// who open it with age's own program.
func TestWhatIsSealed(t *testing.T) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	blob := mustSeal(t, mustRecipients(t, key.Recipient().String()), handover(`<&"=\`))
	r, err := age.Decrypt(bytes.NewReader(blob), key)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.NewDecoder(r).Decode(&got); err != nil {
		t.Fatal(err)
	}
	want := `map[password:<&"=\ seq:7 username:ana@example.com version:0198b3a2-77aa-7c11-8a44-1e29f4a3c001]`
	if fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func BenchmarkSeal(b *testing.B) {
	_, public := newKey(b)
	_, hybrid := newHybridKey(b)
	for name, text := range map[string]string{"X25519": public, "ssh-ed25519": ed25519Public, "ssh-rsa": rsaPublic, "hybrid": hybrid} {
		b.Run(name, func(b *testing.B) {
			to := mustRecipients(b, text)
			h := handover("Xy7-kkkkkkkkkkkkkkkk")
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := to.Seal(h); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	secret, public := newKey(b)
	ids, blob := mustIdentities(b, secret), mustSeal(b, mustRecipients(b, public), handover("Xy7-kkkkkkkkkkkkkkkk"))
	for b.Loop() {
		if _, err := openOne(ids, blob, handover("")); err != nil {
			b.Fatal(err)
		}
	}
}

// TestSealedTogether holds that each of many passwords is found for its own task.
func TestSealedTogether(t *testing.T) {
	secret, public := newKey(t)
	var all []runner.Handover
	for seq := range int64(40) {
		all = append(all, runner.Handover{Seq: seq, Username: fmt.Sprint("user\n", seq), Version: fmt.Sprint("v", seq), Password: jobs.NewSecret(fmt.Sprint("hunter", seq))})
	}
	blob, err := mustRecipients(t, public).Seal(all...)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := mustIdentities(t, secret).Open(blob)
	if err != nil || len(opened) != len(all) {
		t.Fatalf("got %d, %v", len(opened), err)
	}
	for i, h := range all {
		if got, err := opened.Of(h); err != nil || got.Reveal() != h.Password.Reveal() {
			t.Errorf("of %d: got %q, %v", i, got.Reveal(), err)
		}
		h.Version = all[(i+1)%len(all)].Version
		if got, err := opened.Of(h); !errors.Is(err, sealed.ErrDamaged) {
			t.Errorf("of %d, with another's version: got %q, %v", i, got.Reveal(), err)
		}
	}
}
