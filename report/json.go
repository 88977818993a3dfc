package report

import (
	"bufio"
	"math"
	"strconv"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"cogpass/runner"
)

// writeJSON writes one object. Its results stand on a line each, so that it
// can be searched and compared with tools that know lines only.
func writeJSON(out *bufio.Writer, run Run, results Results) error {
	summary, err := Summarize(results)
	if err != nil {
		return err
	}
	head := appendJSONRun([]byte("{\n\"run\": "), &run)
	head = appendJSONSummary(append(head, ",\n\"summary\": "...), &summary, run.AskedRate)
	out.Write(append(head, ",\n\"results\": ["...))

	separator := "\n"
	err = writeRows(out, results, func(row []byte, r *runner.Result) []byte {
		row = append(row, separator...)
		separator = ",\n"
		return appendJSONRow(row, r)
	})
	if err != nil {
		return err
	}
	_, err = out.WriteString("\n]\n}\n")
	return err
}

func writeJSONL(out *bufio.Writer, _ Run, results Results) error {
	return writeRows(out, results, func(b []byte, r *runner.Result) []byte { return append(appendJSONRow(b, r), '\n') })
}

// appendJSONRow appends a result as an object that has every key, null where
// the value is not known.
func appendJSONRow(b []byte, r *runner.Result) []byte { return appendJSONColumns(b, columns[:], r) }

func appendJSONColumns(b []byte, columns []column, r *runner.Result) []byte {
	for i, c := range columns {
		separator := byte(',')
		if i == 0 {
			separator = '{'
		}
		b = append(append(append(b, separator, '"'), c.name...), '"', ':')
		switch cell := c.cell(r); cell.kind {
		case textCell:
			b = appendJSONString(b, cell.text)
		case numberCell:
			b = strconv.AppendInt(b, cell.number, 10)
		case timeCell:
			b = appendJSONTime(b, cell.time)
		default:
			b = append(b, "null"...)
		}
	}
	return append(b, '}')
}

// AppendRun appends what a report in JSON has as its "run".
func AppendRun(b []byte, run *Run) []byte { return appendJSONRun(b, run) }

// AppendSummary appends what a report in JSON has as its "summary". asked is the rate
// that was asked for, in requests a second.
func AppendSummary(b []byte, s *Summary, asked float64) []byte { return appendJSONSummary(b, s, asked) }

func appendJSONRun(b []byte, run *Run) []byte {
	text := func(key, value string) {
		b = append(append(append(b, "\n  \""...), key...), "\": "...)
		b = append(appendJSONKnown(b, value), ',')
	}
	at := func(key string, t time.Time) {
		b = append(append(append(b, "\n  \""...), key...), "\": "...)
		b = append(appendJSONTime(b, t), ',')
	}
	b = append(b, '{')
	text("name", run.Name)
	text("user_pool_id", run.UserPoolID)
	text("pool_name", run.PoolName)
	text("region", run.Region)
	text("account", run.Account)
	text("actor", run.Actor)
	text("job_digest", run.JobDigest)
	text("plan_digest", run.PlanDigest)
	text("tool_version", run.ToolVersion)
	at("created_at", run.CreatedAt)
	at("started_at", run.StartedAt)
	at("finished_at", run.FinishedAt)
	text("state", run.State)
	text("stop_reason", run.StopReason)
	b = strconv.AppendInt(append(b, "\n  \"tasks\": "...), run.Tasks, 10)
	return append(b, "\n}"...)
}

func appendJSONSummary(b []byte, s *Summary, asked float64) []byte {
	b = strconv.AppendInt(append(b, "{\n  \"tasks\": "...), s.Tasks, 10)
	b = appendJSONCounts(append(b, ",\n  \"outcomes\": "...), s.outcomeCounts())
	b = appendJSONCounts(append(b, ",\n  \"actions\": "...), s.actionCounts())
	b = appendJSONCounts(append(b, ",\n  \"codes\": "...), s.codeCounts())
	b = appendJSONBeside(append(b, ",\n  \"beside\": "...), s)
	b = strconv.AppendInt(append(b, ",\n  \"requests\": "...), s.Requests, 10)
	b = strconv.AppendInt(append(b, ",\n  \"throttled\": "...), s.Throttled, 10)
	b = appendJSONFigure(append(b, ",\n  \"asked_rate\": "...), asked)
	b = appendJSONFigure(append(b, ",\n  \"actual_rate\": "...), s.Rate())
	b = append(b, ",\n  \"latency_ms\": {"...)
	for i, q := range quantiles {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(appendJSONString(b, q.name), ": "...)
		b = appendJSONFigure(b, s.Latency(q.q).Seconds()*1000)
	}
	return append(b, "}\n}"...)
}

func appendJSONCounts(b []byte, counts []count) []byte {
	b = append(b, '{')
	for i, c := range counts {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = strconv.AppendInt(append(appendJSONString(b, c.name), ": "...), c.n, 10)
	}
	return append(b, '}')
}

// appendJSONFigure appends a figure that is more than 0, to three places, or
// null where it is not known or without bound.
func appendJSONFigure(b []byte, x float64) []byte {
	if !(x > 0) || math.IsInf(x, 1) {
		return append(b, "null"...)
	}
	return strconv.AppendFloat(b, math.Round(x*1000)/1000, 'f', -1, 64)
}

func appendJSONTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, "null"...)
	}
	return append(t.UTC().AppendFormat(append(b, '"'), timeForm), '"')
}

func appendJSONKnown(b []byte, s string) []byte {
	if s == "" {
		return append(b, "null"...)
	}
	return appendJSONString(b, s)
}

// EscapeJSON escapes in JSON every character that does not print, as reports
// have it.
func EscapeJSON(text []byte) (b []byte) {
	for len(text) > 0 {
		c, size := utf8.DecodeRune(text)
		if c < utf8.RuneSelf || unicode.IsPrint(c) && size > 1 {
			b = append(b, text[:size]...)
		} else {
			b = appendJSONEscape(b, c)
		}
		text = text[size:]
	}
	return b
}

const hexDigits = "0123456789abcdef"

// appendJSONString appends s as a JSON string in which every character that
// does not print is escaped, so that a terminal may show it. What is not UTF-8
// becomes U+FFFD.
func appendJSONString(b []byte, s string) []byte {
	b = append(b, '"')
	done := 0
	for i := 0; i < len(s); {
		c, size := rune(s[i]), 1
		if c >= ' ' && c < 0x7f && c != '"' && c != '\\' {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			c, size = utf8.DecodeRuneInString(s[i:])
			if unicode.IsPrint(c) && size > 1 {
				i += size
				continue
			}
		}
		b = appendJSONEscape(append(b, s[done:i]...), c)
		i += size
		done = i
	}
	return append(append(b, s[done:]...), '"')
}

func appendJSONEscape(b []byte, c rune) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', byte(c))
	case '\n':
		return append(b, '\\', 'n')
	case '\t':
		return append(b, '\\', 't')
	}
	if high, low := utf16.EncodeRune(c); high != unicode.ReplacementChar {
		return appendJSONEscape(appendJSONEscape(b, high), low)
	}
	return append(b, '\\', 'u', hexDigits[c>>12&15], hexDigits[c>>8&15], hexDigits[c>>4&15], hexDigits[c&15])
}
