package jobs_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"
	"unicode/utf16"

	"cogpass/jobs"
)

func TestSecretIsRedactedInEveryForm(t *testing.T) {
	utf16Of := func(s string) string {
		var b strings.Builder
		for _, unit := range utf16.Encode([]rune(s)) {
			b.WriteByte(byte(unit))
			b.WriteByte(byte(unit >> 8))
		}
		return b.String()
	}
	for _, password := range []string{
		"Secret-1", `a"b\c'd<e>&f`, "Grüße, 世界 🔑1A", "100% of +x/y?=z", "aaaaaa", "tab\tand\u202eturn 1A", `~"~`, "[secret]1",
	} {
		asJSON, err := json.Marshal(map[string]string{"password": password})
		if err != nil {
			t.Fatal(err)
		}
		texts := []string{
			password, string(asJSON), html.EscapeString(password), url.QueryEscape(password), url.PathEscape(password),
			fmt.Sprintf("%q %+q", password, password), hex.EncodeToString([]byte(password)), fmt.Sprintf("%X", password),
			utf16Of(password), base64.StdEncoding.EncodeToString([]byte(utf16Of(password))), jobs.Visible(password),
		}
		for before := range 4 {
			text := strings.Repeat("é", before)[:before] + password + "\x00\xff"
			texts = append(texts, base64.StdEncoding.EncodeToString([]byte(text)), base64.URLEncoding.EncodeToString([]byte(text)))
		}
		secret := jobs.NewSecret(password)
		for _, text := range texts {
			got := secret.Redact("before " + text + " after")
			if !strings.HasPrefix(got, "before ") || !strings.Contains(got, "[secret]") || !strings.HasSuffix(got, " after") {
				t.Errorf("%q: got %q", text, got)
			}
			rest := strings.ReplaceAll(got, "[secret]", "")
			for _, form := range secret.Forms() {
				if strings.Contains(rest, form) {
					t.Errorf("%q: got %q, which holds %q", text, got, form)
				}
			}
		}
	}
}

func TestNoSecretHasNoForms(t *testing.T) {
	if got := (jobs.Secret{}).Forms(); len(got) != 0 {
		t.Errorf("got %q", got)
	}
	if got := (jobs.Secret{}).Redact("as it was"); got != "as it was" {
		t.Errorf("got %q", got)
	}
}
