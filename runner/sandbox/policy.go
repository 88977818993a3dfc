package sandbox

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// symbols are the characters that count as symbols in a password; a space
// does too, but not at an end, where none is allowed.
const symbols = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+- "

// check says what a password lacks, in Cognito's words, or nil.
func (p Policy) check(password string) *Error {
	has := func(low, high byte) bool {
		return strings.ContainsFunc(password, func(r rune) bool { return r >= rune(low) && r <= rune(high) })
	}
	lack := ""
	switch {
	case utf8.RuneCountInString(password) < p.MinimumLength:
		lack = "Password not long enough"
	case p.RequireUppercase && !has('A', 'Z'):
		lack = "Password must have uppercase characters"
	case p.RequireLowercase && !has('a', 'z'):
		lack = "Password must have lowercase characters"
	case p.RequireNumbers && !has('0', '9'):
		lack = "Password must have numeric characters"
	case p.RequireSymbols && !strings.ContainsAny(password, symbols):
		lack = "Password must have symbol characters"
	default:
		return nil
	}
	return &Error{"InvalidPasswordException", "Password did not conform with policy: " + lack}
}

// setPassword sets u's password if it fits the policy. u is locked. The caller
// sets the status afterwards.
func (s *Server) setPassword(p Policy, u *user, password string) *Error {
	if err := p.check(password); err != nil {
		return err
	}
	if p.History > 0 {
		if password == u.password || slices.Contains(u.history[:min(len(u.history), p.History-1)], password) {
			return &Error{"PasswordHistoryPolicyViolationException", "Password has previously been used."}
		}
		if u.password != "" {
			u.history = append([]string{u.password}, u.history[:min(len(u.history), p.History-1)]...)
		}
	}
	s.touch(u)
	u.password, u.passwordAt, u.code = strings.Clone(password), u.modified, ""
	return nil
}
