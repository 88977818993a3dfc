package jobs

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Forms returns how a password looks in a text that holds it, the longest
// first: as it is, and as programs escape and encode it: JSON, HTML, a URL, a
// shell's and Go's quotes, CSV, hex, base64 wherever in the encoded text it
// stands, and UTF-16. They are as secret as the password. There are none of the
// zero Secret.
func (s Secret) Forms() []string {
	text := s.Reveal()
	query := url.QueryEscape(text)
	spaces := strings.ReplaceAll(query, "+", "%20")
	little, big := utf16Bytes(text)
	all := []string{
		text, Visible(text), inJSON(text, true), inJSON(text, false), asciiJSON(text),
		unquoted(strconv.Quote(text)), unquoted(strconv.QuoteToASCII(text)),
		html.EscapeString(text), htmlNames.Replace(text), strings.ReplaceAll(text, `"`, `""`),
		strings.ReplaceAll(text, `'`, `'\''`), strings.ReplaceAll(text, `'`, `'"'"'`),
		query, spaces, url.PathEscape(text), componentMarks.Replace(spaces),
		lowerPercent(query), lowerPercent(spaces), lowerPercent(url.PathEscape(text)),
		hex.EncodeToString([]byte(text)), strings.ToUpper(hex.EncodeToString([]byte(text))),
		string(little), string(big),
	}
	all = append(all, inBase64([]byte(text))...)
	all = append(all, inBase64(little)...)
	slices.SortFunc(all, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	all = slices.Compact(all)
	return slices.DeleteFunc(all, func(form string) bool { return form == "" })
}

// Redact returns a text with each of the password's Forms replaced by "[secret]".
func (s Secret) Redact(text string) string {
	var pairs []string
	for _, form := range s.Forms() {
		pairs = append(pairs, form, redacted)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

var (
	htmlNames      = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;")
	componentMarks = strings.NewReplacer("%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*") // what encodeURIComponent leaves
)

func unquoted(s string) string { return s[1 : len(s)-1] }

func inJSON(text string, escapeHTML bool) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(escapeHTML)
	_ = encoder.Encode(text) // a string always can be
	return unquoted(strings.TrimSuffix(b.String(), "\n"))
}

// asciiJSON is what encoders write that keep to ASCII, such as Python's.
func asciiJSON(text string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(inJSON(text, false))) {
		if unit < 0x80 {
			b.WriteByte(byte(unit))
		} else {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// lowerPercent writes the digits of percent-encoding in lower case.
func lowerPercent(text string) string {
	b := []byte(text)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:], bytes.ToLower(b[i+1:i+3]))
		}
	}
	return string(b)
}

func utf16Bytes(text string) (little, big []byte) {
	for _, unit := range utf16.Encode([]rune(text)) {
		little = append(little, byte(unit), byte(unit>>8))
		big = append(big, byte(unit>>8), byte(unit))
	}
	return little, big
}

// inBase64 returns what tells that text was encoded, alone and as a part of
// something longer: there it begins at one of three places in a group, and its
// neighbours have a share in the characters at its ends.
func inBase64(text []byte) []string {
	var all []string
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		all = append(all, encoding.EncodeToString(text))
		for before := range 3 {
			whole := encoding.EncodeToString(append(make([]byte, before), text...))
			from, to := (before*8+5)/6, (before+len(text))*8/6
			if from < to {
				all = append(all, whole[from:to])
			}
		}
	}
	return all
}
