package jobs

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
)

// maxRow bounds a row of a source, in bytes: far above what a request may
// hold, far below what would hurt.
const maxRow = 1 << 20

// errRowTooLong is why a source was not read on.
var errRowTooLong = errors.New("row of more than 1 MiB")

// window is how much of a source is read at once.
const window = 64 << 10

// input reads a source row by row: it takes its digest, skips a byte order
// mark, and refuses a row that is too long before it is in memory.
type input struct {
	from   readerAt
	next   int64 // where to read on
	buf    *bufio.Reader
	hash   hash.Hash // nil: no digest is taken
	left   int       // bytes that the row may still take
	bom    int64     // length of the byte order mark
	failed error     // why it was not read on
}

// readerAt is what a source is: an open file, or standard input in memory.
type readerAt interface {
	io.ReaderAt
	io.Closer
}

// newInput reads a source from an offset on.
func newInput(from readerAt, offset int64, digest bool) *input {
	in := &input{from: from, next: offset, left: maxRow}
	if digest {
		in.hash = sha256.New()
	}
	in.buf = bufio.NewReaderSize(in, window)
	return in
}

var byteOrderMark = []byte("\uFEFF")

// skipBOM is called at the beginning of a source.
func (in *input) skipBOM() {
	if head, _ := in.buf.Peek(len(byteOrderMark)); bytes.Equal(head, byteOrderMark) {
		n, _ := in.buf.Discard(len(byteOrderMark))
		in.bom = int64(n)
	}
}

// nextRow allows the bytes of one more row.
func (in *input) nextRow() { in.left = maxRow + window }

// Read fills the buffer; rows are read from buf.
func (in *input) Read(p []byte) (int, error) {
	if in.failed != nil {
		return 0, in.failed
	}
	if in.left <= 0 {
		in.failed = errRowTooLong
		return 0, in.failed
	}
	n, err := in.from.ReadAt(p[:min(len(p), in.left)], in.next)
	in.left -= n
	in.next += int64(n)
	if in.hash != nil {
		in.hash.Write(p[:n])
	}
	if n > 0 {
		return n, nil
	}
	in.failed = err
	return 0, err
}

// bytes returns a part of the source that was read, or what there is of it.
func (in *input) bytes(from, to int64) []byte {
	part := make([]byte, max(0, min(to-from, maxRow)))
	n, _ := in.from.ReadAt(part, from)
	return part[:n]
}

// held is a source in memory.
type held struct{ *bytes.Reader }

func (held) Close() error { return nil }

// maxStdin bounds standard input, which is held in memory.
const maxStdin = 1 << 30

// stdinText is standard input, read once.
type stdinText struct {
	text []byte
	err  error
	done bool
}

func (s *stdinText) open(from io.Reader) (readerAt, error) {
	if from == nil && !s.done {
		return nil, errors.New("there is no standard input")
	}
	if !s.done {
		s.done = true
		s.text, s.err = io.ReadAll(io.LimitReader(from, maxStdin+1))
		if s.err == nil && len(s.text) > maxStdin {
			s.text, s.err = nil, errors.New("more than 1 GiB")
		}
	}
	return held{bytes.NewReader(s.text)}, s.err
}

// rowReader reads the rows of a source.
type rowReader interface {
	// next returns the next row and whether it is free of faults, which are
	// reported as they are found. Its error is io.EOF at the end, or why the
	// source cannot be read on, which is reported too.
	next() (entry, bool, error)

	// snippet shows the row read last, which began at offset.
	snippet(offset int64, column int) string
}

// reporter takes the faults of a source.
type reporter func(Fault)
