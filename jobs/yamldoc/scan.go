package yamldoc

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// scan looks for what most likely is wrong with a text that the parser refused,
// for the parser tells no column, and often the line of something further up. It
// returns nil where it finds nothing.
func scan(text []byte) *Error {
	s := scanner{text: text, line: 1, first: true}
	for s.at < len(text) && s.found == nil {
		s.step()
	}
	if s.found == nil && len(s.open) > 0 {
		last := s.open[len(s.open)-1]
		s.fault(last, "a "+nameOf[text[last.at]]+" that is not closed", "close it with "+string(closing[text[last.at]]))
	}
	return s.found
}

var (
	closing = map[byte]byte{'{': '}', '[': ']'}
	nameOf  = map[byte]string{'{': "brace", '[': "bracket", '}': "brace", ']': "bracket"}
)

// spot is a place in a text.
type spot struct{ at, line, start int } // start is where its line begins

type scanner struct {
	text    []byte
	at      int
	line    int
	start   int   // where the line begins
	indents []int // of the levels that lines have opened
	open    []spot
	first   bool // a value or key may begin here
	keyed   bool // the line has a key
	found   *Error
}

func (s *scanner) here() spot { return spot{s.at, s.line, s.start} }

func (s *scanner) fault(at spot, message, hint string) {
	if s.found == nil {
		s.found = &Error{at.line, utf8.RuneCount(s.text[at.start:at.at]) + 1, message, hint}
	}
}

// step reads one token or character.
func (s *scanner) step() {
	if s.at == s.start && len(s.open) == 0 {
		s.indentation()
	}
	if s.at == len(s.text) || s.found != nil {
		return
	}
	b := s.text[s.at]
	switch {
	case b == '\n':
		s.newLine()
	case isBlank(b):
		s.at++
	case b == '#' && (s.at == s.start || isBlank(s.text[s.at-1])):
		s.toLineEnd()
	case len(s.open) > 0 && (b == '}' || b == ']'):
		s.close(b)
	case len(s.open) > 0 && b == ',':
		s.at++
		s.first = true
	case (b == ':' || b == '?' && s.first) && s.ends(s.at+1):
		s.colon()
	case b == '-' && s.first && s.ends(s.at+1) && len(s.open) == 0:
		if s.keyed {
			s.indicator()
			return
		}
		s.at++
		s.level()
	case s.first:
		s.value(b)
	default:
		s.at++
	}
}

func isBlank(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }

// ends reports whether a key or an indicator ends before a byte.
func (s *scanner) ends(at int) bool {
	return at >= len(s.text) || isBlank(s.text[at]) || len(s.open) > 0 && strings.IndexByte(",{}[]", s.text[at]) >= 0
}

func (s *scanner) newLine() {
	s.at++
	s.line, s.start = s.line+1, s.at
	if len(s.open) == 0 {
		s.first, s.keyed = true, false
	}
}

func (s *scanner) toLineEnd() {
	if n := bytes.IndexByte(s.text[s.at:], '\n'); n >= 0 {
		s.at += n
		return
	}
	s.at = len(s.text)
}

// indentation compares the beginning of a line with those above it.
func (s *scanner) indentation() {
	for s.at < len(s.text) && s.text[s.at] == ' ' {
		s.at++
	}
	if s.at == len(s.text) || s.text[s.at] == '\n' || s.text[s.at] == '#' {
		return
	}
	if s.text[s.at] == '\t' {
		s.fault(s.here(), "a tab in the indentation", "indent with spaces")
		return
	}
	width := s.at - s.start
	fell := false
	for len(s.indents) > 0 && s.indents[len(s.indents)-1] > width {
		s.indents = s.indents[:len(s.indents)-1]
		fell = true
	}
	if fell && (len(s.indents) == 0 || s.indents[len(s.indents)-1] < width) {
		s.fault(s.here(), "a line that is indented like none above it", "begin it under the line that it goes with")
	}
	s.level()
}

// level notes that a level of keys or elements may begin here.
func (s *scanner) level() {
	at := s.at
	for at < len(s.text) && s.text[at] == ' ' {
		at++
	}
	if width := at - s.start; len(s.indents) == 0 || s.indents[len(s.indents)-1] < width {
		s.indents = append(s.indents, width)
	}
}

