package jobs

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// csvRows reads the rows of a CSV.
type csvRows struct {
	in     *input
	r      *csv.Reader
	file   string
	report reporter
	fields []csvField
	header int  // how many columns there are
	line   int  // on which the last row ended
	safe   bool // all columns are read and none is a password: a snippet may show a row
}

// csvField is a field of a user and the column it stands in.
type csvField struct {
	name  string
	index int
}

func newCSVReader(in *input) *csv.Reader {
	r := csv.NewReader(in.buf)
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	return r
}

// newCSVRows reads the header. It returns false where the rows cannot be
// read for what it holds.
func newCSVRows(in *input, spec *sourceSpec, report reporter) (*csvRows, bool) {
	in.skipBOM()
	c := &csvRows{in: in, r: newCSVReader(in), file: spec.path, report: report}
	header, err := c.r.Read()
	if err == io.EOF {
		c.fault(1, 1, "the CSV is empty", "its first line names the columns")
		return nil, false
	}
	if err != nil {
		c.readFault(err, in.bom)
		return nil, false
	}
	if i := slices.IndexFunc(header, notText); i >= 0 {
		line, column := c.place(header, i)
		c.fault(line, column, "this is not UTF-8 text", "save the file as UTF-8")
		return nil, false
	}
	c.header = len(header)
	if !c.match(header, spec.columns) {
		return nil, false
	}
	c.ended(header)
	read := map[int]bool{}
	for _, f := range c.fields {
		read[f.index] = true
	}
	c.safe = len(read) == c.header && c.passwordColumn() < 0
	return c, true
}

func notText(s string) bool { return !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 }

// match finds the columns of the fields. Names in the header are shown only
// where it is one: a file without a header begins with a row.
func (c *csvRows) match(header []string, columns []column) bool {
	if columns == nil {
		return c.matchNames(header)
	}
	ok := true
	for _, want := range columns {
		index := slices.Index(header, want.header)
		switch {
		case index < 0:
			hint := "the first line of a CSV names its columns"
			if other := otherSeparator(header); other != "" {
				hint = other
			} else if near := nearest(want.header, header); near != "" {
				hint = didYouMean(near)
			}
			c.fault(1, 1, "no column "+quote(want.header)+", which the job names for "+want.field, hint)
			ok = false
		case slices.Contains(header[index+1:], want.header):
			c.fault(1, 1, "column "+quote(want.header)+" is there twice", "")
			ok = false
		default:
			c.fields = append(c.fields, csvField{want.field, index})
		}
	}
	return ok
}

func (c *csvRows) matchNames(header []string) bool {
	if !slices.Contains(header, "username") {
		hint := "the first line names the columns: username, action, password, clientMetadata.KEY; or map others to these with columns"
		if other := otherSeparator(header); other != "" {
			hint = other
		}
		c.fault(1, 1, `no column "username"`, hint)
		return false
	}
	ok := true
	for i, name := range header {
		line, column := c.place(header, i)
		switch {
		case !isRowField(name):
			hint := "to read some columns only, name them with columns"
			if near := nearest(name, []string{"username", "action", "password"}); near != "" {
				hint = didYouMean(near)
			}
			c.fault(line, column, "unknown column "+quote(name), hint)
			ok = false
		case slices.Contains(header[:i], name):
			c.fault(line, column, "column "+quote(name)+" is there twice", "")
			ok = false
		default:
			c.fields = append(c.fields, csvField{strings.Clone(name), i})
		}
	}
	return ok
}

// otherSeparator returns a hint where the header's one column looks like
// several that something other than a comma separates: spreadsheets write
// semicolons where the comma is the decimal mark.
func otherSeparator(header []string) string {
	switch {
	case len(header) > 1:
	case strings.Contains(header[0], ";"), strings.HasPrefix(header[0], "sep="):
		return "this looks separated by semicolons: save it with commas"
	case strings.Contains(header[0], "\t"):
		return "this looks separated by tabs: save it with commas"
	}
	return ""
}

func (c *csvRows) passwordColumn() int {
	for _, f := range c.fields {
		if f.name == "password" {
			return f.index
		}
	}
	return -1
}

