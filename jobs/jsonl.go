package jobs

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"unicode/utf8"
)

// jsonlRows reads the rows of a JSONL source: one user entry a line, or the
// input of an AWS CLI command.
type jsonlRows struct {
	lines  lineReader
	file   string
	poolID string
	report reporter
	text   []byte         // the row read last
	keyAt  map[string]int // of that row
}

func newJSONLRows(in *input, file, poolID string, report reporter) *jsonlRows {
	in.skipBOM()
	return &jsonlRows{lines: lineReader{in: in, at: in.bom}, file: file, poolID: poolID, report: report, keyAt: map[string]int{}}
}

func (j *jsonlRows) next() (entry, bool, error) {
	for {
		text, err := j.lines.next()
		switch {
		case err == io.EOF && j.lines.line == 0:
			j.fault(1, "the JSONL is empty", "")
			return entry{}, false, err
		case err == io.EOF:
			return entry{}, false, err
		case errors.Is(err, errRowTooLong):
			j.lines.line++
			j.fault(1, errRowTooLong.Error(), "is this JSON Lines, one object a line?")
			return entry{}, false, err
		case err != nil:
			j.report(Fault{Place: Place{File: j.file}, Message: "cannot read it: " + reasonOf(err)})
			return entry{}, false, err
		}
		if len(bytes.TrimSpace(text)) > 0 {
			e, ok := j.parse(text)
			return e, ok, nil
		}
	}
}

// parse reads a line. Its faults are reported when all of it is read: only
// then is it known whether a snippet may show it.
func (j *jsonlRows) parse(text []byte) (entry, bool) {
	j.text = text
	clear(j.keyAt)
	row := jsonRow{jsonScanner: jsonScanner{text: text}, poolID: j.poolID, showable: true, keyAt: j.keyAt}
	row.entry.offset = j.lines.began
	row.entry.place = Place{j.file, j.lines.line, 1}
	if at := badByte(text); at >= 0 {
		row.showable = false
		row.fault(at, "this is not UTF-8 text", "save the file as UTF-8")
	} else {
		row.parse()
	}
	for _, f := range row.faults {
		f.File, f.Line = j.file, j.lines.line
		if row.showable {
			f.Snippet = rowSnippet(string(text), f.Column)
		}
		j.report(f)
	}
	row.entry.showable = row.showable
	return row.entry, len(row.faults) == 0
}

func (j *jsonlRows) snippet(_ int64, column int) string { return rowSnippet(string(j.text), column) }

func (j *jsonlRows) fault(column int, message, hint string) {
	j.report(Fault{Place: Place{j.file, max(j.lines.line, 1), column}, Message: message, Hint: hint})
}

// lineReader reads lines, of bounded length.
type lineReader struct {
	in    *input
	long  []byte // a line that is longer than the buffer
	line  int    // number of the line read last
	began int64  // where it began
	at    int64  // where the next begins
}

// next returns a line without its end. It is valid until the call after.
func (l *lineReader) next() ([]byte, error) {
	l.in.nextRow()
	l.long = l.long[:0]
	for {
		part, err := l.in.buf.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			l.long = append(l.long, part...)
			continue
		}
		if err != nil && err != io.EOF {
			return nil, err
		}
		text := part
		if len(l.long) > 0 {
			l.long = append(l.long, part...)
			text = l.long
		}
		if err == io.EOF && len(text) == 0 {
			return nil, err
		}
		l.line++
		l.began, l.at = l.at, l.at+int64(len(text))
		return bytes.TrimRight(text, "\r\n"), nil
	}
}

// columnOf returns the column, in characters, of a byte of a line.
func columnOf(line []byte, at int) int {
	return utf8.RuneCount(line[:min(max(at, 0), len(line))]) + 1
}
