package awscli

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"golang.org/x/text/width"

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

func (t *tables) width() int {
	width := 0
	for _, s := range t.sections {
		width = max(width, s.width())
	}
	return width
}

func (s *section) fit(cells []string) {
	for i, c := range cells {
		if i == len(s.widths) {
			s.widths = append(s.widths, 0)
		}
		s.widths[i] = max(s.widths[i], textWidth(c))
	}
}

const cellPadding = 4

func (s *section) width() int {
	total := 2
	for _, w := range s.widths {
		total += w + cellPadding
	}
	return max(textWidth(s.title)+2, total) + 2*s.indent
}

// vertical turns a section of one row on its side.
func (s *section) vertical() *section {
	if len(s.rows) != 1 || len(s.headers) == 0 {
		return s
	}
	turned := &section{title: s.title, indent: s.indent}
	for i, h := range s.headers {
		row := []string{h, s.rows[0][i]}
		turned.rows = append(turned.rows, row)
		turned.fit(row)
	}
	return turned
}

// columnWidths spreads the columns over a width.
func (s *section) columnWidths(width int) []int {
	sum := 0
	for _, w := range s.widths {
		sum += w + cellPadding
	}
	scaled := make([]int, len(s.widths))
	over := -width
	for i, w := range s.widths {
		scaled[i] = int(math.RoundToEven(float64(width) / float64(sum) * float64(w+cellPadding)))
		over += scaled[i]
	}
	for i := 0; over > 0; i = (i + 1) % len(scaled) {
		scaled[i]--
		over--
	}
	for i := 0; over < 0; i = (i + 1) % len(scaled) {
		scaled[len(scaled)-1-i]++
		over++
	}
	return scaled
}

func (s *section) draw(w io.Writer, width int) {
	width -= 2 * s.indent
	edge := strings.Repeat("|", s.indent)
	line := func(text string) { fmt.Fprintln(w, edge+text+edge) }
	if s.title != "" {
		line(centered(s.title, width, "|"))
		if len(s.headers) == 0 && len(s.rows) == 0 {
			line("+" + strings.Repeat("-", width-2) + "+")
		}
	}
	if len(s.widths) == 0 {
		return
	}
	widths := s.columnWidths(width)
	rule := "+"
	for i, w := range widths {
		if i == 0 {
			w--
		}
		rule += strings.Repeat("-", w-1) + "+"
	}
	if len(s.headers) > 0 {
		line(rule)
		line(cells(s.headers, widths, centered))
	}
	if len(s.rows) > 0 {
		line(rule)
		for _, row := range s.rows {
			line(cells(row, widths, leftAligned))
		}
		line(rule)
	}
}

func cells(texts []string, widths []int, align func(text string, length int, left string) string) string {
	var b strings.Builder
	for i, text := range texts {
		left := ""
		if i == 0 {
			left = "|"
		}
		b.WriteString(align(text, widths[i], left))
	}
	return b.String()
}

func centered(text string, length int, left string) string {
	start := length/2 - textWidth(text)/2 - 1
	line := left + strings.Repeat(" ", max(0, start)) + text
	used := len(left) + start + textWidth(text)
	return line + strings.Repeat(" ", max(0, length-1-used)) + "|"
}

func leftAligned(text string, length int, left string) string {
	padding := 2
	if length < textWidth(text)+padding+len(left)+1 {
		padding = 0
	}
	line := left + strings.Repeat(" ", padding) + text
	return line + strings.Repeat(" ", max(0, length-1-len(left)-padding-textWidth(text))) + "|"
}

// textWidth counts characters, those that are wide, or are so in East Asian
// type, twice.
func textWidth(s string) int {
	n := 0
	for _, r := range pyval.Runes(s) {
		n++
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth, width.EastAsianAmbiguous:
			n++
		}
	}
	return n
}
