package yamldoc

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
)

var (
	withLine      = regexp.MustCompile(`^yaml: line (\d+): (.*)$`)
	parserError   = regexp.MustCompile(`^did not find expected (<document|node content|'-' indicator|key|',' or )`)
	plainMessage  = regexp.MustCompile(`^[a-zA-Z ,:'\[\]{}<>-]+$`)
	unknownAnchor = regexp.MustCompile(`^yaml: unknown anchor '(.*)' referenced$`)
)

// syntaxError adds the place to an error of the parser, and removes what it shows
// of the text, which may be a password.
func syntaxError(text []byte, err error) *Error {
	if m := unknownAnchor.FindStringSubmatch(err.Error()); m != nil {
		line, column := find(text, "*"+m[1])
		return &Error{line, column, "an alias without its anchor", `put quotes around a value that begins with "*"`}
	}
	e := &Error{Line: 1, Message: strings.TrimPrefix(err.Error(), "yaml: ")}
	if m := withLine.FindStringSubmatch(err.Error()); m != nil {
		e.Line, _ = strconv.Atoi(m[1])
		e.Message = m[2]
	}
	if parserError.MatchString(e.Message) {
		e.Line++ // the library counts these from 0
	}
	e.Line = min(e.Line, bytes.Count(text, []byte("\n"))+1)
	if found := scan(text); found != nil {
		return found
	}
	if !plainMessage.MatchString(e.Message) {
		e.Message = "this is not YAML"
	}
	switch {
	case strings.HasPrefix(e.Message, "could not find expected ':'"):
		return &Error{e.Line, 0, "a line without a key", "write key: value, with a blank after the colon"}
	case strings.HasPrefix(e.Message, "did not find expected '-' indicator"):
		return &Error{e.Line, 0, "a list that begins here is not a list to its end", "begin each element with - under the one before, and a key under the key before"}
	}
	e.Hint = "put quotes around a value that holds one of : # { } [ ] , & * ! | > ' % @, and look at the line before too"
	return e
}

func find(text []byte, s string) (line, column int) {
	at := bytes.Index(text, []byte(s))
	if at < 0 {
		return 1, 0
	}
	before := text[:at]
	start := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, []byte("\n")) + 1, len([]rune(string(before[start:]))) + 1
}
