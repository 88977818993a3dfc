package awscli

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// The parts of the AWS CLI's shorthand, `key=value,key2="a,b"`. A word ends
// where its grammar has it end: that grammar stops at the basic plane.
var (
	shorthandKey  = regexp.MustCompile(`^[a-zA-Z0-9_.#/:-]*`)
	shorthandWord = regexp.MustCompile(`^(?:\\,|[!#-&(-+\--<>-Z\\-z|-\x{FFFF}])(?:\\,|[\s\v\x1C-\x1F!#-&(-+\--\\^-|~-\x{FFFF}])*`)

	// A backslash escapes the quote and itself, unless the text would have no
	// end that way.
	shorthandQuotes = map[byte]*regexp.Regexp{
		'\'': regexp.MustCompile(`^'(?:\\\\|\\'|[^'])*'`),
		'"':  regexp.MustCompile(`^"(?:\\\\|\\"|[^"])*"`),
	}
)

// parseShorthand reads shorthand into a mapping of texts. The AWS CLI's has
// lists and mappings too, which it then refuses: none of the two commands
// takes them.
func parseShorthand(text string) (any, error) {
	entries := map[string]any{}
	rest := text
	fault := func(what string) error {
		at := utf8.RuneCountInString(text) - utf8.RuneCountInString(rest) + 1
		return fmt.Errorf("it has to be of the form KEY=VALUE,...: %s at character %d", what, at)
	}
	step := func(over string) bool { // over a sign and the space around it
		after, is := strings.CutPrefix(strings.TrimLeft(rest, shorthandSpace), over)
		if is {
			rest = strings.TrimLeft(after, shorthandSpace)
		}
		return is
	}
	for {
		key := shorthandKey.FindString(rest)
		rest = rest[len(key):]
		if !step("=") {
			return nil, fault(`no "="`)
		}
		if _, twice := entries[key]; twice {
			return nil, fault("a key that was there before")
		}
		value, ok := "", true
		if value, rest, ok = shorthandValue(rest); !ok {
			return nil, fault("a quote, list or mapping that is no text")
		}
		entries[key] = value
		if rest = strings.TrimLeft(rest, shorthandSpace); rest == "" {
			return entries, nil
		}
		if !step(",") {
			return nil, fault("no comma")
		}
	}
}

const shorthandSpace = " \t\n\r\v\f"

// shorthandValue takes a value, quoted or a word, which may be empty.
func shorthandValue(text string) (value, rest string, ok bool) {
	if text == "" {
		return "", "", true
	}
	quotes, isQuoted := shorthandQuotes[text[0]]
	if !isQuoted {
		word := shorthandWord.FindString(text)
		value = strings.TrimRightFunc(strings.ReplaceAll(word, `\,`, ","), isSpace)
		return value, text[len(word):], text[0] != '[' && text[0] != '{'
	}
	part := quotes.FindString(text)
	if part == "" {
		return "", text, false
	}
	value = strings.ReplaceAll(part[1:len(part)-1], `\`+part[:1], part[:1])
	return strings.ReplaceAll(value, `\\`, `\`), text[len(part):], true
}
