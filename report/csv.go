package report

import (
	"bufio"
	"strconv"
	"strings"

	"cogpass/runner"
)

// writeCSV writes RFC 4180, in which a row ends in a line feed. By its header,
// which begins with jobs.ReportColumns, a job knows it again as a list of users.
func writeCSV(out *bufio.Writer, _ Run, results Results) error {
	for i, c := range columns {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString(c.name)
	}
	out.WriteByte('\n')
	return writeRows(out, results, appendCSVRow)
}

func appendCSVRow(b []byte, r *runner.Result) []byte {
	for i, c := range columns {
		if i > 0 {
			b = append(b, ',')
		}
		switch cell := c.cell(r); cell.kind {
		case textCell:
			b = appendCSVField(b, cell.text)
		case numberCell:
			b = strconv.AppendInt(b, cell.number, 10)
		case timeCell:
			b = cell.time.AppendFormat(b, timeForm)
		}
	}
	return append(b, '\n')
}

// CSVText is a text as fields of reports have it, before its quotes: safe for a
// spreadsheet and for a terminal, see appendCSVField.
func CSVText(s string) string {
	s = Visible(s)
	if mayBeFormula(s) {
		return "'" + s
	}
	return s
}

// appendCSVField appends a field that no spreadsheet runs as a formula: one
// that might be begins with an apostrophe, which the spreadsheet takes for
// "this is text". So does one that began with an apostrophe itself: who takes
// one apostrophe off the front of each field has what was there before. What
// does not print, which no username can have, is written as Visible does, so
// that a row is one line.
func appendCSVField(b []byte, s string) []byte {
	s = Visible(s)
	guard := mayBeFormula(s)
	if !strings.ContainsAny(s, "\",;") && strings.TrimSpace(s) == s {
		if guard {
			b = append(b, '\'')
		}
		return append(b, s...)
	}
	b = append(b, '"')
	if guard {
		b = append(b, '\'')
	}
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			return append(append(b, s...), '"')
		}
		b = append(append(b, s[:i+1]...), '"')
		s = s[i+1:]
	}
}

// mayBeFormula tells what a spreadsheet might run, by OWASP's list for CSV
// injection: a field that begins with = + - or @, also in full width. Spaces
// and quotes before it do not count, for some spreadsheets take them off
// first. The list's tab and line ends do not print, and so cannot be here.
func mayBeFormula(s string) bool {
	if strings.HasPrefix(s, "'") {
		return true
	}
	for _, c := range s {
		switch c {
		case '=', '+', '-', '@', '＝', '＋', '－', '＠':
			return true
		case ' ', '"', '\'', '`', '‘', '’', '“', '”':
		default:
			return false
		}
	}
	return false
}
