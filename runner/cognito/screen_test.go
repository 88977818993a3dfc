package cognito

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"

	"cogpass/jobs"
)

func TestShows(t *testing.T) {
	const password = `Zq7"<canary>&%/+ä§!`
	escaped := ""
	for _, r := range password {
		escaped += fmt.Sprintf(`\u%04x`, r)
	}
	for name, text := range map[string]string{
		"plain":            "no " + password + ".",
		"JSON":             `{"Password":"Zq7\"<canary>&%/+ä§!"}`,
		"JSON twice":       `"{\"Password\":\"Zq7\\\"<canary>&%/+ä§!\"}"`,
		"all escaped":      escaped,
		"HTML":             html.EscapeString(password),
		"query":            url.QueryEscape("a " + password),
		"path":             url.PathEscape(password),
		"base64":           base64.StdEncoding.EncodeToString([]byte(password)),
		"base64 of a part": base64.URLEncoding.EncodeToString([]byte("x" + password + "yz")),
		"hex":              "0x" + hex.EncodeToString([]byte(password)),
		"its beginning":    password[:12],
		"its end":          password[9:],
		"its middle":       password[5:17],
	} {
		if !shows(text, jobs.NewSecret(password)) {
			t.Errorf("%s: %q passes", name, text)
		}
		if got := message(text, jobs.NewSecret(password)); strings.Contains(got, "canary") || !strings.Contains(got, "[secret]") {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

// What Cognito says of a password is shown, whatever the password is like.
func TestWhatDoesNotShow(t *testing.T) {
	for _, said := range []string{
		"Password did not conform with policy: Password must have uppercase characters",
		"Password did not conform with policy: Password not long enough",
		"User does not exist.", "User password cannot be reset in the current state.",
		"1 validation error detected: Value at 'password' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[\\S]+.*[\\S]+$",
	} {
		for _, password := range []string{"Password-1", "passwords", "Passw0rd!", "users-7", "xK4#mPq9vR2s", "Winter2026!", "policy-1"} {
			if shows(said, jobs.NewSecret(password)) {
				t.Errorf("%q counts as a repetition of %q", said, password)
			}
		}
		if shows(said, jobs.Secret{}) {
			t.Errorf("%q counts as a repetition of no password", said)
		}
	}
}

func TestFit(t *testing.T) {
	for text, want := range map[string]string{
		"8b1ca1f0-6a3c-4b7e-9d52-0f6a2c1d3e4f": "8b1ca1f0-6a3c-4b7e-9d52-0f6a2c1d3e4f",
		"":                                     "", "id with blanks": "", "\x1b[31m": "", strings.Repeat("r", 65): "",
	} {
		if got := fit(text, requestIDs); got != want {
			t.Errorf("request ID %q: got %q, want %q", text, got, want)
		}
	}
}

func TestNoUserinfo(t *testing.T) {
	for _, text := range []string{
		`Post "http://me:hunter2@127.0.0.1:1/": refused`, "proxyconnect https://hunter2@proxy:8080 failed", "parse http://me:hunter2@ho st",
	} {
		if got := oneLine(text); strings.Contains(got, "hunter2") {
			t.Errorf("got %q", got)
		}
	}
}

// Whoever repeats how a request was signed does not have it shown.
func TestSignaturesAreNotShown(t *testing.T) {
	const header = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261126/us-west-2/cognito-idp/aws4_request, SignedHeaders=host, Signature=fe5f80f77d5fa3beca038a248ff027"
	for _, text := range []string{header, "no such key: ASIAIOSFODNN7EXAMPLE", "Credential=x Signature=y"} {
		if got := message(text, jobs.Secret{}); strings.Contains(got, "IOSFODNN7") || strings.Contains(got, "fe5f80") || strings.Contains(got, "=x") || strings.Contains(got, "=y") {
			t.Errorf("got %q", got)
		}
	}
	for _, f := range []form{requestIDs, codes} {
		if got := fit("AKIAIOSFODNN7EXAMPLE", f); got != "" {
			t.Errorf("got %q", got)
		}
	}
}
