package jobs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxQuoted is how many characters of a value a message shows.
const maxQuoted = 60

// quote returns a value in quotes, fit for a terminal and not too long.
func quote(s string) string {
	if utf8.RuneCountInString(s) <= maxQuoted {
		return strconv.Quote(s)
	}
	return strconv.Quote(string([]rune(s)[:maxQuoted])) + "…"
}

// Visible returns s for people to read on one line: a character that does
// not print, such as an escape, a line end or one that turns the direction of
// the text, is written as \x1b or \u202e, and so is a byte that is not UTF-8.
func Visible(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		b.WriteString(visibleRune(s[:size], r))
		s = s[size:]
	}
	return b.String()
}

func visibleRune(raw string, r rune) string {
	switch {
	case r == utf8.RuneError && len(raw) == 1, r < utf8.RuneSelf && !unicode.IsPrint(r):
		return fmt.Sprintf(`\x%02x`, raw[0])
	case unicode.IsPrint(r):
		return raw
	case r > 0xffff:
		return fmt.Sprintf(`\U%08x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// unknown returns the message and hint for a word that is not known. It shows the
// word only if it is within one edit of a known one, or a common word for one:
// any other may be a misplaced password.
func unknown(what, word string, known []string) (message, hint string) {
	meant := nearest(word, known)
	for _, other := range otherWords[strings.ToLower(word)] {
		if meant == "" && slices.Contains(known, other) {
			meant = other
		}
	}
	if meant == "" {
		return "unknown " + what, ""
	}
	return "unknown " + what + " " + quote(word), didYouMean(meant)
}

// otherWords are words that people use for the words of a job.
var otherWords = map[string][]string{
	"email": {"username"}, "file": {"csv"}, "id": {"username"}, "metadata": {"clientMetadata"}, "name": {"username"},
	"passwd": {"password"}, "path": {"csv"}, "permanent": {"set-permanent"}, "pool": {"userPoolId"},
	"poolid": {"userPoolId"}, "pwd": {"password"}, "reports": {"report"}, "retries": {"retry", "attempts"},
	"setpermanent": {"set-permanent"}, "settemporary": {"set-temporary"}, "temporary": {"set-temporary"},
	"user": {"username"}, "user_name": {"username"},
}

// nearest returns the word within one edit of a misspelt one, ignoring case, or
// "" if there is none.
func nearest(misspelt string, words []string) string {
	if len(misspelt) > 40 {
		return ""
	}
	best, least := "", 2
	for _, w := range words {
		d := Distance(strings.ToLower(misspelt), strings.ToLower(w))
		if d < least && d < (len(w)+1)/2 {
			best, least = w, d
		}
	}
	return best
}

// Distance counts the insertions, deletions, replacements and swaps of
// neighbours that turn a into b. It takes time for the product of their lengths.
func Distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	var before []int
	prev, cur := make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(x); i++ {
		cur[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev, cur = prev, cur, make([]int, len(y)+1)
	}
	return prev[len(y)]
}

// plural returns a number with its noun.
func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
