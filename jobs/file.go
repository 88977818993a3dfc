package jobs

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"unicode/utf8"
)

// errNotRegular is why a pipe or a device is not opened: opening one may block
// for ever, and what was read from it cannot be read again.
var errNotRegular = errors.New("not a regular file")

// openFile opens a regular file, and nothing else.
func openFile(path string) (*os.File, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errors.New("a folder, not a file")
	case !info.Mode().IsRegular():
		return nil, errNotRegular
	}
	return os.Open(path)
}

// hintOf says what to do where a file cannot be opened.
func hintOf(err error) string {
	if errors.Is(err, errNotRegular) {
		return "write it to a file first"
	}
	return ""
}

// reasonOf returns the cause of a failed file operation, without the path.
func reasonOf(err error) string {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		err = path.Err
	}
	return Visible(err.Error())
}

// badByte returns the offset of the first byte that is not UTF-8, or of the first
// control character other than a tab or a line end; -1 if there is none.
func badByte(text []byte) int {
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size == 1 || isControl(r) {
			return at
		}
		at += size
	}
	return -1
}

// isControl reports whether YAML does not allow a character. NEL ends a line.
func isControl(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r >= 0x7f && r < 0xa0 && r != 0x85 || r == 0xfffe || r == 0xffff
}

// whatIsBad describes what badByte has found.
func whatIsBad(text []byte, at int) string {
	switch {
	case isUTF16(text):
		return "this is UTF-16, not UTF-8"
	case text[at] == 0:
		return "a NUL: this is no text"
	}
	if r, _ := utf8.DecodeRune(text[at:]); r != utf8.RuneError {
		return fmt.Sprintf("the control character %U", r)
	}
	return "this is not UTF-8 text"
}

func comparePlaces(a, b Place) int {
	return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}

// placeAt returns the place of a byte of a text.
func placeAt(file string, text []byte, at int) Place {
	before := text[:at]
	start := bytes.LastIndexByte(before, '\n') + 1
	return Place{file, bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[start:]) + 1}
}
