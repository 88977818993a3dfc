package jobs

import (
	"bufio"
	"bytes"
	"io"
	"unicode/utf8"
)

// jsonlRows reads the rows of a JSONL source: one user entry a line, or the
// input of an AWS CLI command.
type jsonlRows struct {
	in     *input
	lines  lineReader
	poolID string
	keyAt  map[string]int // of the row read last
}

func newJSONLRows(in *input, _ []Column, poolID string) (rowReader, bool) {
	return &jsonlRows{in: in, lines: lineReader{in: in}, poolID: poolID, keyAt: map[string]int{}}, true
}

func (j *jsonlRows) next(e *entry) (bool, error) {
	for {
		text, err := j.lines.next()
		switch {
		case err == io.EOF:
			return false, err
		case err != nil:
			j.in.report(j.in.fault(err, j.lines.line+1, "is this JSON Lines, one object a line?"))
			return false, err
		}
		if len(bytes.TrimSpace(text)) > 0 {
			return j.parse(text, e), nil
		}
	}
}

func (j *jsonlRows) parse(text []byte, e *entry) bool {
	*e = entry{place: Place{j.in.path, j.lines.line, 1}}
	clear(j.keyAt)
	row := jsonRow{jsonScanner: jsonScanner{text: text}, poolID: j.poolID, entry: e, keyAt: j.keyAt}
	if !utf8.Valid(text) {
		at := badByte(text)
		row.fault(at, whatIsBad(text, at), "save the file as UTF-8")
	} else {
		row.parse()
	}
	for _, f := range row.faults {
		f.File, f.Line = j.in.path, j.lines.line
		j.in.report(f)
	}
	return len(row.faults) == 0
}

func (j *jsonlRows) Close() error { return nil }

// lineReader reads lines, of bounded length.
type lineReader struct {
	in   *input
	long []byte // a line that is longer than the buffer
	line int    // number of the line read last
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
		return bytes.TrimSuffix(text, []byte("\n")), nil
	}
}

// columnOf returns the column, in characters, of a byte of a line.
func columnOf(line []byte, at int) int {
	return utf8.RuneCount(line[:min(max(at, 0), len(line))]) + 1
}
