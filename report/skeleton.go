package report

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"cogpass/jobs"
	"cogpass/runner"
)

// Skeletons writes the requests of each task it is given, as a dry run prints
// them, in the order in which they would be sent. A task that is to be skipped
// has none but for a sign-out that is made always: only SkeletonText names it.
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
	// admin-reset-user-password. What is for any other operation is the Input
	// of an object that names it as its Operation.
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
	case s.Format == SkeletonJSON, s.Format == SkeletonCLI:
		for _, r := range s.requests(&t) {
			if s.Format == SkeletonJSON {
				s.line = append(r.appendLine(s.line), '\n')
			} else {
				s.line = append(s.appendCLI(s.line, &r), '\n')
			}
		}
		s.line = bytes.TrimSuffix(s.line, []byte("\n"))
	default:
		_, err := ParseSkeletonFormat(string(s.Format))
		return err
	}
	if len(s.line) == 0 {
		return nil
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

// requestForm is a request as a skeleton shows it.
type requestForm struct {
	operation string
	fields    []requestField
}

// requestField is a parameter: its name in JSON and, in lower case and with
// hyphens, as an option.
type requestField struct {
	key   string
	value any // string, bool, []string or map[string]string
}

func (r *requestForm) add(key string, value any) {
	r.fields = append(r.fields, requestField{key, value})
}

// requests returns what is sent for a task, in order.
func (s *Skeletons) requests(t *runner.Task) (all []requestForm) {
	form := func(operation string) *requestForm {
		all = append(all, requestForm{operation: operation})
		r := &all[len(all)-1]
		r.add("UserPoolId", s.UserPoolID)
		r.add("Username", t.Username)
		return r
	}
	spec := t.Action.Spec()
	sends := t.Skip == "" && t.Fail == ""
	if sends && t.Create != nil {
		s.creation(form("AdminCreateUser"), t)
	}
	if sends && t.Enable {
		form("AdminEnableUser")
	}
	if sends && (t.Create == nil || spec.Permanent) { // else the creation sets the password
		r := form(spec.Operation)
		if spec.Password {
			r.add("Password", s.password(t))
			r.add("Permanent", spec.Permanent)
		}
		if t.Action == jobs.Reinvite {
			r.add("MessageAction", "RESEND")
		}
		if spec.Metadata && len(t.ClientMetadata) > 0 {
			r.add("ClientMetadata", t.ClientMetadata)
		}
	}
	if t.SignOut == jobs.SignOutAlways || sends && t.SignOut == jobs.SignOutIfOK {
		form("AdminUserGlobalSignOut")
	}
	return all
}

func (s *Skeletons) creation(r *requestForm, t *runner.Task) {
	if len(t.Create.Attributes) > 0 {
		r.add("UserAttributes", attributes(t.Create.Attributes))
	}
	if spec := t.Action.Spec(); spec.Password && !spec.Permanent {
		r.add("TemporaryPassword", s.password(t))
	}
	switch t.Create.Invite {
	case jobs.InviteByEmail:
		r.add("DesiredDeliveryMediums", []string{"EMAIL"})
	case jobs.InviteBySMS:
		r.add("DesiredDeliveryMediums", []string{"SMS"})
	default:
		r.add("MessageAction", "SUPPRESS")
	}
	if len(t.ClientMetadata) > 0 {
		r.add("ClientMetadata", t.ClientMetadata)
	}
}

// attributes are a user's, which have a form of their own.
type attributes map[string]string

// appendLine appends the request as a line of JSON.
func (r *requestForm) appendLine(b []byte) []byte {
	if r.operation == "AdminSetUserPassword" || r.operation == "AdminResetUserPassword" {
		return r.appendJSON(b)
	}
	b = appendJSONString(append(b, `{"Operation":`...), r.operation)
	return append(r.appendJSON(append(b, `,"Input":`...)), '}')
}

func (r *requestForm) appendJSON(b []byte) []byte {
	for i, f := range r.fields {
		b = append(b, "{,"[min(i, 1)])
		b = append(appendJSONString(b, f.key), ':')
		b = f.appendValue(b)
	}
	return append(b, '}')
}

func (f *requestField) appendValue(b []byte) []byte {
	switch v := f.value.(type) {
	case string:
		return appendJSONString(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case []string:
		b = append(b, '[')
		for i, one := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSONString(b, one)
		}
		return append(b, ']')
	case attributes:
		b = append(b, '[')
		for i, name := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSONString(append(b, `{"Name":`...), name)
			b = append(appendJSONString(append(b, `,"Value":`...), v[name]), '}')
		}
		return append(b, ']')
	case map[string]string:
		return appendJSONMap(b, v)
	}
	panic(fmt.Sprintf("no form for a %T", f.value))
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

func (s *Skeletons) appendCLI(b []byte, r *requestForm) []byte {
	b = append(append(b, "aws cognito-idp "...), hyphened(r.operation)...)
	if s.Region != "" {
		b = appendOption(b, "--region", s.Region)
	}
	if slices.ContainsFunc(r.fields, func(f requestField) bool {
		text, is := f.value.(string)
		return is && !isPlainArgument(text)
	}) {
		return appendOption(b, "--cli-input-json", string(r.appendJSON(nil)))
	}
	for _, f := range r.fields {
		option := "--" + hyphened(f.key)
		switch v := f.value.(type) {
		case string:
			b = appendOption(b, option, v)
		case bool:
			if !v {
				option = "--no-" + hyphened(f.key)
			}
			b = append(append(b, ' '), option...)
		default:
			b = appendOption(b, option, string(f.appendValue(nil)))
		}
	}
	return b
}

// hyphened names an operation or a parameter of the API as the AWS CLI does: its
// words in lower case, with hyphens between them.
func hyphened(name string) string {
	var b []byte
	for i, c := range []byte(name) {
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
		b = append(append(b, "  skipped: "...), Visible(t.Skip)...)
		if t.SignOut == jobs.SignOutAlways {
			b = append(b, "  but signed out"...)
		}
		return b
	}
	if t.Fail != "" {
		b = append(append(b, "  fails: "...), Visible(t.Fail)...)
	}
	if t.Create != nil {
		b = append(b, "  made first"...)
	}
	if t.Enable {
		b = append(b, "  enabled first"...)
	}
	spec := t.Action.Spec()
	if spec.Password {
		b = append(append(b, "  password "...), Visible(s.password(t))...)
	}
	if spec.Metadata && len(t.ClientMetadata) > 0 {
		b = append(append(b, "  clientMetadata "...), appendJSONMap(nil, t.ClientMetadata)...)
	}
	if t.SignOut != jobs.NoSignOut {
		b = append(b, "  then signed out"...)
	}
	return b
}
