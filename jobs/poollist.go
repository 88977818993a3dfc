package jobs

import (
	"fmt"
	"slices"
	"strings"
)

// PoolRow is a row of a list of pools: what a job is carried out with there.
type PoolRow struct {
	UserPoolID string
	Profile    string // in place of the job's; empty: the job's
	RoleARN    string // likewise
	Rate       Rate   // likewise; 0: the job's
	Place      Place
}

// poolColumns are the columns of such a list; the first is required.
var poolColumns = []string{"userPoolId", "profile", "roleArn", "rate"}

// set reads a field of the row.
func (r *PoolRow) set(column, text string) problem {
	switch column {
	case "userPoolId":
		r.UserPoolID = text
		return checkPoolID(text)
	case "profile":
		r.Profile = text
		return checkProfile(text)
	case "roleArn":
		r.RoleARN = text
		return checkRoleARN(text)
	}
	rate, err := ParseRate(text)
	if r.Rate = rate; err != nil {
		return problem{message: err.Error()}
	}
	return problem{}
}

// ReadPoolList reads a list of pools: a CSV whose header names userPoolId and, where
// wanted, profile, roleArn and rate. An empty field says nothing. Its error is a
// *Faults with all that is wrong.
func ReadPoolList(path string) ([]PoolRow, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, unusable(path, "cannot read the list of pools: "+reasonOf(err), hintOf(err))
	}
	defer f.Close()
	var faults Faults
	in := newInput(path, f, nil)
	in.report, in.warn = faults.Add, faults.Add
	c, header := openCSV(in)
	if header == nil || !c.poolHeader(header) {
		return nil, faults.OrNil()
	}
	columns := slices.Clone(header) // the reader uses it again
	var rows []PoolRow
	first := map[string]int{} // the line on which a pool is named
	some := false
	for {
		record, ok, err := c.record()
		if err != nil {
			break // io.EOF, or what was reported
		}
		some = true
		if !ok {
			continue
		}
		row := c.poolRow(columns, record)
		if line := first[row.UserPoolID]; line > 0 {
			c.fault(row.Place.Line, row.Place.Column, fmt.Sprintf("this pool is there twice; the first is on line %d", line), "")
		} else if row.UserPoolID != "" {
			first[row.UserPoolID] = row.Place.Line
		}
		rows = append(rows, row)
	}
	if !some && faults.Len() == 0 {
		return nil, unusable(path, "this list names no pool", "was it written to its end?")
	}
	if err := faults.OrNil(); err != nil {
		return nil, err
	}
	return rows, nil
}

// poolHeader reports whether a header is that of a list of pools.
func (c *csvRows) poolHeader(header []string) bool {
	names, ok := poolColumns, true
	if !slices.Contains(header, names[0]) {
		hint := "the first line names the columns: " + strings.Join(names, ", ") + "; the first of these is required"
		if other := c.otherSeparator(); other != "" {
			hint = other
		}
		c.fault(1, 1, `no column "userPoolId"`, hint)
		return false
	}
	for i, name := range header {
		line, column := c.place(header, i)
		switch {
		case !slices.Contains(names, name):
			message, hint := unknown("column", name, names)
			if hint == "" {
				hint = "the columns are " + strings.Join(names, ", ")
			}
			c.fault(line, column, fmt.Sprintf("%s (number %d)", message, i+1), hint)
			ok = false
		case slices.Contains(header[:i], name):
			c.fault(line, column, "the column for "+name+" is there twice", "")
			ok = false
		}
	}
	return ok
}

// poolRow reads a record, as far as it is right.
func (c *csvRows) poolRow(header, record []string) PoolRow {
	row := PoolRow{}
	for i, text := range record {
		line, column := c.place(record, i)
		text = strings.Clone(text)
		if header[i] == poolColumns[0] {
			row.Place = Place{c.in.path, line, column}
		} else if text == "" {
			continue
		}
		if p := row.set(header[i], text); p.found() {
			c.fault(line, column, p.message, p.hint)
		}
	}
	return row
}
