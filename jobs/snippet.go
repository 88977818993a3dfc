package jobs

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"cogpass/jobs/yamldoc"
)

// span is a part of a text, in bytes.
type span struct{ from, to int }

// snippets shows lines of the job file, with what may be a password hidden.
type snippets struct {
	text   []byte
	starts []int  // of the lines
	hidden []span // in order
}

func newSnippets(text []byte) *snippets {
	s := &snippets{text: text, starts: lineStarts(text)}
	root, err := yamldoc.Parse(text)
	if err != nil || root == nil {
		return s
	}
	m := mask{secret: map[*yamldoc.Node]bool{}}
	m.walk(root, plainContext)
	offsets := s.offsets(m.nodes)
	for i, n := range m.nodes {
		if !m.secret[n] {
			continue
		}
		to := len(text)
		if next, _ := slices.BinarySearch(offsets, offsets[i]+1); next < len(offsets) {
			to = offsets[next]
		}
		s.hidden = append(s.hidden, span{offsets[i], s.beforeIndent(offsets[i], to)})
	}
	return s
}

// beforeIndent leaves out of a span what indents the node after it.
func (s *snippets) beforeIndent(from, to int) int {
	end := from + bytes.LastIndexByte(s.text[from:to], '\n')
	if end < from || len(bytes.Trim(s.text[end:to], "\n -[{")) > 0 {
		return to
	}
	return end
}

// offsets returns where nodes begin that are in the order of the text.
func (s *snippets) offsets(nodes []*yamldoc.Node) []int {
	offsets := make([]int, len(nodes))
	line, column, at := 0, 0, 0
	for i, n := range nodes {
		if n.Line != line || n.Column < column {
			line, column, at = n.Line, 1, s.offset(n.Line, 1)
		}
		for ; column < n.Column && at < len(s.text); column++ {
			_, size := utf8.DecodeRune(s.text[at:])
			at += size
		}
		offsets[i] = at
	}
	return offsets
}

// lineStarts splits a text at what YAML takes as a line end.
func lineStarts(text []byte) []int {
	starts := []int{0}
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\r' && bytes.HasPrefix(text[i+1:], []byte("\n")):
			continue
		case text[i] == '\n' || text[i] == '\r':
			starts = append(starts, i+1)
		case bytes.HasPrefix(text[i:], []byte("\u0085")):
			starts = append(starts, i+2)
		case bytes.HasPrefix(text[i:], []byte("\u2028")), bytes.HasPrefix(text[i:], []byte("\u2029")):
			starts = append(starts, i+3)
		}
	}
	return starts
}

// offset returns where the character at a line and column begins.
func (s *snippets) offset(line, column int) int {
	at := s.starts[min(max(line, 1), len(s.starts))-1]
	for c := 1; c < column && at < len(s.text); c++ {
		_, size := utf8.DecodeRune(s.text[at:])
		at += size
	}
	return at
}

// at returns the snippet of a place in the job file.
func (s *snippets) at(p Place) string {
	if p.Line < 1 || p.Line > len(s.starts) || p.Column < 1 {
		return ""
	}
	from, to := s.starts[p.Line-1], len(s.text)
	if p.Line < len(s.starts) {
		to = s.starts[p.Line]
	}
	return snippet(s.text, span{from, to}, s.offset(p.Line, p.Column), s.hidden)
}

// addTo gives faults of the job file that have none their snippets.
func (s *snippets) addTo(faults *Faults, file string) {
	for i := range faults.List {
		if f := &faults.List[i]; f.Snippet == "" && f.File == file {
			f.Snippet = s.at(f.Place)
		}
	}
}

// How much of a long line a snippet shows, in characters, and how many of
// them are before the caret.
const (
	snippetWidth  = 100
	snippetBefore = 60
)

// snippet returns a line of a text, fit for a terminal, and a caret below the
// byte at caret. Each hidden part becomes "…".
func snippet(text []byte, line span, caret int, hidden []span) string {
	line = around(text, line, caret)
	var cells []string // one a column of the terminal
	under := -1
	for at := line.from; at < line.to; {
		if at >= caret && under < 0 {
			under = len(cells)
		}
		if i, in := slices.BinarySearchFunc(hidden, at, func(h span, at int) int {
			if h.to <= at {
				return -1
			} else if h.from > at {
				return 1
			}
			return 0
		}); in {
			if len(cells) == 0 || cells[len(cells)-1] != "…" {
				cells = append(cells, "…")
			}
			if caret > at && caret < hidden[i].to {
				under = len(cells) - 1
			}
			at = hidden[i].to
			continue
		}
		r, size := utf8.DecodeRune(text[at:line.to])
		if r == '\t' {
			cells = append(cells, " ")
		} else if !strings.ContainsRune("\r\n\u0085\u2028\u2029", r) {
			for _, c := range visibleRune(string(text[at:at+size]), r) {
				cells = append(cells, string(c))
			}
		}
		at += size
	}
	if under < 0 {
		under = len(cells)
	}
	return cut(cells, under)
}

// around leaves out what is too far from the caret to be shown, so that a
// line of a megabyte costs no more than another.
func around(text []byte, line span, caret int) span {
	const far = utf8.UTFMax * snippetWidth
	if from := caret - far; from > line.from {
		for from < caret && !utf8.RuneStart(text[from]) {
			from++
		}
		line.from = from
	}
	line.to = min(line.to, caret+far)
	return line
}

func cut(cells []string, under int) string {
	if under > snippetBefore && len(cells) > snippetWidth {
		from := under - snippetBefore
		cells, under = append([]string{"…"}, cells[from:]...), snippetBefore+1
	}
	if len(cells) > snippetWidth {
		cells = append(cells[:snippetWidth:snippetWidth], "…")
	}
	line := strings.TrimRight(strings.Join(cells, ""), " ")
	if line == "" {
		return ""
	}
	return line + "\n" + strings.Repeat(" ", under) + "^"
}

var keyForm = regexp.MustCompile(`([^\s:,{}\[\]]+)\s*:`)

// syntaxSnippet shows a line of a text that could not be read, unless a
// password may stand anywhere in it, maybe under a misspelt key.
func syntaxSnippet(text []byte, p Place) string {
	for _, key := range keyForm.FindAllSubmatch(text, -1) {
		if !knownKey(string(key[1])) {
			return ""
		}
	}
	if likePassword(string(text)) {
		return ""
	}
	s := &snippets{text: text, starts: lineStarts(text)}
	return s.at(p)
}

// rowSnippet shows a row of a source that is one line.
func rowSnippet(row string, column int) string {
	row = strings.Trim(row, "\r\n")
	if strings.ContainsAny(row, "\r\n") {
		return ""
	}
	caret := 0
	for range column - 1 {
		_, size := utf8.DecodeRuneInString(row[caret:])
		caret += size
	}
	return snippet([]byte(row), span{0, len(row)}, caret, nil)
}
