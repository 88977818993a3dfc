package pyval

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ASCII writes a value as Python's json.dumps does by default: on one line,
// everything beyond ASCII escaped.
func ASCII(v any) string {
	w := &writer{ascii: true, comma: ", ", colon: ": "}
	w.value(v, 0)
	return string(w.b)
}

// Indented writes a value as Python's json.dumps(indent=4, ensure_ascii=False).
func Indented(v any) string {
	w := &writer{indent: "    ", comma: ",", colon: ": "}
	w.value(v, 0)
	return string(w.b)
}

type writer struct {
	b      []byte
	ascii  bool
	indent string
	comma  string
	colon  string
}

func (w *writer) value(v any, depth int) {
	switch v := v.(type) {
	case string:
		w.str(v)
	case []any:
		w.open('[')
		for i, e := range v {
			w.separate(i, depth+1)
			w.value(e, depth+1)
		}
		w.close(']', len(v), depth)
	case *Map:
		w.open('{')
		for i, k := range v.Keys() {
			w.separate(i, depth+1)
			w.str(fmt.Sprint(k))
			w.b = append(w.b, w.colon...)
			e, _ := v.Get(k)
			w.value(e, depth+1)
		}
		w.close('}', v.Len(), depth)
	default:
		w.b = append(w.b, scalar(v)...)
	}
}

// scalar is the JSON of a value that is neither text nor a container.
func scalar(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case float64:
		switch {
		case math.IsNaN(v):
			return "NaN"
		case math.IsInf(v, 0):
			return strings.Replace("-Infinity", "-", map[bool]string{true: "-"}[v < 0], 1)
		}
		return FormatFloat(v)
	}
	return fmt.Sprint(v)
}

func (w *writer) open(c byte) { w.b = append(w.b, c) }

func (w *writer) separate(i, depth int) {
	if i > 0 {
		w.b = append(w.b, w.comma...)
	}
	w.line(depth)
}

func (w *writer) close(c byte, n, depth int) {
	if n > 0 {
		w.line(depth)
	}
	w.b = append(w.b, c)
}

func (w *writer) line(depth int) {
	if w.indent != "" {
		w.b = append(w.b, '\n')
		w.b = append(w.b, strings.Repeat(w.indent, depth)...)
	}
}

func (w *writer) str(s string) {
	w.b = append(w.b, '"')
	for len(s) > 0 {
		r, size := decodeRune(s)
		switch i := strings.IndexRune(escaped, r); {
		case i >= 0 && r != '/':
			w.b = append(w.b, '\\', escapes[i])
		case r < ' ', w.ascii && r > '~' && r <= 0xFFFF:
			w.b = fmt.Appendf(w.b, `\u%04x`, r)
		case w.ascii && r > 0xFFFF:
			r -= 0x10000
			w.b = fmt.Appendf(w.b, `\u%04x\u%04x`, 0xD800|r>>10, 0xDC00|r&0x3FF)
		default:
			w.b = append(w.b, s[:size]...)
		}
		s = s[size:]
	}
	w.b = append(w.b, '"')
}

// FormatFloat writes a float as Python's repr does: the shortest digits that
// read back the same, with an exponent below 1e-4 and from 1e16.
func FormatFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 0):
		return strings.TrimPrefix(strconv.FormatFloat(f, 'g', -1, 64), "+")
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// Str writes a value as Python's str does.
func Str(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return repr(v)
}

func repr(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return strings.ToUpper(strconv.FormatBool(v)[:1]) + strconv.FormatBool(v)[1:]
	case float64:
		return strings.ToLower(FormatFloat(v))
	case string:
		return quote(v)
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = repr(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case *Map:
		parts := make([]string, 0, v.Len())
		for _, k := range v.Keys() {
			e, _ := v.Get(k)
			parts = append(parts, repr(k)+": "+repr(e))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprint(v)
}

func quote(s string) string {
	mark := '\''
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		mark = '"'
	}
	var b []byte
	b = appendRune(b, mark)
	for _, r := range Runes(s) {
		switch {
		case r == mark || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r < ' ' || 0x7F <= r && r <= 0xA0 || r == 0xAD:
			b = fmt.Appendf(b, `\x%02x`, r)
		case 0xD800 <= r && r <= 0xDFFF || r != ' ' && r <= 0xFFFF && !strconv.IsPrint(r):
			b = fmt.Appendf(b, `\u%04x`, r)
		case !strconv.IsPrint(r) && r > 0xFFFF:
			b = fmt.Appendf(b, `\U%08x`, r)
		default:
			b = appendRune(b, r)
		}
	}
	return string(appendRune(b, mark))
}

// Compact writes a value as Python's json.dumps does with no spaces.
func Compact(v any) string {
	w := &writer{ascii: true, comma: ",", colon: ":"}
	w.value(v, 0)
	return string(w.b)
}
