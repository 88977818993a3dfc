// Package pyval holds values as Python's json module makes them, because the
// AWS CLI's behaviour is defined in those terms: integers apart from floats,
// mappings in order, and text that may hold half a surrogate pair.
//
// A value is nil, a bool, an Int, a float64, a string, Bytes, an Other, a
// []any or a *Map. A string is UTF-8 in which a lone surrogate has its three
// bytes, as WTF-8 has it.
package pyval

import (
	"fmt"
	"unicode/utf8"
)

// Int is a whole number of any size, in decimal digits.
type Int string

// Bytes is what was read as bytes and not decoded.
type Bytes []byte

// Other is a value of any other Python type, such as "datetime.date".
type Other string

// Map is a mapping that keeps its order. Its keys are values that can be
// compared with ==. The zero value is empty.
type Map struct {
	keys   []any
	values map[any]any
}

// Set puts a value under a key; a key that is there keeps its place.
func (m *Map) Set(key, value any) {
	if m.values == nil {
		m.values = map[any]any{}
	}
	if _, there := m.values[key]; !there {
		m.keys = append(m.keys, key)
	}
	m.values[key] = value
}

// Get returns the value under a key.
func (m *Map) Get(key any) (any, bool) {
	v, ok := m.values[key]
	return v, ok
}

// Keys returns the keys in order. The slice is not to be changed.
func (m *Map) Keys() []any { return m.keys }

// Len returns how many keys there are.
func (m *Map) Len() int { return len(m.keys) }

// TypeName returns the name of a value's Python type.
func TypeName(v any) string {
	switch v := v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case Int:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case Bytes:
		return "bytes"
	case []any:
		return "list"
	case *Map:
		return "dict"
	case Other:
		return string(v)
	}
	return fmt.Sprintf("%T", v)
}

// FromArgument returns the text of a command-line argument or an environment
// variable: a byte that is not UTF-8 becomes a lone surrogate.
func FromArgument(arg string) string {
	if utf8.ValidString(arg) {
		return arg
	}
	var text []byte
	for len(arg) > 0 {
		r, size := utf8.DecodeRuneInString(arg)
		if r == utf8.RuneError && size == 1 {
			text = appendRune(text, 0xDC00|rune(arg[0]))
		} else {
			text = append(text, arg[:size]...)
		}
		arg = arg[size:]
	}
	return string(text)
}

// appendRune is utf8.AppendRune that also encodes surrogates.
func appendRune(b []byte, r rune) []byte {
	if 0xD800 <= r && r <= 0xDFFF {
		return append(b, 0xE0|byte(r>>12), 0x80|byte(r>>6)&0x3F, 0x80|byte(r)&0x3F)
	}
	return utf8.AppendRune(b, r)
}

// decodeRune is utf8.DecodeRuneInString that also decodes surrogates.
func decodeRune(s string) (rune, int) {
	if len(s) >= 3 && s[0] == 0xED && s[1] >= 0xA0 && s[1] <= 0xBF && s[2]&0xC0 == 0x80 {
		return rune(s[0]&0x0F)<<12 | rune(s[1]&0x3F)<<6 | rune(s[2]&0x3F), 3
	}
	return utf8.DecodeRuneInString(s)
}

// Runes returns the characters of a text, lone surrogates among them.
func Runes(s string) []rune {
	runes := make([]rune, 0, len(s))
	for len(s) > 0 {
		r, size := decodeRune(s)
		runes = append(runes, r)
		s = s[size:]
	}
	return runes
}

// Text is the opposite of Runes.
func Text(runes []rune) string {
	var b []byte
	for _, r := range runes {
		b = appendRune(b, r)
	}
	return string(b)
}
