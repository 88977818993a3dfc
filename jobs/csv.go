package jobs

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// csvRows reads the rows of a CSV.
type csvRows struct {
	in     *input
	r      *csv.Reader
	report reporter
	fields []csvField
	header int // how many columns there are
	line   int // on which the last row ended
}

// csvField is a field of a user and the column it stands in.
type csvField struct {
	name  string
	index int
}

// newCSVRows reads the header. It returns false where the rows cannot be
// read for what it holds.
func newCSVRows(in *input, columns []Column, _ string, report reporter) (rowReader, bool) {
	c := &csvRows{in: in, r: csv.NewReader(in.buf), report: report}
	c.r.FieldsPerRecord = -1
	c.r.ReuseRecord = true
	header, err := c.r.Read()
	switch {
	case err == io.EOF:
		c.fault(1, 1, "the CSV is empty", "its first line names the columns")
		return nil, false
	case err != nil:
		c.readFault(err)
		return nil, false
	}
	if i := slices.IndexFunc(header, func(s string) bool { return !utf8.ValidString(s) }); i >= 0 {
		line, column := c.place(header, i)
		c.fault(line, column, "this is not UTF-8 text", "save the file as UTF-8")
		return nil, false
	}
	c.header = len(header)
	c.ended(header)
	if columns == nil {
		return c, c.matchNames(header)
	}
	return c, c.match(header, columns)
}

// match finds the columns that a job maps to fields. Nothing of the header is
// shown: a file without one begins with a row.
func (c *csvRows) match(header []string, columns []Column) bool {
	ok := true
	for _, want := range columns {
		index := slices.Index(header, want.Header)
		switch {
		case index < 0:
			hint := "the first line of a CSV names its columns"
			if other := otherSeparator(header); other != "" {
				hint = other
			}
			c.fault(1, 1, "no column has the name that the job gives for "+fieldName(want.Field), hint)
			ok = false
		case slices.Contains(header[index+1:], want.Header):
			c.fault(1, 1, "the column for "+fieldName(want.Field)+" is there twice", "")
			ok = false
		default:
			c.fields = append(c.fields, csvField{want.Field, index})
		}
	}
	return ok
}

// fieldName is a field of a row as messages name it.
func fieldName(field string) string {
	if strings.HasPrefix(field, metadataPrefix) {
		return "a key of clientMetadata"
	}
	return field
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
			message, hint := unknown("column", name, rowFields)
			if hint == "" {
				hint = "to read some columns only, name them with columns"
			}
			c.fault(line, column, fmt.Sprintf("%s (number %d)", message, i+1), hint)
			ok = false
		case slices.Contains(header[:i], name):
			c.fault(line, column, "the column for "+fieldName(name)+" is there twice", "")
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

func (c *csvRows) next() (entry, bool, error) {
	c.in.nextRow()
	record, err := c.r.Read()
	if err != nil {
		return entry{}, false, c.readFault(err)
	}
	c.ended(record)
	if len(record) != c.header {
		line, _ := c.r.FieldPos(0)
		c.fault(line, 1, plural(len(record), "field")+" in this row, and "+plural(c.header, "column")+" in the header", "")
		return entry{}, false, nil
	}
	var e entry
	ok := true
	for _, f := range c.fields {
		p := c.set(&e, f.name, record[f.index])
		if f.name == "username" {
			e.place.File = c.in.path
			e.place.Line, e.place.Column = c.place(record, f.index)
		}
		if p.found() {
			line, column := c.place(record, f.index)
			c.fault(line, column, p.message, p.hint)
			ok = false
		}
	}
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
		e.password.row = NewSecret(strings.Clone(value))
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
	c.report(Fault{Place: Place{c.in.path, line, column}, Message: message, Hint: hint})
}

// readFault reports why the CSV could not be read, and returns nil where
// reading may go on.
func (c *csvRows) readFault(err error) error {
	var syntax *csv.ParseError
	switch {
	case err == io.EOF:
	case errors.As(err, &syntax) && errors.Is(err, csv.ErrBareQuote):
		c.fault(syntax.Line, 0, "a quote in a field that is not quoted", `write the field as "say ""hi"""`)
		return nil
	case errors.As(err, &syntax):
		c.fault(syntax.StartLine, 1, "a quoted field that does not end, or goes on after its end", `inside quotes, write a quote as ""`)
		return nil
	default:
		c.report(c.in.fault(err, c.line+1, "is a quote missing, or is this not a CSV?"))
	}
	return err
}

// ended notes the line on which a record ended.
func (c *csvRows) ended(record []string) {
	last := len(record) - 1
	line, _ := c.r.FieldPos(last)
	c.line = line + strings.Count(record[last], "\n")
}

func (c *csvRows) Close() error { return nil }
