package awscli

import (
	"fmt"
	"strings"
	"unicode"

	"cogpass/cmd/cogpass/awscli/pyval"
)

// parseShorthand reads the AWS CLI's shorthand, `key=value,key2="a,b"`, into a
// mapping whose values are strings, lists and mappings.
func parseShorthand(text string) (value *pyval.Map, err error) {
	s := &shorthand{in: pyval.Runes(text)}
	defer func() {
		switch fault := recover().(type) {
		case nil:
		case *syntaxError:
			value, err = nil, fault
		default:
			panic(fault)
		}
	}()
	value = s.parameter()
	return value, nil
}

// syntaxError is what stood in shorthand where something else had to.
type syntaxError struct {
	expected, received string
	at                 int // in characters, from 0
}

func (e *syntaxError) Error() string {
	return fmt.Sprintf("expected %s, received %s at character %d", e.expected, e.received, e.at+1)
}

// shorthand is a reader that gives up by a panic with a *syntaxError: lists of
// values are read by trying, and going back.
type shorthand struct {
	in []rune
	at int
}

const eof rune = -1

func (s *shorthand) current() rune {
	if s.at < len(s.in) {
		return s.in[s.at]
	}
	return eof
}

func (s *shorthand) fail(expected string) {
	received := "the end"
	if s.at < len(s.in) {
		received = fmt.Sprintf("%q", s.in[s.at])
	}
	panic(&syntaxError{expected, received, s.at})
}

func (s *shorthand) expect(c rune) {
	if s.current() != c {
		s.fail(fmt.Sprintf("%q", c))
	}
	s.at++
}

func (s *shorthand) expectSpaced(c rune) {
	s.space()
	s.expect(c)
	s.space()
}

func (s *shorthand) space() {
	for strings.ContainsRune(" \t\n\r\v\f", s.current()) {
		s.at++
	}
}

// parameter = key "=" values *("," key "=" values)
func (s *shorthand) parameter() *pyval.Map {
	params := &pyval.Map{}
	for first := true; first || s.at < len(s.in); first = false {
		if !first {
			s.expectSpaced(',')
		}
		start := s.at
		key := s.key()
		s.expectSpaced('=')
		value := s.values()
		if _, twice := params.Get(key); twice {
			panic(&syntaxError{"another key", fmt.Sprintf("%q a second time", key), start})
		}
		params.Set(key, value)
	}
	return params
}

func (s *shorthand) key() string {
	start := s.at
	for c := s.current(); c < unicode.MaxASCII && c != eof; c = s.current() {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("-_.#/:", c) {
			break
		}
		s.at++
	}
	return pyval.Text(s.in[start:s.at])
}

// values = csv-list / explicit-list / hash-literal
func (s *shorthand) values() any {
	switch s.current() {
	case eof:
		return ""
	case '[':
		return s.list()
	case '{':
		return s.hash()
	}
	return s.csv()
}

// csv is one value, or a list of values up to the next `key=`: what follows a
// comma is tried as a value, and left where it turns out to be a key.
func (s *shorthand) csv() any {
	first := s.value()
	if s.space(); s.current() != ',' {
		return first
	}
	s.expectSpaced(',')
	list := []any{first}
	for {
		value, more, ok := s.tryNext()
		if !ok {
			break
		}
		list = append(list, value)
		if !more {
			break
		}
	}
	if len(list) == 1 {
		return first
	}
	return list
}

// tryNext reads a further value of a list, and the comma after it if there is
// one. If it cannot, it goes back to the last comma.
func (s *shorthand) tryNext() (value string, more, ok bool) {
	defer func() {
		fault := recover()
		if fault == nil {
			return
		}
		if _, syntax := fault.(*syntaxError); !syntax || s.at >= len(s.in) {
			panic(fault)
		}
		for s.in[s.at] != ',' {
			s.at--
		}
		value, more, ok = "", false, false
	}()
	value = s.nextValue()
	if s.space(); s.at >= len(s.in) {
		return value, false, true
	}
	s.expectSpaced(',')
	return value, true, true
}

