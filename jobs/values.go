package jobs

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// problem is what is wrong with a value, without its place. The zero value means
// that nothing is wrong. It never shows the value.
type problem struct{ message, hint string }

func (p problem) found() bool { return p.message != "" }

// Bounds of the Cognito API, in characters.
const (
	maxUsername = 128
	maxPassword = 256
	maxMetadata = 131_072
	maxPoolID   = 55
)

// checkUsername applies the API's pattern, [\p{L}\p{M}\p{S}\p{N}\p{P}]+.
func checkUsername(s string) problem {
	if s == "" {
		return problem{message: "empty username"}
	}
	if len(s) <= maxUsername && isGraphic(s) {
		return problem{}
	}
	count := 0
	for i, r := range s {
		count++
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], string(utf8.RuneError)) {
			return problem{message: "username is not valid UTF-8", hint: "save the file as UTF-8"}
		}
		if !unicode.In(r, unicode.L, unicode.M, unicode.S, unicode.N, unicode.P) {
			return problem{message: "username holds " + describe(r)}
		}
	}
	if count > maxUsername {
		return problem{message: fmt.Sprintf("username of %d characters; Cognito takes %d at most", count, maxUsername)}
	}
	return problem{}
}

func describe(r rune) string {
	switch {
	case unicode.IsSpace(r):
		return "white space"
	case unicode.IsControl(r):
		return "a control character"
	}
	return fmt.Sprintf("the character %U, which Cognito does not take", r)
}

func checkPassword(s string) problem {
	if s == "" {
		return problem{message: "empty password"}
	}
	if len(s) <= maxPassword && isGraphic(s) {
		return problem{}
	}
	if !utf8.ValidString(s) {
		return problem{message: "password is not valid UTF-8", hint: "save the file as UTF-8"}
	}
	first, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRuneInString(s)
	if unicode.IsSpace(first) || unicode.IsSpace(last) {
		return problem{message: "password begins or ends with white space, which Cognito does not take"}
	}
	if strings.ContainsAny(s, "\x00\n\r") {
		return problem{message: "password holds a line end or a NUL, which Cognito does not take"}
	}
	if n := utf8.RuneCountInString(s); n > maxPassword {
		return problem{message: fmt.Sprintf("password of %d characters; Cognito takes %d at most", n, maxPassword)}
	}
	return problem{}
}

// isGraphic reports whether a text is all printing ASCII, without a space.
func isGraphic(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

func checkMetadata(key, value string) problem {
	for _, one := range [...]struct{ what, text string }{{"key", key}, {"value", value}} {
		if !utf8.ValidString(one.text) {
			return problem{message: "clientMetadata " + one.what + " is not valid UTF-8", hint: "save the file as UTF-8"}
		}
		if n := utf8.RuneCountInString(one.text); n > maxMetadata {
			return problem{message: fmt.Sprintf("clientMetadata %s of %d characters; Cognito takes %d at most", one.what, n, maxMetadata)}
		}
	}
	if key == "" {
		return problem{message: "clientMetadata with an empty key"}
	}
	return problem{}
}

// checkAction reads an action.
func checkAction(s string) (Action, problem) {
	if a, ok := ParseAction(s); ok {
		return a, problem{}
	}
	names := actionNames()
	message, hint := unknown("action", s, names)
	if hint == "" {
		last := len(names) - 1
		hint = "the actions are " + strings.Join(names[:last], ", ") + " and " + names[last]
	}
	return 0, problem{message, hint}
}

var poolIDForm = regexp.MustCompile(`^[\w-]+_[0-9a-zA-Z]+$`)

func checkPoolID(s string) problem {
	if len(s) > maxPoolID {
		return problem{message: fmt.Sprintf("user pool ID of %d characters; Cognito's have %d at most", len(s), maxPoolID)}
	}
	if !poolIDForm.MatchString(s) {
		return problem{"this is not a user pool ID", "a pool ID is its Region, _ and letters or digits, as us-west-2_aaaaaaaaa"}
	}
	return problem{}
}

// regionOf returns the Region that a valid pool ID begins with.
func regionOf(poolID string) string {
	return poolID[:strings.LastIndexByte(poolID, '_')]
}

func didYouMean(word string) string { return "did you mean " + quote(word) + "?" }

// ValidPoolID reports whether a text has the form of a user pool's ID.
func ValidPoolID(s string) bool { return !checkPoolID(s).found() }
