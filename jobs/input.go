package jobs

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"
	"unicode/utf8"
)

// maxRow bounds a row of a source, in bytes: far above what a request may
// hold, far below what would hurt.
const maxRow = 1 << 20

// errRowTooLong ends the reading of a source.
var errRowTooLong = errors.New("row of more than 1 MiB")

// window is how much of a source is read at once.
const window = 64 << 10

// input reads a source row by row. It computes its digest, skips a byte order
// mark, turns all line ends into line feeds, and refuses what is not text. A row
// that is too long is refused before it is in memory.
type input struct {
	path   string
	from   readerAt
	report reporter // takes faults
	warn   reporter // takes warnings
	next   int64    // offset of the next read
	buf    *bufio.Reader
	hash   hash.Hash // nil: no digest is taken
	left   int       // bytes that the row may still take
	lines  lineEnds
	mark   int   // characters of a byte order mark
	failed error // why reading ended: errRowTooLong, *notText or an error of from
}

// readerAt is what a source is: an open file, or standard input in memory.
type readerAt interface {
	io.ReaderAt
	io.Closer
}

// newInput starts to read a source. It computes the digest under salt, unless
// that is nil.
func newInput(path string, from readerAt, salt []byte) *input {
	in := &input{path: path, from: from, left: maxRow, lines: lineEnds{line: 1, column: 1}}
	if salt != nil {
		in.hash = hmac.New(sha256.New, salt)
	}
	in.buf = bufio.NewReaderSize(in, window)
	head, _ := in.buf.Peek(len(byteOrderMark))
	if bytes.Equal(head, byteOrderMark) {
		in.buf.Discard(len(byteOrderMark))
		in.mark = 1
	} else if isUTF16(head) {
		in.failed = &notText{1, 1, "this is UTF-16, not UTF-8", "save the file as UTF-8"}
		in.buf.Reset(in)
	}
	return in
}

var byteOrderMark = []byte("\uFEFF")

// isUTF16 reports whether a text begins with the byte order mark of UTF-16.
func isUTF16(text []byte) bool {
	return bytes.HasPrefix(text, []byte{0xff, 0xfe}) || bytes.HasPrefix(text, []byte{0xfe, 0xff})
}

// nextRow allows the bytes of one more row.
func (in *input) nextRow() { in.left = maxRow + window }

// Read fills the buffer; rows are read from buf.
func (in *input) Read(p []byte) (int, error) {
	for in.failed == nil {
		if in.left <= 0 {
			in.failed = errRowTooLong
			break
		}
		n, err := in.from.ReadAt(p[:min(len(p), in.left)], in.next)
		in.left -= n
		in.next += int64(n)
		if in.hash != nil {
			in.hash.Write(p[:n])
		}
		if n == 0 {
			in.failed = err
			break
		}
		text, bad := in.lines.mend(p[:n])
		if bad != nil {
			in.failed = bad // for the next read: this one returns what is before it
		}
		if len(text) > 0 {
			return len(text), nil
		}
	}
	return 0, in.failed
}

// fault describes why the row that begins on a line could not be read. The hint
// is for a row that is too long.
func (in *input) fault(err error, line int, hint string) Fault {
	var bad *notText
	switch {
	case errors.As(err, &bad) && bad.line == 1:
		return Fault{Place: Place{in.path, 1, bad.column - in.mark}, Message: bad.what, Hint: bad.hint}
	case errors.As(err, &bad):
		return Fault{Place: Place{in.path, bad.line, bad.column}, Message: bad.what, Hint: bad.hint}
	case errors.Is(err, errRowTooLong):
		return Fault{Place: Place{in.path, line, 1}, Message: errRowTooLong.Error(), Hint: hint}
	}
	return Fault{Place: Place{File: in.path}, Message: "cannot read it: " + reasonOf(err)}
}

// notText is the error of a character that no list of users has.
type notText struct {
	line, column int
	what, hint   string
}

