package cognito

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSecretName(t *testing.T) {
	emoji := strings.Repeat("🦊", 128)
	for username, want := range map[string]string{
		"ana":                    "ana",
		"Ana":                    "Ana", // another than ana, as in a pool that tells case apart
		"ana+1@example.com":      "ana+1@example.com",
		"../admin":               "..=2Fadmin",
		"a/b":                    "a=2Fb",
		"a=2Fb":                  "a=3D2Fb",
		".":                      "=2E",
		"..":                     "=2E=2E",
		"...":                    "...",
		"a b":                    "a=20b",
		"a!":                     "a=21",
		"é":                      "=C3=A9",
		"e\u0301":                "e=CC=81",
		"🦊":                      "=F0=9F=A6=8A",
		"ana-abcdef":             "ana=2Dabcdef", // not the end of ana's ARN
		"ana-abcde":              "ana-abcde",
		"a-b-abcdef":             "a-b=2Dabcdef",
		"0a1b2c3d-0000-4000-8":   "0a1b2c3d-0000=2D4000-8",
		strings.Repeat("a", 128): strings.Repeat("a", 128),
	} {
		name, err := SecretsConfig{PoolID: testPool}.name()
		if err != nil {
			t.Fatal(err)
		}
		if got := name.of(username); got != "cognito/"+testPool+"/"+want {
			t.Errorf("%q: got %q, want %q", username, got, want)
		}
	}
	name, _ := newSecretName(DefaultSecretName, testPool)
	got := name.of(emoji)
	if len(got) > maxSecretName || !strings.Contains(got, "==") || got == name.of(emoji[4:]+"🐱") {
		t.Errorf("128 emoji: got %q of %d characters", got, len(got))
	}
}

func TestSecretTemplate(t *testing.T) {
	for template, want := range map[string]string{
		"":                                      "",
		"{username}":                            "",
		"x/{pool}/{pool}/{username}":            "",
		"{username}/password":                   "",
		"a/b":                                   "has to have {username}",
		"{username}{username}":                  "has to have {username}",
		"a b/{username}":                        "ASCII letters",
		"{user}/{username}":                     "ASCII letters",
		"ä/{username}":                          "ASCII letters",
		"a!/{username}":                         "ASCII letters",
		"{username}-abcdef":                     "hyphen and six",
		"{username}-abcdefg":                    "",
		"abc-def{username}":                     "",
		strings.Repeat("x", 257) + "{username}": "256 characters at most",
	} {
		_, err := SecretsConfig{PoolID: testPool, NameTemplate: template}.name()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%.40q: got %v, want %q", template, err, want)
		}
	}
}

// What a tag may be, as AWS documents it.
var tagValues = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$`)

// Two users never have one secret, nor one tag; every name is one that AWS
// takes, and that no end of an ARN can be mistaken for.
func TestSecretNamesAreInjective(t *testing.T) {
	hostile := rapid.StringOfN(rapid.SampledFrom([]rune("=/-2DF.a0A+é🦊 %\u0301@_")), 1, 128, -1)
	usernames := rapid.OneOf(hostile, rapid.StringN(1, 128, -1), rapid.SampledFrom([]string{".", "..", "==", "a-bcdefg"}))
	templates := rapid.SampledFrom([]string{DefaultSecretName, "{username}", "{pool}-{username}", "x/{username}/y-z", strings.Repeat("x", 256) + "{username}"})
	rapid.Check(t, func(t *rapid.T) {
		n, err := newSecretName(templates.Draw(t, "template"), testPool)
		if err != nil {
			t.Fatal(err)
		}
		a, b := usernames.Draw(t, "a"), usernames.Draw(t, "b")
		if rapid.Bool().Draw(t, "alike") { // in all but the end
			b = a + b
		}
		if same := n.of(a) == n.of(b); same != (a == b) {
			t.Errorf("%q and %q: the names are the same: %v", a, b, same)
		}
		if same := encodeUsername(a, maxTagValue) == encodeUsername(b, maxTagValue); same != (a == b) {
			t.Errorf("%q and %q: the tags are the same: %v", a, b, same)
		}
		name := n.of(a)
		if len(name) > maxSecretName || !secretNames.MatchString(name) {
			t.Errorf("%q: got the name %q", a, name)
		}
		inner := strings.TrimSuffix(strings.TrimPrefix(name, n.before), n.after)
		if hyphenSix.MatchString(name) && len(n.after) < 7 && len(inner) >= 7-len(n.after) {
			t.Errorf("%q: the name %q ends in a hyphen and six characters", a, name)
		}
		if !strings.Contains(inner, "==") {
			if decoded, err := url.PathUnescape(strings.ReplaceAll(inner, "=", "%")); err != nil || decoded != a {
				t.Errorf("%q: got %q, which is %q (%v)", a, inner, decoded, err)
			}
		}
		if tag := encodeUsername(a, maxTagValue); !tagValues.MatchString(tag) {
			t.Errorf("%q: got the tag %q", a, tag)
		}
	})
}
