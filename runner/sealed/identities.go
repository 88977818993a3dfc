package sealed

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"golang.org/x/crypto/ssh"

	"cogpass/jobs"
)

// Identities are the secret keys of those who may read what is sealed. The
// zero value opens nothing.
type Identities struct{ keys []age.Identity }

// ErrPassphrase is in the error of ParseIdentities where the passphrase does not
// fit the file.
var ErrPassphrase = errors.New("the passphrase is wrong")

// ParseIdentities reads a file of identities: secret keys of age, one a line,
// with comments; an SSH private key; or either as an age file that is encrypted
// with a passphrase. Where one is needed, passphrase is called, once; its error
// is passed on, and nil is nobody to ask.
func ParseIdentities(file io.Reader, passphrase func() (jobs.Secret, error)) (*Identities, error) {
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxFile:
		return nil, errors.New("it is too long for a file of identities")
	}
	if passphrase == nil {
		passphrase = func() (jobs.Secret, error) { return jobs.Secret{}, errors.New("there is nobody to ask for it") }
	}
	if encrypted := asAgeFile(text); encrypted != nil {
		if text, err = openFile(encrypted, passphrase); err != nil {
			return nil, err
		}
		if asAgeFile(text) != nil {
			return nil, errors.New("it is encrypted twice")
		}
	}
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("-----BEGIN")) {
		key, err := parseSSHIdentity(text, passphrase)
		if err != nil {
			return nil, err
		}
		return &Identities{[]age.Identity{key}}, nil
	}
	return parseNative(string(text))
}

// PassphraseIdentity opens what Passphrase has sealed.
func PassphraseIdentity(passphrase jobs.Secret) (*Identities, error) {
	key, err := age.NewScryptIdentity(passphrase.Reveal())
	if err != nil {
		return nil, err // that it is empty
	}
	return &Identities{[]age.Identity{key}}, nil
}

// JoinIdentities returns the identities of all.
func JoinIdentities(all ...*Identities) *Identities {
	joined := &Identities{}
	for _, i := range all {
		joined.keys = append(joined.keys, i.keys...)
	}
	return joined
}

// asAgeFile returns a reader of an age file, or nil where text is none.
func asAgeFile(text []byte) io.Reader {
	switch trimmed := bytes.TrimSpace(text); {
	case bytes.HasPrefix(text, []byte("age-encryption.org/")):
		return bytes.NewReader(text)
	case bytes.HasPrefix(trimmed, []byte(armor.Header)):
		return armor.NewReader(bytes.NewReader(trimmed))
	}
	return nil
}

// openFile opens a file of identities that is encrypted with a passphrase.
func openFile(encrypted io.Reader, passphrase func() (jobs.Secret, error)) ([]byte, error) {
	key := &asked{passphrase: passphrase}
	r, err := age.Decrypt(encrypted, key)
	var text []byte
	if err == nil {
		text, err = io.ReadAll(r)
	}
	var none *age.NoIdentityMatchError
	switch {
	case key.err != nil:
		return nil, key.err
	case errors.As(err, &none):
		return nil, errors.New("it is encrypted, but not with a passphrase")
	case err != nil:
		return nil, errors.New("it is damaged")
	}
	return text, nil
}

// asked is a passphrase that is asked for where it is needed.
type asked struct {
	passphrase func() (jobs.Secret, error)
	err        error
}

// Unwrap implements age.Identity.
func (a *asked) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	if len(stanzas) != 1 || stanzas[0].Type != "scrypt" {
		return nil, age.ErrIncorrectIdentity
	}
	secret, err := ask(a.passphrase)
	if err != nil {
		a.err = err
		return nil, err
	}
	key, err := age.NewScryptIdentity(string(secret))
	if err == nil {
		var fileKey []byte
		if fileKey, err = key.Unwrap(stanzas); err == nil {
			return fileKey, nil
		}
	}
	if len(secret) == 0 || errors.Is(err, age.ErrIncorrectIdentity) {
		a.err = ErrPassphrase
	}
	return nil, err
}

func ask(passphrase func() (jobs.Secret, error)) ([]byte, error) {
	secret, err := passphrase()
	if err != nil {
		return nil, fmt.Errorf("it is protected by a passphrase: %w", err)
	}
	return []byte(secret.Reveal()), nil
}

// parseNative reads secret keys of age, one a line.
func parseNative(text string) (*Identities, error) {
	ids := &Identities{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(strings.TrimPrefix(line, "\ufeff"))
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, err := parseNativeLine(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		ids.keys = append(ids.keys, key)
	}
	if len(ids.keys) == 0 {
		return nil, errors.New("it holds no identity")
	}
	return ids, nil
}

// parseNativeLine reads a secret key. What the parser says of it is not passed
// on, for it may show a part.
func parseNativeLine(line string) (age.Identity, error) {
	switch {
	case strings.HasPrefix(line, "AGE-SECRET-KEY-PQ-1"):
		if key, err := age.ParseHybridIdentity(line); err == nil {
			return key, nil
		}
	case strings.HasPrefix(line, "AGE-SECRET-KEY-"):
		if key, err := age.ParseX25519Identity(line); err == nil {
			return key, nil
		}
	case strings.HasPrefix(line, "AGE-PLUGIN-"):
		return nil, errors.New("it needs a plugin of age, and plugins are not supported")
	case strings.HasPrefix(line, "age1"), strings.HasPrefix(line, "ssh-"):
		return nil, errors.New("this is a public key; the secret one is needed")
	default:
		return nil, errors.New("it is no identity")
	}
	return nil, errors.New("it is malformed")
}

func parseSSHIdentity(text []byte, passphrase func() (jobs.Secret, error)) (age.Identity, error) {
	key, err := ssh.ParseRawPrivateKey(text)
	var missing *ssh.PassphraseMissingError
	if errors.As(err, &missing) {
		secret, asked := ask(passphrase)
		if asked != nil {
			return nil, asked
		}
		key, err = ssh.ParseRawPrivateKeyWithPassphrase(text, secret)
		if errors.Is(err, x509.IncorrectPasswordError) || len(secret) == 0 {
			return nil, ErrPassphrase
		}
	}
	if err != nil {
		return nil, errors.New("it is no SSH private key that can be read")
	}
	switch key := key.(type) {
	case *ed25519.PrivateKey:
		return agessh.NewEd25519Identity(*key)
	case ed25519.PrivateKey:
		return agessh.NewEd25519Identity(key)
	case *rsa.PrivateKey:
		return agessh.NewRSAIdentity(key)
	}
	return nil, errors.New("it is an SSH key of a type that nothing can be sealed to")
}
