package awscli

import (
	"fmt"
	"io"
	"math"
	"strings"

	"golang.org/x/text/width"

	"cogpass/cmd/cogpass/awscli/pyval"
)

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
