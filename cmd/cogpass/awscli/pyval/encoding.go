package pyval

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// decodeBytes finds out the encoding of JSON text as RFC 4627 has it.
func decodeBytes(data []byte) (string, bool) {
	at := func(i int) byte {
		if i < len(data) {
			return data[i]
		}
		return 1
	}
	switch {
	case strings.HasPrefix(string(data), "\x00\x00\xfe\xff"):
		return wide(data[4:], 4, true)
	case strings.HasPrefix(string(data), "\xff\xfe\x00\x00"):
		return wide(data[4:], 4, false)
	case strings.HasPrefix(string(data), "\xfe\xff"):
		return wide(data[2:], 2, true)
	case strings.HasPrefix(string(data), "\xff\xfe"):
		return wide(data[2:], 2, false)
	case strings.HasPrefix(string(data), "\xef\xbb\xbf"):
		return string(data[3:]), utf8.Valid(data)
	case len(data) >= 4 && at(0) == 0:
		if at(1) == 0 {
			return wide(data, 4, true)
		}
		return wide(data, 2, true)
	case len(data) >= 4 && at(1) == 0:
		if at(2) == 0 && at(3) == 0 {
			return wide(data, 4, false)
		}
		return wide(data, 2, false)
	case len(data) == 2 && at(0) == 0:
		return wide(data, 2, true)
	case len(data) == 2 && at(1) == 0:
		return wide(data, 2, false)
	}
	return string(data), utf8.Valid(data)
}

// wide decodes UTF-16 (size 2) or UTF-32 (size 4).
func wide(data []byte, size int, bigEndian bool) (string, bool) {
	if len(data)%size != 0 {
		return "", false
	}
	var units []rune
	for ; len(data) > 0; data = data[size:] {
		var u rune
		for i := range size {
			j := i
			if !bigEndian {
				j = size - 1 - i
			}
			u = u<<8 | rune(data[j])
		}
		units = append(units, u)
	}
	var b []byte
	for i := 0; i < len(units); i++ {
		r := units[i]
		if size == 2 && i+1 < len(units) {
			if pair := utf16.DecodeRune(r, units[i+1]); pair != utf8.RuneError {
				r = pair
				i++
			}
		}
		b = appendRune(b, r)
	}
	return string(b), true
}
