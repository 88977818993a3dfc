package jobs

import (
	"encoding/base64"
	"encoding/hex"
	"html"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// In reports whether a text from outside holds the secret, or half of it: as it is, or
// with the escapes of JSON, HTML or a URL, in base64 or in hex, broken into lines or
// set with blanks. No secret, and an empty one, is in nothing. It is for texts of some kilobytes.
func (s Secret) In(text string) bool {
	secret := s.Reveal()
	if secret == "" {
		return false
	}
	flat, dense := oneLine(secret), withoutBlanks(secret)
	for _, said := range decodings(text) {
		if holds(said, secret, leastPart) || holds(oneLine(said), flat, leastPart) || holds(withoutBlanks(said), dense, leastDense) {
			return true
		}
	}
	for _, said := range decodings(withoutBlanks(text)) {
		if holds(said, secret, leastDense) || holds(withoutBlanks(said), dense, leastDense) {
			return true
		}
	}
	return false
}

const (
	leastPart  = 4 // characters of a secret that tell something of it
	leastDense = 8 // the same in a text whose words run together, where fewer come up by chance
)

// oneLine returns a text with its white space as single blanks, and without what
// does not print.
func oneLine(text string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))), " ")
}

func withoutBlanks(text string) string { return strings.ReplaceAll(oneLine(text), " ", "") }

// holds reports whether a text has a secret in it, or half of one, if that is at
// least so many characters.
func holds(text, secret string, least int) bool {
	if secret == "" {
		return false
	}
	if strings.Contains(text, secret) {
		return true
	}
	runes := []rune(secret)
	half := max(least, (len(runes)+1)/2)
	for i := 0; i+half <= len(runes); i++ {
		if part := string(runes[i : i+half]); telling(part) && strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// telling reports whether a part of a password is more than a word that a
// message may contain anyway: many of both begin with "Password".
func telling(part string) bool {
	if strings.Contains("passwords", strings.ToLower(part)) {
		return false
	}
	return strings.ContainsFunc(part, func(r rune) bool { return !unicode.IsLetter(r) }) || utf8.RuneCountInString(part) >= 8
}

var (
	jsonEscape  = regexp.MustCompile(`\\(?:u([0-9a-fA-F]{4})|(.))`)
	base64Runs  = regexp.MustCompile(`[0-9A-Za-z+/_-]{6,}`)
	hexRuns     = regexp.MustCompile(`[0-9a-fA-F]{8,}`)
	base64Chars = strings.NewReplacer("-", "+", "_", "/")
)

// decodings returns a text and what it decodes to.
func decodings(text string) []string {
	all := []string{text}
	for last := text; len(all) < 4; all = append(all, last) { // what was escaped once may have been escaped twice
		plain := html.UnescapeString(unescapeURL(unescapeJSON(last)))
		if plain == last {
			break
		}
		last = plain
	}
	all = append(all, unescapeJSON(text), html.UnescapeString(text), unescapeURL(strings.ReplaceAll(text, "+", " ")))
	for _, said := range all {
		for _, run := range base64Runs.FindAllString(said, -1) {
			run = base64Chars.Replace(run)
			for shift := range 4 { // the run may begin within a group
				if shift < len(run) {
					plain := decode64(run[shift:])
					all = append(all, plain, unescapeJSON(plain))
				}
			}
		}
		for _, run := range hexRuns.FindAllString(said, -1) {
			for shift := range 2 {
				plain, _ := hex.DecodeString(run[shift : shift+(len(run)-shift)/2*2])
				all = append(all, string(plain))
			}
		}
	}
	return all
}

func decode64(run string) string {
	if len(run)%4 == 1 {
		run = run[:len(run)-1]
	}
	plain, _ := base64.RawStdEncoding.DecodeString(run)
	return string(plain)
}

func unescapeJSON(text string) string {
	return jsonEscape.ReplaceAllStringFunc(text, func(escape string) string {
		if strings.HasPrefix(escape, `\u`) && len(escape) == 6 {
			code, _ := hex.DecodeString(escape[2:])
			return string(rune(code[0])<<8 | rune(code[1]))
		}
		return escape[1:]
	})
}

// unescapeURL decodes whatever in a text is percent-encoded.
func unescapeURL(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if plain, err := url.PathUnescape(text[i : i+3]); err == nil {
				b.WriteString(plain)
				i += 2
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
