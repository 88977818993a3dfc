// Package sealed seals passwords to those who may read them, with age, and
// opens them again. Begin with ParseRecipients and Recipients.Seal, or with
// ParseIdentities and Identities.Open. What is sealed is an age file, which
// age's own program opens as well.
//
// Invariants: what was sealed for one task opens for no other; no error shows
// anything of a recipient, an identity or a password, for a secret key may
// stand where a public one should.
package sealed

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"filippo.io/age"

	"cogpass/jobs"
	"cogpass/runner"
)

// content is what is sealed, on one line: a password and what it belongs to.
type content struct {
	Seq      int64  `json:"seq"`
	Username string `json:"username"`
	Version  string `json:"version"`
	Password string `json:"password"`
}

// Seal returns a password sealed to all recipients, as one age file, about 200
// bytes and 100 more for each recipient. It may be called from many goroutines.
func (r *Recipients) Seal(h runner.Handover) ([]byte, error) {
	c := content{h.Seq, h.Username, h.Version, h.Password.Reveal()}
	if h.Password.IsZero() {
		return nil, errors.New("sealing a password: there is none")
	}
	if !utf8.ValidString(c.Username) || !utf8.ValidString(c.Version) || !utf8.ValidString(c.Password) {
		return nil, errors.New("sealing a password: it, or whose it is, is not valid UTF-8") // which JSON would change
	}
	var text, out bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(c); err != nil {
		return nil, fmt.Errorf("sealing a password: %w", err)
	}
	out.Grow(text.Len() + 256 + 128*len(r.keys))
	w, err := age.Encrypt(&out, r.keys...)
	if err == nil {
		_, err = w.Write(text.Bytes())
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("sealing a password: %w", err)
	}
	return out.Bytes(), nil
}

// ErrNoMatch is in the error of Open where what is sealed may be sound, but is
// for others to read.
var ErrNoMatch = errors.New("no identity matches")

// ErrDamaged is in the error of Open where what is sealed is not as it was, or
// was sealed for another task, user or version.
var ErrDamaged = errors.New("the sealed password is damaged")

// Open returns the password that was sealed for the Seq, Username and Version of
// h. Its error is ErrNoMatch or ErrDamaged. It may be called from many
// goroutines.
func (i *Identities) Open(sealed []byte, h runner.Handover) (jobs.Secret, error) {
	text, err := i.decrypt(bytes.NewReader(sealed))
	if err != nil {
		return jobs.Secret{}, err
	}
	var c content
	if err := json.Unmarshal(text, &c); err != nil { // whose error may show a part of it
		return jobs.Secret{}, fmt.Errorf("%w: what was sealed is no password of a task", ErrDamaged)
	}
	if c.Seq != h.Seq || c.Username != h.Username || c.Version != h.Version {
		return jobs.Secret{}, fmt.Errorf("%w: it was sealed for another task", ErrDamaged)
	}
	return jobs.NewSecret(c.Password), nil
}

// decrypt opens an age file.
func (i *Identities) decrypt(sealed io.Reader) ([]byte, error) {
	if len(i.keys) == 0 {
		return nil, ErrNoMatch
	}
	r, err := age.Decrypt(sealed, i.keys...)
	var none *age.NoIdentityMatchError
	if errors.As(err, &none) {
		return nil, ErrNoMatch
	}
	var text []byte
	if err == nil {
		text, err = io.ReadAll(r)
	}
	if err != nil { // which may quote what is there
		return nil, ErrDamaged
	}
	return text, nil
}
