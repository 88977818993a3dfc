package jobs_test

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"cogpass/jobs"
)

// A secret is found however its repetition is broken up.
func TestSecretIn(t *testing.T) {
	const password = "Zq7-canary+1!wxY4"
	folded := func(text string, every int) string {
		var b strings.Builder
		for i, r := range text {
			if i > 0 && i%every == 0 {
				b.WriteString("\n    ")
			}
			b.WriteRune(r)
		}
		return b.String()
	}
	secret := jobs.NewSecret(password)
	for name, text := range map[string]string{
		"as it is":                        "no: " + password,
		"broken into lines":               "no: " + folded(password, 6),
		"set with blanks":                 folded(password, 1),
		"half of it, broken":              folded(password[:9], 4),
		"base64, broken":                  folded(base64.StdEncoding.EncodeToString([]byte("x"+password)), 7),
		"a dump in hex":                   folded(hex.EncodeToString([]byte(password)), 2),
		"with what a terminal would obey": strings.Join(strings.Split(password, ""), "\x00"),
	} {
		if !secret.In(text) {
			t.Errorf("%s: %q passes", name, text)
		}
	}
	for _, text := range []string{"", "no such mount", "exit status 1: permission denied on /run/vault 7-c 1!w", password[:4]} {
		if secret.In(text) {
			t.Errorf("%q counts as a repetition", text)
		}
	}
	for _, none := range []jobs.Secret{{}, jobs.NewSecret("")} {
		if none.In("anything") {
			t.Error("no secret is in a text")
		}
	}
}
