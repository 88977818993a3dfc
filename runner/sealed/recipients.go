package sealed

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"golang.org/x/crypto/ssh"

	"cogpass/jobs"
)

// Recipients are those who may read what is sealed: one at least. The zero
// value seals nothing.
type Recipients struct {
	keys  []age.Recipient
	texts []string
	names []string
}

// A RecipientError says which recipient cannot be sealed to, and why. It shows
// nothing of it.
type RecipientError struct {
	Place  int  // in its list, from 1
	Line   bool // Place is a line of a file
	Reason string
	Hint   string
}

func (e *RecipientError) Error() string {
	if e.Line {
		return fmt.Sprintf("line %d: %s", e.Place, e.Reason)
	}
	return fmt.Sprintf("recipient %d: %s", e.Place, e.Reason)
}

// ParseRecipients reads recipients: native ones of age (age1…) and SSH public
// keys of the types ssh-ed25519 and ssh-rsa. One that is named twice counts
// once. Its error is a *RecipientError, or says that there is none.
func ParseRecipients(texts []string) (*Recipients, error) {
	r := &Recipients{}
	for i, text := range texts {
		if bad := r.add(strings.TrimSpace(text)); bad != nil {
			bad.Place = i + 1
			return nil, bad
		}
	}
	return r.checked()
}

const (
	maxFile = 1 << 20 // bytes of a file of recipients or identities
	maxLine = 16 << 10
)

