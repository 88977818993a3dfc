package pyval

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// ErrJSON is the error of a text that is not JSON.
var ErrJSON = errors.New("not JSON")

// ParseJSON reads JSON as Python's json.loads does: NaN and Infinity are
// numbers, and of a key that is there twice the last value counts. Its error
// is ErrJSON, with the place.
func ParseJSON(text string) (any, error) {
	if strings.HasPrefix(text, "\uFEFF") {
		return nil, fmt.Errorf("%w: it begins with a byte order mark", ErrJSON)
	}
	p := &parser{text: text}
	p.space()
	v, err := p.value()
	if err != nil {
		return nil, err
	}
	p.space()
	if p.at < len(p.text) {
		return nil, p.fault()
	}
	return v, nil
}

// ParseJSONBytes reads JSON as Python's json.loads does from bytes: in UTF-8,
// UTF-16 or UTF-32, found out from its first bytes, with or without a mark.
func ParseJSONBytes(data []byte) (any, error) {
	text, ok := decodeBytes(data)
	if !ok {
		return nil, fmt.Errorf("%w: it is not in a known encoding", ErrJSON)
	}
	return ParseJSON(text)
}

type parser struct {
	text string
	at   int
}

func (p *parser) fault() error {
	before := p.text[:min(p.at, len(p.text))]
	line := 1 + strings.Count(before, "\n")
	column := 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return fmt.Errorf("%w at line %d, column %d", ErrJSON, line, column)
}

func (p *parser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\n\r", p.text[p.at]) >= 0 {
		p.at++
	}
}

func (p *parser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

var words = []struct {
	word  string
	value any
}{
	{"null", nil}, {"true", true}, {"false", false},
	{"NaN", math.NaN()}, {"Infinity", math.Inf(1)}, {"-Infinity", math.Inf(-1)},
}

func (p *parser) value() (any, error) {
	switch p.peek() {
	case '{':
		return p.object()
	case '[':
		return p.array()
	case '"':
		return p.str()
	}
	for _, w := range words {
		if strings.HasPrefix(p.text[p.at:], w.word) {
			p.at += len(w.word)
			return w.value, nil
		}
	}
	return p.number()
}

func (p *parser) object() (any, error) {
	m := &Map{}
	p.at++
	p.space()
	if p.peek() == '}' {
		p.at++
		return m, nil
	}
	for {
		if p.peek() != '"' {
			return nil, p.fault()
		}
		key, err := p.str()
		if err != nil {
			return nil, err
		}
		p.space()
		if p.peek() != ':' {
			return nil, p.fault()
		}
		p.at++
		p.space()
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		m.Set(key, v)
		if end, err := p.next('}'); err != nil || end {
			return m, err
		}
	}
}

func (p *parser) array() (any, error) {
	list := []any{}
	p.at++
	p.space()
	if p.peek() == ']' {
		p.at++
		return list, nil
	}
	for {
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		if end, err := p.next(']'); err != nil || end {
			return list, err
		}
	}
}

// next steps over the comma before another member, or over the end.
func (p *parser) next(end byte) (bool, error) {
	p.space()
	switch p.peek() {
	case end:
		p.at++
		return true, nil
	case ',':
		p.at++
		p.space()
		return false, nil
	}
	return false, p.fault()
}

func (p *parser) number() (any, error) {
	start := p.at
	if p.peek() == '-' {
		p.at++
	}
	if p.peek() == '0' {
		p.at++
	} else if p.digits() == 0 {
		p.at = start
		return nil, p.fault()
	}
	whole := p.at
	if p.peek() == '.' {
		if p.at++; p.digits() == 0 {
			p.at = whole
		}
	}
	if mantissa := p.at; p.peek() == 'e' || p.peek() == 'E' {
		if p.at++; p.peek() == '+' || p.peek() == '-' {
			p.at++
		}
		if p.digits() == 0 {
			p.at = mantissa
		}
	}
	if p.at > whole {
		f, _ := strconv.ParseFloat(p.text[start:p.at], 64) // out of range is an infinity, as in Python
		return f, nil
	}
	return wholeNumber(p.text[start:p.at], 10), nil
}

// wholeNumber is the Int that digits are in a base; they are known to be digits.
func wholeNumber(digits string, base int) Int {
	n, _ := new(big.Int).SetString(digits, base)
	return Int(n.String())
}

func (p *parser) digits() (n int) {
	for '0' <= p.peek() && p.peek() <= '9' {
		p.at++
		n++
	}
	return n
}

func (p *parser) str() (string, error) {
	var b []byte
	p.at++
	for {
		c := p.peek()
		switch {
		case p.at >= len(p.text) || c < ' ':
			return "", p.fault()
		case c == '"':
			p.at++
			return string(b), nil
		case c != '\\':
			b = append(b, c)
			p.at++
		default:
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			b = appendRune(b, r)
		}
	}
}

const escapes, escaped = `"\/bfnrt`, "\"\\/\b\f\n\r\t"

func (p *parser) escape() (rune, error) {
	p.at++
	if i := strings.IndexByte(escapes, p.peek()); i >= 0 && p.at < len(p.text) {
		p.at++
		return rune(escaped[i]), nil
	}
	r, ok := p.hex()
	if !ok {
		return 0, p.fault()
	}
	if !utf16.IsSurrogate(r) || !strings.HasPrefix(p.text[p.at:], `\u`) {
		return r, nil
	}
	back := p.at
	p.at++
	if low, ok := p.hex(); ok {
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, nil
		}
	}
	p.at = back
	return r, nil
}

// hex reads uXXXX.
func (p *parser) hex() (rune, bool) {
	if p.peek() != 'u' || p.at+5 > len(p.text) {
		return 0, false
	}
	n, err := strconv.ParseUint(p.text[p.at+1:p.at+5], 16, 16)
	if err != nil {
		return 0, false
	}
	p.at += 5
	return rune(n), true
}
