package report

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible returns s for people to read on one line: a character that does not
// print, such as an escape, a line end or one that turns the direction of the
// text, is written as \x1b or \u202e, and so is a byte that is not UTF-8.
func Visible(s string) string {
	if isVisible(s) {
		return s
	}
	var out strings.Builder
	for s != "" {
		c, size := utf8.DecodeRuneInString(s)
		switch {
		case c == utf8.RuneError && size == 1:
			writeHex(&out, 'x', rune(s[0]), 2)
		case unicode.IsPrint(c):
			out.WriteRune(c)
		case c < utf8.RuneSelf:
			writeHex(&out, 'x', c, 2)
		case c < 0x10000:
			writeHex(&out, 'u', c, 4)
		default:
			writeHex(&out, 'U', c, 8)
		}
		s = s[size:]
	}
	return out.String()
}

func isVisible(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, c := range s {
		if !unicode.IsPrint(c) {
			return false
		}
	}
	return true
}

func writeHex(out *strings.Builder, kind byte, c rune, digits int) {
	out.WriteByte('\\')
	out.WriteByte(kind)
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		out.WriteByte(hexDigits[c>>shift&15])
	}
}
