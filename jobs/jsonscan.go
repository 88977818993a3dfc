package jobs

import (
	"bytes"
	"encoding/json"
)

// jsonScanner walks through valid JSON and knows its position. A json.Decoder
// does too, at ten times the cost.
type jsonScanner struct {
	text []byte
	at   int
}

// start moves to where the next value or key begins, and returns that.
func (s *jsonScanner) start() int {
	for s.at < len(s.text) && isBetween(s.text[s.at]) {
		s.at++
	}
	return s.at
}

// isBetween reports whether a byte stands between values and keys.
func isBetween(b byte) bool {
	switch b {
	case ' ', '\t', '\r', '\n', ',', ':':
		return true
	}
	return false
}

// kind says what the next value is, for messages.
func (s *jsonScanner) kind() string {
	switch s.text[s.start()] {
	case '"':
		return "text"
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 't', 'f':
		return "true or false"
	case 'n':
		return "null"
	}
	return "a number"
}

// open moves into an object.
func (s *jsonScanner) open() { s.at = s.start() + 1 }

// more reports whether the object has another key. If not, it moves past the
// object.
func (s *jsonScanner) more() bool {
	if s.text[s.start()] != '}' {
		return true
	}
	s.at++
	return false
}

// str reads a string. One that is among known costs no memory.
func (s *jsonScanner) str(known ...string) string {
	from := s.start()
	s.skipString()
	raw := s.text[from:s.at]
	if bytes.IndexByte(raw, '\\') < 0 {
		raw = raw[1 : len(raw)-1]
		for _, word := range known {
			if string(raw) == word {
				return word
			}
		}
		return string(raw)
	}
	var text string
	json.Unmarshal(raw, &text) // cannot fail: the text is valid
	return text
}

// skip moves past the next value.
func (s *jsonScanner) skip() {
	s.start()
	for depth := 0; ; {
		switch s.text[s.at] {
		case '"':
			s.skipString()
		case '{', '[':
			depth++
			s.at++
		case '}', ']':
			depth--
			s.at++
		case ' ', '\t', '\r', '\n', ',', ':': // as isBetween
			s.at++
			continue
		default:
			s.skipWord()
		}
		if depth == 0 {
			return
		}
	}
}

func (s *jsonScanner) skipString() {
	for s.at++; s.text[s.at] != '"'; s.at++ {
		if s.text[s.at] == '\\' {
			s.at++
		}
	}
	s.at++
}

// skipWord moves past a number, true, false or null.
func (s *jsonScanner) skipWord() {
	for s.at < len(s.text) && bytes.IndexByte([]byte(" \t\r\n,:]}"), s.text[s.at]) < 0 {
		s.at++
	}
}