func (s *scanner) close(b byte) {
	last := len(s.open) - 1
	if closing[s.text[s.open[last].at]] != b {
		s.fault(s.here(), "a "+nameOf[b]+" that closes what another kind opened", "close each with its own kind")
		return
	}
	s.open = s.open[:last]
	s.at++
	s.first = false
	s.afterValue("what is closed")
}

// colon ends a key. A line outside of braces has one.
func (s *scanner) colon() {
	if len(s.open) == 0 && s.keyed && s.text[s.at] == '?' {
		s.indicator()
		return
	}
	if len(s.open) == 0 && s.keyed {
		s.fault(s.here(), "a colon and a blank within a value", "put quotes around the value")
		return
	}
	s.at++
	s.keyed, s.first = true, true
}

// value begins to read one.
func (s *scanner) value(b byte) {
	s.first = false
	switch b {
	case '{', '[':
		s.open = append(s.open, s.here())
		s.first = true
		s.at++
	case '"', '\'':
		s.quoted(b)
	case '|', '>':
		s.block()
	case '&', '!', '*': // an anchor, a tag or an alias: the value comes after it
		for s.at < len(s.text) && !s.ends(s.at) {
			s.at++
		}
		s.first = b != '*'
	case '@', '`', '%', '}', ']', ',':
		s.indicator()
	default:
		s.at++
	}
}

// indicator refuses a character that means something else where a value begins.
// It is not shown: it may begin a password.
func (s *scanner) indicator() {
	s.fault(s.here(), "a value that begins with a character of YAML's own", "put quotes around a value that begins with one of @ ` % | > ? - } ] ,")
}

func (s *scanner) quoted(quote byte) {
	begin := s.here()
	for s.at++; s.at < len(s.text); s.at++ {
		switch b := s.text[s.at]; {
		case b == '\n':
			s.line, s.start = s.line+1, s.at+1
		case b == '\\' && quote == '"':
			s.at++
			if s.at < len(s.text) && strings.IndexByte("0abtn\nvfre \"/\\N_LPxuU\t", s.text[s.at]) < 0 {
				s.at--
				s.fault(s.here(), "a backslash that YAML does not know", `inside "...", write a backslash as \\, or put the value into single quotes`)
				return
			}
		case b == '\'' && quote == '\'' && s.at+1 < len(s.text) && s.text[s.at+1] == '\'':
			s.at++
		case b == quote:
			s.at++
			s.afterValue("the end of a quoted value")
			return
		}
	}
	s.fault(begin, "a quote that is not closed", `close it; inside "...", write " as \", and inside '...', write ' as ''`)
}

// afterValue refuses what goes on where a value has ended.
func (s *scanner) afterValue(what string) {
	at := s.at
	for at < len(s.text) && s.text[at] != '\n' && isBlank(s.text[at]) {
		at++
	}
	if at == len(s.text) || s.text[at] == '\n' || s.text[at] == ':' || s.text[at] == '#' ||
		len(s.open) > 0 && strings.IndexByte(",}]", s.text[at]) >= 0 {
		return
	}
	s.at = at
	s.fault(s.here(), "something after "+what, "is a comma or a quote missing, or one too many? put quotes around a value as a whole")
}

// block skips a text in lines of its own.
func (s *scanner) block() {
	rest := s.text[s.at+1:]
	if n := bytes.IndexByte(rest, '\n'); n >= 0 {
		rest = rest[:n]
	}
	if option := strings.TrimLeft(string(rest), "+-0123456789"); len(s.open) > 0 || option != "" && !isBlank(option[0]) {
		s.indicator()
		return
	}
	width := -1
	for _, indent := range s.indents {
		if indent < s.at-s.start {
			width = indent
		}
	}
	for s.toLineEnd(); s.at < len(s.text); s.toLineEnd() {
		line := s.text[s.at+1:]
		if n := bytes.IndexByte(line, '\n'); n >= 0 {
			line = line[:n]
		}
		indent := len(line) - len(bytes.TrimLeft(line, " "))
		if len(bytes.TrimSpace(line)) > 0 && indent <= width {
			return
		}
		s.newLine()
	}
}