func (e *notText) Error() string { return e.what }

// lineEnds turns CR and CR LF into LF, so that readers of lines need to know only
// one end. It refuses control characters and the other line ends of Unicode: a
// reader that took them for part of a field would swallow users.
type lineEnds struct {
	line, column int // of the next character
	cr           bool
	before       [2]byte // the last two bytes
}

// special marks the bytes that need a closer look: control characters other than
// tab and line feed, and the last bytes of NEL, LS and PS.
var special = func() (is [256]bool) {
	for b := range byte(' ') {
		is[b] = b != '\t' && b != '\n'
	}
	is[0x7f], is[0x85], is[0xa8], is[0xa9] = true, true, true, true
	return is
}()

// mend converts text in place. It returns the result, which ends before the first
// character that is refused.
func (l *lineEnds) mend(text []byte) ([]byte, *notText) {
	if l.plain(text) {
		return text, nil
	}
	to := 0
	for _, b := range text {
		before, after := l.before, l.cr
		l.before, l.cr = [2]byte{before[1], b}, b == '\r'
		switch {
		case b == '\n' && after:
			continue
		case l.cr:
			b = '\n'
		case special[b]:
			if bad := l.bad(before, b); bad != nil {
				return text[:to], bad
			}
		}
		text[to] = b
		to++
		switch {
		case b == '\n':
			l.line++
			l.column = 1
		case b&0xc0 != 0x80:
			l.column++
		}
	}
	return text[:to], nil
}

// plain is the fast path: it reports whether text needs no change, and if so
// counts its lines and columns.
func (l *lineEnds) plain(text []byte) bool {
	if l.cr || len(text) < len(l.before) {
		return false
	}
	for _, b := range text {
		if special[b] {
			return false
		}
	}
	if last := bytes.LastIndexByte(text, '\n'); last >= 0 {
		l.line += bytes.Count(text, []byte("\n"))
		l.column = 1 + utf8.RuneCount(text[last+1:])
	} else {
		l.column += utf8.RuneCount(text)
	}
	l.before = [2]byte(text[len(text)-2:])
	return true
}

func (l *lineEnds) bad(before [2]byte, b byte) *notText {
	const hint = "save the file as UTF-8 text, with a line feed at the end of each line"
	found := func(column int, what string) *notText { return &notText{l.line, column, what, hint} }
	switch {
	case b < ' ' || b == 0x7f:
		return found(l.column, whatIsBad([]byte{b}, 0))
	case b == 0x85 && before[1] == 0xc2:
		return found(l.column-1, "the line end U+0085 (NEL), which few programs know")
	case before == [2]byte{0xe2, 0x80}:
		return found(l.column-1, fmt.Sprintf("the line end U+%X, which few programs know", 0x2028+int(b-0xa8)))
	}
	return nil
}

// held is a source in memory.
type held struct{ *bytes.Reader }

func (held) Close() error { return nil }

// maxStdin bounds standard input, which is held in memory.
const maxStdin = 1 << 30

// stdinText is standard input, which is read once and kept.
type stdinText struct {
	once sync.Once
	done chan struct{} // closed when the rest is there
	text []byte
	err  error
}

// open returns the text of standard input. When ctx is done, it gives up on a read
// that has not ended.
func (s *stdinText) open(ctx context.Context, from io.Reader) (readerAt, error) {
	if from == nil && s.done == nil {
		return nil, errors.New("there is no standard input")
	}
	s.once.Do(func() {
		s.done = make(chan struct{})
		go func() {
			defer close(s.done)
			s.text, s.err = io.ReadAll(io.LimitReader(from, maxStdin+1))
			if s.err == nil && len(s.text) > maxStdin {
				s.text, s.err = nil, errors.New("more than 1 GiB")
			}
		}()
	})
	select {
	case <-s.done:
		return held{bytes.NewReader(s.text)}, s.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
