package awscli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"cogpass/cmd/cogpass/awscli/pyval"
)

const terminalWidth = 80 // of output that is no terminal

// section is a table within a table: a title, a row of headers and rows.
type section struct {
	title   string
	indent  int
	headers []string
	rows    [][]string
	widths  []int
	columns int // -1 until the first row or headers
}

// tables is what a value becomes before it is drawn.
type tables struct {
	sections []*section
	err      error
}

func printTable(w io.Writer, name string, v any) error {
	t := &tables{}
	if !t.build(&name, v, 0) {
		return nil
	}
	if t.err != nil {
		return t.err
	}
	width := t.width()
	if width > terminalWidth {
		for i, s := range t.sections {
			t.sections[i] = s.vertical()
		}
		width = t.width()
	}
	fmt.Fprintln(w, strings.Repeat("-", width))
	for _, s := range t.sections {
		s.draw(w, width)
	}
	return nil
}

func (t *tables) last() *section { return t.sections[len(t.sections)-1] }

func (t *tables) begin(title string, indent int) {
	t.sections = append(t.sections, &section{title: title, indent: indent, columns: -1})
}

func (t *tables) row(values ...any) {
	cells := make([]string, len(values))
	for i, v := range values {
		cells[i] = pyval.Str(v)
	}
	s := t.last()
	if s.columns < 0 {
		s.columns = len(cells)
	}
	if s.columns != len(cells) {
		t.err = generalf("a row of the table should have %d elements, instead it has %d", s.columns, len(cells))
		return
	}
	s.rows = append(s.rows, cells)
	s.fit(cells)
}

func (t *tables) header(names []string) {
	s := t.last()
	s.fit(names)
	if s.columns < 0 {
		s.columns = len(names)
	}
	s.headers = names
}

// build adds a value, and reports whether there was anything in it.
func (t *tables) build(title *string, v any, indent int) bool {
	if isFalsy(v) {
		return false
	}
	if title != nil {
		t.begin(*title, indent)
	}
	switch v := v.(type) {
	case []any:
		if _, ofMaps := v[0].(*pyval.Map); ofMaps {
			t.list(v, indent, title)
			break
		}
		for _, e := range v {
			inner, isList := e.([]any)
			switch {
			case !isContainer(e):
				t.row(e)
			case isList && !slices.ContainsFunc(inner, isContainer):
				t.row(inner...)
			default:
				t.build(nil, e, 0)
			}
		}
	case *pyval.Map:
		t.object(v, indent)
	}
	return true
}

// isFalsy reports whether Python takes a value for false.
func isFalsy(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return v == ""
	case pyval.Int:
		return strings.Trim(string(v), "-0") == ""
	case float64:
		return v == 0
	case []any:
		return len(v) == 0
	case *pyval.Map:
		return v.Len() == 0
	}
	return false
}

func (t *tables) object(m *pyval.Map, indent int) {
	scalars, others := splitKeys(m)
	values := make([]any, len(scalars))
	for i, k := range scalars {
		values[i], _ = m.Get(k)
	}
	switch {
	case len(scalars) == 1:
		t.row(scalars[0], values[0])
	case len(scalars) > 1:
		t.header(scalars)
		t.row(values...)
	}
	for _, k := range others {
		v, _ := m.Get(k)
		t.build(&k, v, indent+1)
	}
}

// list adds a list of objects: a row for each, under headers that are the
// keys of any.
func (t *tables) list(list []any, indent int, title *string) {
	var headers, others []string
	for _, e := range list {
		m, ok := e.(*pyval.Map)
		if !ok {
			t.err = generalf("a table cannot show a list of objects and other values")
			return
		}
		s, o := splitKeys(m)
		headers, others = append(headers, s...), append(others, o...)
	}
	slices.Sort(headers)
	slices.Sort(others)
	headers, others = slices.Compact(headers), slices.Compact(others)
	if title == nil {
		title = new(string)
	}
	t.header(headers)
	for i, e := range list {
		m := e.(*pyval.Map)
		if i > 0 && len(others) > 0 {
			t.begin(*title, indent)
			t.header(headers)
		}
		values := make([]any, len(headers))
		for i, k := range headers {
			if v, there := m.Get(k); there {
				values[i] = v
			} else {
				values[i] = ""
			}
		}
		t.row(values...)
		for _, k := range others {
			if v, there := m.Get(k); there {
				t.build(&k, v, indent+1)
			}
		}
	}
}
