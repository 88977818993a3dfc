package query

import (
	"fmt"
	"strings"

	"cogpass/cmd/cogpass/awscli/pyval"
)

// kind is what a token is.
type kind string

const (
	eof        kind = "end"
	identifier kind = "name"
	quotedName kind = "quoted name"
	literal    kind = "literal"
	number     kind = "number"
)

// token is a piece of an expression. A kind that is not one of the constants
// is the token's own text.
type token struct {
	kind  kind
	value any // of an identifier, a literal or a number
	at    int // in characters, from 0
}

// syntaxError is where an expression stops making sense.
type syntaxError struct {
	at   int
	what string
}

func (e *syntaxError) Error() string {
	return fmt.Sprintf("invalid jmespath expression: %s at character %d", e.what, e.at+1)
}

type lexer struct {
	in     []rune
	at     int
	tokens []token
}

// tokenize splits an expression, and ends it with an eof.
func tokenize(expression string) ([]token, error) {
	l := &lexer{in: pyval.Runes(expression)}
	for l.at < len(l.in) {
		if err := l.next(); err != nil {
			return nil, err
		}
	}
	return append(l.tokens, token{kind: eof, at: len(l.in)}), nil
}

func (l *lexer) peek(ahead int) rune {
	if l.at+ahead < len(l.in) {
		return l.in[l.at+ahead]
	}
	return 0
}

// The tokens that are their own text, longest first.
var operators = []string{"[]", "[?", "||", "&&", "<=", ">=", "!=", "==", ".", "*", "[", "]", ",", ":", "@", "(", ")", "{", "}", "|", "&", "<", ">", "!"}

func (l *lexer) next() error {
	start := l.at
	c := l.peek(0)
	switch {
	case strings.ContainsRune(" \t\n\r", c):
		l.at++
		return nil
	case isLetter(c):
		for l.at++; isLetter(l.peek(0)) || isDigit(l.peek(0)); l.at++ {
		}
		l.add(identifier, string(l.in[start:l.at]), start)
		return nil
	case isDigit(c), c == '-' && isDigit(l.peek(1)):
		for l.at++; isDigit(l.peek(0)); l.at++ {
		}
		l.add(number, string(l.in[start:l.at]), start)
		return nil
	case c == '\'', c == '"', c == '`':
		return l.quoted(c)
	}
	for _, op := range operators {
		if strings.HasPrefix(string(l.in[l.at:min(len(l.in), l.at+2)]), op) {
			l.at += len(op)
			l.add(kind(op), nil, start)
			return nil
		}
	}
	return &syntaxError{start, fmt.Sprintf("unknown token %q", c)}
}

func (l *lexer) add(k kind, value any, at int) {
	l.tokens = append(l.tokens, token{k, value, at})
}

func isLetter(c rune) bool { return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c rune) bool  { return '0' <= c && c <= '9' }

// quoted reads a raw string, a quoted name or a JSON literal.
func (l *lexer) quoted(mark rune) error {
	start := l.at
	for l.at++; l.peek(0) != mark; l.at++ {
		if l.peek(0) == '\\' {
			l.at++
		}
		if l.at >= len(l.in) {
			return &syntaxError{start, fmt.Sprintf("no closing %c", mark)}
		}
	}
	text := pyval.Text(l.in[start+1 : l.at])
	l.at++
	switch mark {
	case '\'':
		l.add(literal, strings.ReplaceAll(text, `\'`, `'`), start)
	case '"':
		name, err := pyval.ParseJSON(`"` + text + `"`)
		if err != nil {
			return &syntaxError{start, "bad quoted name"}
		}
		l.add(quotedName, name, start)
	default:
		text = strings.ReplaceAll(text, "\\`", "`")
		value, err := pyval.ParseJSON(text)
		if err != nil { // text that is not JSON is a string, as it was in older grammars
			value, err = pyval.ParseJSON(`"` + strings.TrimLeft(text, " \t\n\r\v\f") + `"`)
		}
		if err != nil {
			return &syntaxError{start, "bad literal"}
		}
		l.add(literal, value, start)
	}
	return nil
}
