package report

import (
	"unicode"
	"unicode/utf8"

	"cogpass/jobs"
)

// Visible is jobs.Visible, fast for a text that prints as it is.
func Visible(s string) string {
	if isVisible(s) {
		return s
	}
	return jobs.Visible(s)
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
