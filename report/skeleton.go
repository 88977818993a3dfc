package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"cogpass/runner"
)

// Skeletons writes the request of each task it is given, as a dry run prints
// it. A task that is to be skipped has no request: only SkeletonText names it.
type Skeletons struct {
	W          io.Writer
	Format     SkeletonFormat
	UserPoolID string
	Region     string // where not empty, cli lines name it

	ShowPasswords bool // else a password is HiddenPassword

	line []byte
}

// SkeletonFormat is a form of skeletons.
type SkeletonFormat string

// The forms of skeletons.
const (
	// SkeletonJSON is one object a line, as the AWS CLI's --cli-input-json
	// takes it. It allows no key that would name the operation: an object with
	// Permanent is for admin-set-user-password, one without is for
	// admin-reset-user-password.
	SkeletonJSON SkeletonFormat = "json"
	// SkeletonCLI is one AWS CLI command a line, for a POSIX shell.
	SkeletonCLI SkeletonFormat = "cli"
	// SkeletonText is for people.
	SkeletonText SkeletonFormat = "text"
)

// HiddenPassword stands for a password in a skeleton. It is shorter than any
// password policy of Cognito allows, 6 being the least: skeletons that are
// sent by mistake give nobody a password that is in plain sight.
const HiddenPassword = "***"

// ParseSkeletonFormat returns the form of that name.
func ParseSkeletonFormat(name string) (SkeletonFormat, error) {
	switch f := SkeletonFormat(name); f {
	case SkeletonJSON, SkeletonCLI, SkeletonText:
		return f, nil
	}
	return "", fmt.Errorf("unknown format %q: use json, cli or text", name)
}

// Write writes the skeleton of a task, in one call of W.Write: W should buffer.
// An action that is not known is an error.
func (s *Skeletons) Write(t runner.Task) error {
	if !t.Action.Known() {
		return unknownAction(t.Seq, t.Action)
	}
	s.line = s.line[:0]
	switch {
	case s.Format == SkeletonText:
		s.line = s.appendText(s.line, &t)
	case t.Skip != "":
		return nil
	case s.Format == SkeletonJSON:
		s.line = s.appendJSON(s.line, &t)
	case s.Format == SkeletonCLI:
		s.line = s.appendCLI(s.line, &t)
	default:
		_, err := ParseSkeletonFormat(string(s.Format))
		return err
	}
	_, err := s.W.Write(append(s.line, '\n'))
	return err
}

func (s *Skeletons) password(t *runner.Task) string {
	if s.ShowPasswords && !t.Password.IsZero() {
		return t.Password.Reveal()
	}
	return HiddenPassword
}

func (s *Skeletons) appendJSON(b []byte, t *runner.Task) []byte {
	b = appendJSONString(append(b, `{"UserPoolId":`...), s.UserPoolID)
	b = appendJSONString(append(b, `,"Username":`...), t.Username)
	spec := t.Action.Spec()
	if spec.Password {
		b = appendJSONString(append(b, `,"Password":`...), s.password(t))
		b = fmt.Appendf(b, `,"Permanent":%t`, spec.Permanent)
	}
	if spec.Metadata && len(t.ClientMetadata) > 0 {
		b = appendJSONMap(append(b, `,"ClientMetadata":`...), t.ClientMetadata)
	}
	return append(b, '}')
}

func appendJSONMap(b []byte, m map[string]string) []byte {
	b = append(b, '{')
	for i, key := range slices.Sorted(maps.Keys(m)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendJSONString(b, key), ':')
		b = appendJSONString(b, m[key])
	}
	return append(b, '}')
}

func (s *Skeletons) appendCLI(b []byte, t *runner.Task) []byte {
	spec := t.Action.Spec()
	b = append(append(b, "aws cognito-idp "...), commandOf(spec.Operation)...)
	if s.Region != "" {
		b = appendOption(b, "--region", s.Region)
	}
	if !isPlainArgument(t.Username) || spec.Password && !isPlainArgument(s.password(t)) {
		return appendOption(b, "--cli-input-json", string(s.appendJSON(nil, t)))
	}
	b = appendOption(b, "--user-pool-id", s.UserPoolID)
	b = appendOption(b, "--username", t.Username)
	if spec.Password {
		b = appendOption(b, "--password", s.password(t))
		if spec.Permanent {
			b = append(b, " --permanent"...)
		} else {
			b = append(b, " --no-permanent"...)
		}
	}
	if spec.Metadata && len(t.ClientMetadata) > 0 {
		b = appendOption(b, "--client-metadata", string(appendJSONMap(nil, t.ClientMetadata)))
	}
	return b
}

// commandOf names an operation of the API as the AWS CLI does: its words in
// lower case, with hyphens between them.
func commandOf(operation string) string {
	var b []byte
	for i, c := range []byte(operation) {
		if c >= 'A' && c <= 'Z' {
			if i > 0 {
				b = append(b, '-')
			}
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return string(b)
}

// isPlainArgument reports whether the AWS CLI takes an argument as it is
// written, and a terminal shows it so. The CLI replaces one that begins with
// file:// or fileb:// by the file's content, and its first version did the
// same with URLs.
func isPlainArgument(s string) bool {
	for _, prefix := range [...]string{"file://", "fileb://", "http://", "https://"} {
		if strings.HasPrefix(s, prefix) {
			return false
		}
	}
	return isVisible(s)
}

// appendOption appends an option and its value as words of a POSIX shell. A
// value that begins with - is part of the option's own word, or the AWS CLI
// would take it for an option.
func appendOption(b []byte, option, value string) []byte {
	b = append(append(b, ' '), option...)
	if strings.HasPrefix(value, "-") {
		b = append(b, '=')
	} else {
		b = append(b, ' ')
	}
	return appendShellWord(b, value)
}

// appendShellWord appends s so that a POSIX shell takes it as one word and
// expands nothing in it. There is no way to write a NUL.
func appendShellWord(b []byte, s string) []byte {
	if isShellSafe(s) {
		return append(b, s...)
	}
	b = append(b, '\'')
	for {
		i := strings.IndexByte(s, '\'')
		if i < 0 {
			return append(append(b, s...), '\'')
		}
		b = append(append(b, s[:i]...), `'\''`...)
		s = s[i+1:]
	}
}

func isShellSafe(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || strings.IndexByte("@%+,-./:_", c) >= 0) {
			return false
		}
	}
	return s != ""
}

func (s *Skeletons) appendText(b []byte, t *runner.Task) []byte {
	b = fmt.Appendf(b, "%6d  %-13s  %-32s  %s", t.Seq, t.Action, Visible(t.Username), Visible(t.Source))
	if t.Skip != "" {
		return append(append(b, "  skipped: "...), Visible(t.Skip)...)
	}
	spec := t.Action.Spec()
	if spec.Password {
		b = append(append(b, "  password "...), Visible(s.password(t))...)
	}
	if spec.Metadata && len(t.ClientMetadata) > 0 {
		b = append(append(b, "  clientMetadata "...), appendJSONMap(nil, t.ClientMetadata)...)
	}
	return b
}