func (s *shorthand) list() any {
	s.expectSpaced('[')
	list := []any{}
	for s.current() != ']' {
		list = append(list, s.explicit())
		s.member(']')
	}
	s.expect(']')
	return list
}

func (s *shorthand) hash() any {
	s.expectSpaced('{')
	m := &pyval.Map{}
	for s.current() != '}' {
		key := s.key()
		s.expectSpaced('=')
		value := s.explicit()
		s.member('}')
		m.Set(key, value)
	}
	s.expect('}')
	return m
}

// member steps over the comma between members, if the end is not there yet.
func (s *shorthand) member(end rune) {
	if s.space(); s.current() != end {
		s.expect(',')
		s.space()
	}
}

func (s *shorthand) explicit() any {
	switch s.current() {
	case '[':
		return s.list()
	case '{':
		return s.hash()
	}
	return s.value()
}

// value is a quoted value, or a word, which may be empty.
func (s *shorthand) value() string {
	switch s.current() {
	case '\'', '"':
		return s.quoted(s.current())
	}
	word, _ := s.word(followsFirst)
	return word
}

// nextValue is a value after a comma: it may not be empty, nor hold "=".
func (s *shorthand) nextValue() string {
	switch s.current() {
	case '\'', '"':
		return s.quoted(s.current())
	}
	word, ok := s.word(followsNext)
	if !ok {
		s.fail("a value")
	}
	return word
}

// quoted reads text in quotes. A backslash escapes the quote and itself,
// unless the text would have no end that way.
func (s *shorthand) quoted(mark rune) string {
	in := s.in[s.at+1:]
	ends := make([]int, len(in)+1) // where text that goes on at i ends; -1: nowhere
	ends[len(in)] = -1
	for i := len(in) - 1; i >= 0; i-- {
		switch {
		case in[i] == mark:
			ends[i] = i
			continue
		case in[i] == '\\' && i+1 < len(in) && (in[i+1] == '\\' || in[i+1] == mark) && ends[i+2] >= 0:
			ends[i] = ends[i+2]
			continue
		}
		ends[i] = ends[i+1]
	}
	end := ends[0]
	if end < 0 {
		s.fail("a closing " + string(mark))
	}
	s.at += end + 2
	raw := pyval.Text(in[:end])
	raw = strings.ReplaceAll(raw, `\`+string(mark), string(mark))
	return strings.ReplaceAll(raw, `\\`, `\`)
}

// word reads characters up to one that ends it, and whether there were any. A
// backslash before a comma makes it part of the word.
func (s *shorthand) word(follows func(rune) bool) (string, bool) {
	start := s.at
	for s.at < len(s.in) {
		c := s.in[s.at]
		switch {
		case c == '\\' && s.at+1 < len(s.in) && s.in[s.at+1] == ',':
			s.at += 2
		case s.at == start && startsWord(c), s.at > start && follows(c):
			s.at++
		default:
			return unescaped(s.in[start:s.at]), s.at > start
		}
	}
	return unescaped(s.in[start:]), s.at > start
}

func unescaped(word []rune) string {
	return strings.TrimRightFunc(strings.ReplaceAll(pyval.Text(word), `\,`, ","), isSpace)
}

// isSpace is what Python takes for white space.
func isSpace(c rune) bool { return unicode.IsSpace(c) || 0x1C <= c && c <= 0x1F }

const lastInWord = 0xFFFF // the grammar stops at the basic plane

func startsWord(c rune) bool {
	return '!' <= c && c <= lastInWord && !strings.ContainsRune(`"',=[{`, c)
}

func followsFirst(c rune) bool {
	return isSpace(c) || '!' <= c && c <= lastInWord && !strings.ContainsRune(`"',]}`, c)
}

func followsNext(c rune) bool {
	return isSpace(c) || '!' <= c && c <= lastInWord && !strings.ContainsRune(`"',=`, c)
}
