// Package sealed seals passwords to those who may read them, with age, and
// opens them again. Begin with ParseRecipients and Recipients.Seal, or with
// ParseIdentities and Identities.Open. What is sealed is an age file, which
// age's own program opens as well.
//
// Invariants: a password is found for the task that it was sealed for, and for no other; no error shows
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

// content is a line of what is sealed: a password and what it belongs to.
type content struct {
	Seq      int64  `json:"seq"`
	Username string `json:"username"`
	Version  string `json:"version"`
	Password string `json:"password"`
}

// Seal returns passwords sealed to all recipients, together in one age file: about
// 200 bytes and 100 more for each recipient, and 120 for each password. Most of
// the work is for the file. It may be called from many goroutines.
func (r *Recipients) Seal(passwords ...runner.Handover) ([]byte, error) {
	var text, out bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	for i := range passwords {
		h := &passwords[i]
		c := content{h.Seq, h.Username, h.Version, h.Password.Reveal()}
		if h.Password.IsZero() {
			return nil, errors.New("sealing a password: there is none")
		}
		if !utf8.ValidString(c.Username) || !utf8.ValidString(c.Version) || !utf8.ValidString(c.Password) {
			return nil, errors.New("sealing a password: it, or whose it is, is not valid UTF-8") // which JSON would change
		}
		if err := encoder.Encode(c); err != nil {
			return nil, fmt.Errorf("sealing a password: %w", err)
		}
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
		return nil, fmt.Errorf("sealing passwords: %w", err)
	}
	return out.Bytes(), nil
}

// ErrNoMatch is in the error of Open where what is sealed may be sound, but is
// for others to read.
var ErrNoMatch = errors.New("no identity matches")

// ErrDamaged is in the error of Open where what is sealed is not as it was, and of
// Of where a password was sealed for another task, user or version.
var ErrDamaged = errors.New("the sealed password is damaged")

// Passwords are what one sealing has sealed. Only Seq, Username, Version and
// Password are there.
type Passwords []runner.Handover

// Of returns the password that was sealed for the Seq, Username and Version of h.
// Its error is ErrDamaged.
func (p Passwords) Of(h runner.Handover) (jobs.Secret, error) {
	for i := range p {
		if c := &p[i]; c.Seq == h.Seq && c.Username == h.Username && c.Version == h.Version {
			return c.Password, nil
		}
	}
	return jobs.Secret{}, fmt.Errorf("%w: it was sealed for another task", ErrDamaged)
}

// Open returns what was sealed. Its error is ErrNoMatch or ErrDamaged. It may be
// called from many goroutines.
func (i *Identities) Open(sealed []byte) (Passwords, error) {
	text, err := i.decrypt(bytes.NewReader(sealed))
	if err != nil {
		return nil, err
	}
	var opened Passwords
	for line := range bytes.Lines(text) {
		var c content
		if err := json.Unmarshal(line, &c); err != nil { // whose error may show a part of it
			return nil, fmt.Errorf("%w: what was sealed is no password of a task", ErrDamaged)
		}
		opened = append(opened, runner.Handover{Seq: c.Seq, Username: c.Username, Version: c.Version, Password: jobs.NewSecret(c.Password)})
	}
	return opened, nil
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
