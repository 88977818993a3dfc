package cognito

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
)

// DefaultSecretName is the NameTemplate of a SecretsConfig that has none.
const DefaultSecretName = "cognito/{pool}/{username}"

const (
	maxSecretName = 512 // source: API reference, CreateSecret
	maxTagValue   = 256
	userMark      = "{username}"
)

var (
	secretNames = regexp.MustCompile(`^[A-Za-z0-9/_+=.@-]*$`)
	hyphenSix   = regexp.MustCompile(`-.{6}$`)
)

// secretName makes the names of a pool's secrets.
type secretName struct{ before, after string }

// newSecretName reads a template.
func newSecretName(template, pool string) (secretName, error) {
	before, after, found := strings.Cut(template, userMark)
	name := secretName{strings.ReplaceAll(before, "{pool}", pool), strings.ReplaceAll(after, "{pool}", pool)}
	switch literal := name.before + name.after; {
	case !found || strings.Contains(after, userMark):
		return name, fmt.Errorf("the name of a secret has to have %s in it, once", userMark)
	case !secretNames.MatchString(literal):
		return name, fmt.Errorf("the name of a secret has ASCII letters, digits and /_+=.@- beside %s and {pool}", userMark)
	case len(literal) > maxSecretName/2:
		return name, fmt.Errorf("the name of a secret has %d characters at most beside %s", maxSecretName/2, userMark)
	case hyphenSix.MatchString(name.after):
		return name, fmt.Errorf("the name of a secret must not end in a hyphen and six characters: AWS adds such an end of its own")
	}
	return name, nil
}

// of returns the name of a user's secret. No two users have the same.
//
// AWS asks that none ends in a hyphen and six characters, for with a part of an
// ARN that could be another's secret: such a hyphen of the username is encoded.
func (n secretName) of(username string) string {
	const escape = "=2D"
	most := maxSecretName - len(n.before) - len(n.after) - len(escape) + 1
	name := n.before + encodeUsername(username, most) + n.after
	if at := len(name) - 7; at >= len(n.before) && at < len(name)-len(n.after) && name[at] == '-' {
		name = name[:at] + escape + name[at+1:]
	}
	return name
}

// encodeUsername encodes a username into characters that the name of a secret
// and the value of a tag may have: all others, and the = of the encoding itself,
// are = and two hexadecimal digits for each byte. No two usernames are encoded
// into the same: one that would be longer than most, which is more than 66, ends
// in == and its digest, and == is in no other.
func encodeUsername(username string, most int) string {
	var b strings.Builder
	for i := range len(username) {
		c := username[i]
		plain := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("_.@+-", c) >= 0
		if plain && username != "." && username != ".." {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	encoded := b.String()
	if len(encoded) <= most {
		return encoded
	}
	digest := sha256.Sum256([]byte(username))
	end := "==" + hex.EncodeToString(digest[:])
	encoded = encoded[:most-len(end)]
	if at := strings.LastIndexByte(encoded, '='); at >= 0 && at > len(encoded)-3 { // a part of an escape
		encoded = encoded[:at]
	}
	return encoded + end
}