func (c *csvRows) next() (entry, bool, error) {
	c.in.nextRow()
	e := entry{offset: c.in.bom + c.r.InputOffset()}
	record, err := c.r.Read()
	if err != nil {
		return e, false, c.readFault(err, e.offset)
	}
	c.ended(record)
	if len(record) != c.header {
		line, _ := c.r.FieldPos(0)
		c.fault(line, 1, plural(len(record), "field")+" in this row, and "+plural(c.header, "column")+" in the header", "")
		return e, false, nil
	}
	ok := true
	for _, f := range c.fields {
		p := c.set(&e, f.name, record[f.index])
		if f.name == "username" {
			e.place.File = c.file
			e.place.Line, e.place.Column = c.place(record, f.index)
		}
		if p.found() {
			line, column := c.place(record, f.index)
			fault := Fault{Place: Place{c.file, line, column}, Message: p.message, Hint: p.hint}
			if f.name != "action" { // what stands there may belong elsewhere
				fault.Snippet = c.snippet(e.offset, column)
			}
			c.report(fault)
			ok = false
		}
	}
	e.showable = c.safe
	return e, ok, nil
}

// set gives an entry the value of a field. An empty one says nothing, but of
// a username.
func (c *csvRows) set(e *entry, field, value string) problem {
	switch {
	case field == "username":
		e.username = strings.Clone(value) // the record it is part of holds the password too
		return checkUsername(e.username)
	case value == "":
		return problem{}
	case field == "password":
		e.password.ref.Kind = RowPassword
		return checkPassword(value)
	case field == "action":
		action, p := checkAction(value)
		e.action = action
		return p
	}
	key := strings.TrimPrefix(field, metadataPrefix)
	if e.metadata == nil {
		e.metadata = map[string]string{}
	}
	e.metadata[key] = strings.Clone(value)
	return checkMetadata(key, value)
}

// place returns the line and the column, in characters, of a field of the
// record that was read last.
func (c *csvRows) place(record []string, index int) (line, column int) {
	line, column = c.r.FieldPos(index)
	for i := index - 1; i >= 0; i-- {
		text := record[i]
		end := strings.LastIndexByte(text, '\n')
		text = text[end+1:]
		column -= len(text) - utf8.RuneCountInString(text)
		if end >= 0 {
			break
		}
	}
	return line, column
}

func (c *csvRows) fault(line, column int, message, hint string) {
	c.report(Fault{Place: Place{c.file, line, column}, Message: message, Hint: hint})
}

// readFault reports why the CSV could not be read, and returns nil where
// reading may go on.
func (c *csvRows) readFault(err error, offset int64) error {
	var syntax *csv.ParseError
	switch {
	case err == io.EOF:
	case errors.As(err, &syntax) && errors.Is(err, csv.ErrBareQuote):
		c.fault(syntax.Line, c.column(syntax, offset), "a quote in a field that is not quoted", `write the field as "say ""hi"""`)
		return nil
	case errors.As(err, &syntax):
		c.fault(syntax.StartLine, 1, "a quoted field that does not end, or goes on after its end", `inside quotes, write a quote as ""`)
		return nil
	case errors.Is(err, errRowTooLong):
		c.fault(c.line+1, 1, errRowTooLong.Error(), "is a quote missing, or is this not a CSV?")
	default:
		c.fault(0, 0, "cannot read it: "+reasonOf(err), "")
	}
	return err
}

// ended notes the line on which a record ended.
func (c *csvRows) ended(record []string) {
	last := len(record) - 1
	line, _ := c.r.FieldPos(last)
	c.line = line + strings.Count(record[last], "\n")
}

// column turns the column of a syntax error, in bytes, into characters.
func (c *csvRows) column(e *csv.ParseError, offset int64) int {
	row := strings.TrimLeft(c.raw(offset), "\r\n")
	for range e.Line - e.StartLine {
		_, row, _ = strings.Cut(row, "\n")
	}
	return utf8.RuneCountInString(row[:min(max(e.Column-1, 0), len(row))]) + 1
}

// raw returns the text from an offset to the end of the row read last.
func (c *csvRows) raw(offset int64) string {
	return string(c.in.bytes(offset, c.in.bom+c.r.InputOffset()))
}

// snippet shows the row at an offset, where that is safe.
func (c *csvRows) snippet(offset int64, column int) string {
	if !c.safe {
		return ""
	}
	return rowSnippet(c.raw(offset), column)
}