// ReadRecipients reads a file of recipients: one a line, as ParseRecipients
// takes them; empty lines and those that begin with # are passed over.
func ReadRecipients(file io.Reader) (*Recipients, error) {
	limited := &io.LimitedReader{R: file, N: maxFile + 1}
	lines := bufio.NewScanner(limited)
	lines.Buffer(nil, maxLine)
	r := &Recipients{}
	n := 0
	for lines.Scan() {
		n++
		text := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		if bad := r.add(text); bad != nil {
			bad.Place, bad.Line = n, true
			return nil, bad
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, &RecipientError{Place: n + 1, Line: true, Reason: "it is too long for a recipient"}
	case err != nil:
		return nil, err
	case limited.N == 0:
		return nil, errors.New("it is too long for a file of recipients")
	}
	return r.checked()
}

// Join returns the recipients of all, in order.
func Join(all ...*Recipients) (*Recipients, error) {
	var texts []string
	for _, r := range all {
		texts = append(texts, r.texts...)
	}
	return ParseRecipients(texts)
}

// Passphrase returns who knows a passphrase, as the only recipient. It is for
// tests: sealing and opening take a second for each password.
func Passphrase(passphrase jobs.Secret) (*Recipients, error) {
	key, err := age.NewScryptRecipient(passphrase.Reveal())
	if err != nil {
		return nil, err // that it is empty
	}
	key.SetWorkFactor(workFactor)
	return &Recipients{keys: []age.Recipient{key}, names: []string{"who knows the passphrase"}}, nil
}

var workFactor = 18 // of age's own program; less in tests

// Strings returns the recipients in the form that ParseRecipients takes, but
// for a passphrase, which has none.
func (r *Recipients) Strings() []string { return slices.Clone(r.texts) }

// Names returns what people may know the recipients by: a native one as it is,
// or its ends where it is long; an SSH key by its fingerprint, as ssh-keygen -l
// shows it, and its comment.
func (r *Recipients) Names() []string { return slices.Clone(r.names) }

// Fingerprint returns 32 hexadecimal digits that are the same for the same
// recipients in whatever order, and for no others. A passphrase does not count.
func (r *Recipients) Fingerprint() string {
	var keys []string
	for _, text := range r.texts {
		keys = append(keys, withoutComment(text))
	}
	slices.Sort(keys)
	sum := sha256.Sum256([]byte(strings.Join(keys, "\n")))
	return hex.EncodeToString(sum[:16])
}

// withoutComment returns the type and the key of an SSH public key.
func withoutComment(text string) string {
	if fields := strings.Fields(text); len(fields) > 2 {
		text = fields[0] + " " + fields[1]
	}
	return text
}

func (r *Recipients) add(text string) *RecipientError {
	if strings.ContainsAny(text, "\r\n") && !strings.HasPrefix(text, "-----BEGIN") { // of which the parser of SSH keys takes the first line
		return &RecipientError{Reason: "it is more than one line", Hint: "a recipient is one line; name each on its own"}
	}
	key, text, name, bad := parseRecipient(text)
	if bad != nil {
		return bad
	}
	if _, err := key.Wrap(make([]byte, 16)); err != nil { // a key can be well formed and of no use
		return &RecipientError{Reason: "nothing can be sealed to it", Hint: "is it the public key that age-keygen printed?"}
	}
	same := func(other string) bool { return withoutComment(other) == withoutComment(text) }
	if !slices.ContainsFunc(r.texts, same) {
		r.keys, r.texts, r.names = append(r.keys, key), append(r.texts, text), append(r.names, name)
	}
	return nil
}

func (r *Recipients) checked() (*Recipients, error) {
	hybrid := 0
	for _, key := range r.keys {
		if _, is := key.(*age.HybridRecipient); is {
			hybrid++
		}
	}
	switch {
	case len(r.keys) == 0:
		return nil, errors.New("there are no recipients")
	case hybrid > 0 && hybrid < len(r.keys):
		return nil, errors.New("recipients that withstand quantum computers (age1pq1…) cannot be mixed with others, which do not")
	}
	return r, nil
}

// parseRecipient reads one recipient. What the parsers say of it is not passed
// on: they quote it.
func parseRecipient(text string) (key age.Recipient, canonical, name string, bad *RecipientError) {
	fail := func(reason, hint string) (age.Recipient, string, string, *RecipientError) {
		return nil, "", "", &RecipientError{Reason: reason, Hint: hint}
	}
	upper := strings.ToUpper(text)
	switch {
	case text == "":
		return fail("it is empty", "")
	case strings.HasPrefix(upper, "AGE-SECRET-KEY-"), strings.HasPrefix(upper, "AGE-PLUGIN-"):
		return fail("this is a secret key", "name its public key, which age-keygen -y prints; whoever could read this can read what was sealed to it")
	case strings.HasPrefix(text, "-----BEGIN"):
		return fail("this is a secret key", "name its public key, which is in the file beside it that ends in .pub")
	case strings.HasPrefix(text, "age1pq1"):
		if r, err := age.ParseHybridRecipient(text); err == nil {
			return r, r.String(), shortened(r.String()), nil
		}
	case strings.HasPrefix(text, "age1") && strings.Count(text, "1") > 1:
		return fail("it needs a plugin of age, and plugins are not supported", "")
	case strings.HasPrefix(text, "age1"):
		if r, err := age.ParseX25519Recipient(text); err == nil {
			return r, r.String(), r.String(), nil
		}
	case strings.HasPrefix(text, "ssh-"), strings.HasPrefix(text, "ecdsa-"), strings.HasPrefix(text, "sk-"):
		return parseSSHRecipient(text)
	default:
		return fail("it is no recipient", "a recipient is a public key of age, age1…, or an SSH public key, ssh-ed25519 … or ssh-rsa …")
	}
	return fail("it is malformed", "was it copied whole?")
}

func parseSSHRecipient(text string) (key age.Recipient, canonical, name string, bad *RecipientError) {
	public, comment, _, _, err := ssh.ParseAuthorizedKey([]byte(text))
	if err != nil {
		return nil, "", "", &RecipientError{Reason: "it is malformed", Hint: "was it copied whole?"}
	}
	switch public.Type() {
	case "ssh-ed25519":
		key, err = agessh.NewEd25519Recipient(public)
	case "ssh-rsa":
		key, err = agessh.NewRSARecipient(public)
	default:
		return nil, "", "", &RecipientError{Reason: "it is of a type that cannot be sealed to", Hint: "of SSH keys, ssh-ed25519 and ssh-rsa can"}
	}
	if err != nil {
		return nil, "", "", &RecipientError{Reason: "it is too weak, or malformed", Hint: "an RSA key needs 2048 bits"}
	}
	canonical = strings.TrimSpace(string(ssh.MarshalAuthorizedKey(public)))
	name = public.Type() + " " + ssh.FingerprintSHA256(public)
	if comment != "" {
		canonical, name = canonical+" "+comment, name+" "+comment
	}
	return key, canonical, name, nil
}

func shortened(text string) string { return text[:24] + "…" + text[len(text)-8:] }
