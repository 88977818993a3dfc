package jobs

import (
	"fmt"
	"slices"
	"strings"
)

// match finds the columns that a job maps to fields. It shows nothing of the
// header, which may be a row of a file that has none.
func (c *csvRows) match(header []string, columns []Column) bool {
	ok := true
	for _, want := range columns {
		index := slices.Index(header, want.Header)
		switch {
		case index < 0:
			hint := "the first line of a CSV names its columns"
			if slices.ContainsFunc(header, func(s string) bool { return strings.EqualFold(strings.TrimSpace(s), strings.TrimSpace(want.Header)) }) {
				hint = "a column differs in case, or in blanks around it, only: write it in the job as it stands there"
			}
			if other := c.otherSeparator(); other != "" {
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

// fieldName returns the name of a field for messages, without what the job
// itself names.
func fieldName(field string) string {
	switch {
	case strings.HasPrefix(field, metadataPrefix):
		return "a key of clientMetadata"
	case strings.HasPrefix(field, attributePrefix):
		return "an attribute"
	}
	return field
}

func (c *csvRows) matchNames(header []string) bool {
	if !slices.Contains(header, "username") {
		c.fault(1, 1, `no column "username"`, c.headerHint(header))
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

// headerHint says what to do about a header without a username.
func (c *csvRows) headerHint(header []string) string {
	if other := c.otherSeparator(); other != "" {
		return other
	}
	for _, name := range header {
		if nearest(strings.TrimSpace(name), []string{"username"}) != "" {
			return "did you mean the column " + quote(name) + "? write it as username, or map it with columns"
		}
	}
	return "the first line names the columns: username, action, password, signOut, clientMetadata.KEY, attributes.NAME; or map others to these with columns"
}

// otherSeparator returns a hint where something other than a comma separates
// the columns of the header: spreadsheets write semicolons where the comma is the
// decimal mark.
func (c *csvRows) otherSeparator() string {
	switch {
	case strings.HasPrefix(c.first, "sep="):
		return "this is for a spreadsheet: take out the line that begins with sep=, and save it with commas"
	case strings.Contains(c.first, ","):
	case strings.Contains(c.first, ";"):
		return "this looks separated by semicolons: save it with commas"
	case strings.Contains(c.first, "\t"):
		return "this looks separated by tabs: save it with commas"
	}
	return ""
}
