package jobs

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
)

// Passwords reads passwords where a plan says they stand. Its methods may be
// called from several goroutines.
type Passwords struct{}

// OpenPasswords opens the sources that some task takes its password from, as
// Source.Passwords says, and checks that none has changed. Relative paths, of
// {file: PATH} too, are looked for in dirs, in order. An error names the
// source.
func OpenPasswords(dirs []string, sources []Source, opt Options) (*Passwords, error) {
	panic("to do")
}

// Get returns the password of a task, or the zero Secret where it has none.
// It is fast where tasks come in the order of their plan.
func (p *Passwords) Get(t Task) (Secret, error) { panic("to do") }

// Close closes the sources.
func (p *Passwords) Close() error { panic("to do") }

// Fingerprint returns the first 16 bits of the HMAC-SHA256 of a password
// under a salt. It tells, with a chance of 1 in 65,536 to be wrong, that a
// password has changed, and is too short to confirm a guess of it.
func Fingerprint(salt []byte, s Secret) uint16 {
	mac := hmac.New(sha256.New, salt)
	mac.Write([]byte(s.Reveal()))
	return binary.BigEndian.Uint16(mac.Sum(nil))
}
