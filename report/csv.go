package report

import (
	"strconv"
	"strings"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

const csvHeader = jobs.ReportColumns + ",attempts,throttled,code,reason,request_id," +
	"started_at,finished_at,duration_ms,status_before,sign_out,expires_at,source\n"

// appendCSVRow appends a result as a row of RFC 4180 that ends in a line feed.
func appendCSVRow(b []byte, r *runner.Result) []byte {
	b = append(strconv.AppendInt(b, r.Seq, 10), ',')
	b = append(appendCSVField(b, r.Username), ',')
	b = append(appendCSVField(b, r.Sub), ',')
	b = append(append(b, r.Action.String()...), ',')
	b = append(append(b, r.Outcome.String()...), ',')
	b = append(strconv.AppendInt(b, int64(r.Attempts), 10), ',')
	b = append(strconv.AppendInt(b, int64(r.Throttled), 10), ',')
	b = append(appendCSVField(b, r.Code), ',')
	b = append(appendCSVField(b, r.Reason), ',')
	b = append(appendCSVField(b, r.RequestID), ',')
	b = append(appendCSVTime(b, r.StartedAt), ',')
	b = append(appendCSVTime(b, r.FinishedAt), ',')
	if ms, ok := took(r); ok {
		b = strconv.AppendInt(b, ms, 10)
	}
	b = append(b, ',')
	b = append(appendCSVField(b, string(r.StatusBefore)), ",,,"...) // sign_out and expires_at are not known yet
	return append(appendCSVField(b, r.Source), '\n')
}

func appendCSVTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	return t.UTC().AppendFormat(b, timeForm)
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
