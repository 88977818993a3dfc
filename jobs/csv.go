package jobs

import (
	"bytes"
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
	fields []csvField
	header int    // how many columns there are
	line   int    // on which the last field of the row read last begins
	last   string // that field
	first  string // the beginning of the header, as it is
	guards bool   // it is a report: a leading apostrophe is a guard
	warned bool
}

// csvField is a field of a user and the column it stands in.
type csvField struct {
	name  string
	index int
}

// ReportColumns is how the header of a CSV report begins. Such reports put an
// apostrophe in front of a field that a spreadsheet might run as a formula, and
// of one that begins with an apostrophe. A list with this header is read as a
// report: one leading apostrophe is removed from each field.
const ReportColumns = "seq,username,sub,action,outcome"

// newCSVRows reads the header of a list of users. It returns false if the header is
// at fault, so that the rows cannot be read.
func newCSVRows(in *input, columns []Column, _ string) (rowReader, bool) {
	c, header := openCSV(in)
	if header == nil {
		return nil, false
	}
	c.guards = strings.HasPrefix(strings.Join(header, ","), ReportColumns+",")
	if columns == nil && c.guards {
		c.fault(1, 1, "this is a report, and the job does not say which column to read", "add columns: {username: username}")
		return nil, false
	}
	if columns == nil {
		return c, c.matchNames(header)
	}
	return c, c.match(header, columns)
}

// openCSV reads the header of a CSV, which is nil where it is at fault.
func openCSV(in *input) (*csvRows, []string) {
	c := &csvRows{in: in, r: csv.NewReader(in.buf)}
	head, _ := in.buf.Peek(window / 16)
	first, _, _ := bytes.Cut(head, []byte("\n"))
	c.first = string(first)
	c.r.FieldsPerRecord = -1
	c.r.ReuseRecord = true
	header, err := c.r.Read()
	switch {
	case err == io.EOF:
		c.fault(1, 1, "the CSV is empty", "its first line names the columns")
		return c, nil
	case err != nil:
		c.readFault(err)
		return c, nil
	}
	if i := slices.IndexFunc(header, func(s string) bool { return !utf8.ValidString(s) }); i >= 0 {
		line, column := c.place(header, i)
		c.fault(line, column, "this is not UTF-8 text", "save the file as UTF-8")
		return c, nil
	}
	c.header = len(header)
	c.ended(header)
	return c, header
}

// record reads the next record, until the error is io.EOF; ok is false where it is
// at fault.
func (c *csvRows) record() (record []string, ok bool, err error) {
	c.in.nextRow()
	if record, err = c.r.Read(); err != nil {
		return nil, false, c.readFault(err)
	}
	c.ended(record)
	if len(record) == c.header {
		return record, true, nil
	}
	line, _ := c.r.FieldPos(0)
	hint := ""
	if len(record) > c.header {
		hint = "put quotes around a field that holds a comma"
	}
	c.fault(line, 1, plural(len(record), "field")+" in this row, and "+plural(c.header, "column")+" in the header", hint)
	return nil, false, nil
}

func (c *csvRows) next(e *entry) (bool, error) {
	*e = entry{}
	record, ok, err := c.record()
	if !ok {
		return false, err
	}
	for _, f := range c.fields {
		value := record[f.index]
		if c.guards {
			value = strings.TrimPrefix(value, "'")
		}
		p := c.set(e, f.name, value)
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
	c.warnOfGuard(e)
	return ok, nil
}

// warnOfGuard warns once of a name with an apostrophe that looks like a
// spreadsheet's guard: it may come from a report whose columns were changed.
func (c *csvRows) warnOfGuard(e *entry) {
	if c.warned || c.guards || len(e.username) < 2 || e.username[0] != '\'' || !strings.ContainsRune("=+-@'", rune(e.username[1])) {
		return
	}
	c.warned = true
	c.in.warn(Fault{Place: e.place, Message: "this username begins with an apostrophe, which is taken as a part of it",
		Hint: "take it off if it is there for a spreadsheet only"})
}

// set stores the value of a field in an entry. An empty value means "not given",
// except for a username, where it is a fault.
func (c *csvRows) set(e *entry, field, value string) problem {
	switch {
	case field == "username":
		e.username = value
		return checkUsername(value)
	case value == "":
		return problem{}
	case field == "password":
		e.password.ref.Kind = RowPassword
		e.password.row = NewSecret(value)
		return checkPassword(value)
	case field == "action":
		action, p := checkAction(value)
		e.action = action
		return p
	case field == "signOut":
		said, p := checkChoice(field, value)
		e.signOut = said
		return p
	case strings.HasPrefix(field, attributePrefix):
		name := strings.TrimPrefix(field, attributePrefix)
		if e.attributes == nil {
			e.attributes = map[string]string{}
		}
		e.attributes[name] = strings.Clone(value)
		return checkAttribute(name, value)
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
	c.in.report(Fault{Place: Place{c.in.path, line, column}, Message: message, Hint: hint})
}

// readFault reports why a row could not be read. It returns nil if reading can
// go on with the next.
func (c *csvRows) readFault(err error) error {
	var syntax *csv.ParseError
	switch {
	case err == io.EOF:
	case errors.As(err, &syntax) && errors.Is(err, csv.ErrBareQuote):
		c.fault(syntax.Line, 0, "a quote in a field that is not quoted", `write the field as "say ""hi"""`)
		return nil
	case errors.As(err, &syntax):
		hint := `inside quotes, write a quote as ""`
		if other := c.otherSeparator(); other != "" && syntax.StartLine == 1 {
			hint = other
		}
		c.fault(syntax.StartLine, 1, "a quoted field that does not end, or goes on after its end", hint)
		return nil
	default:
		c.in.report(c.in.fault(err, c.line+strings.Count(c.last, "\n")+1, "is a quote missing, or is this not a CSV?"))
	}
	return err
}

// ended notes where a record ended.
func (c *csvRows) ended(record []string) {
	last := len(record) - 1
	c.line, _ = c.r.FieldPos(last)
	c.last = record[last]
}

func (c *csvRows) Close() error { return nil }
