package jobs

import (
	"iter"
	"strings"
	"unicode/utf8"
)

// Policy is what a user pool asks of passwords. The zero value asks nothing. No
// policy lets a password have more than 256 characters.
type Policy struct {
	MinLength                   int // in characters; a pool has 6 to 99
	Upper, Lower, Digit, Symbol bool
}

// DefaultPolicy is that of a pool that is made without one.
var DefaultPolicy = Policy{MinLength: 8, Upper: true, Lower: true, Digit: true, Symbol: true}

// symbols are the characters that Cognito counts as special: see "Adding user
// pool password requirements" in its developer guide. A space counts too, though
// not at the ends, where no password may have one.
const (
	anySymbols = "^$*.[]{}()?-\"!@#%&/\\,><':;|_~`+="
	symbols    = anySymbols + " "
)

// Check returns what a password lacks, in a few words that do not show it, or ""
// if it meets the policy. It cannot check the history, which only Cognito knows.
func (p Policy) Check(s Secret) string {
	text := s.Reveal()
	var lacks []string
	for _, rule := range []struct {
		asked bool
		what  string
		is    func(rune) bool
	}{
		{p.Upper, "an upper-case letter", func(r rune) bool { return 'A' <= r && r <= 'Z' }},
		{p.Lower, "a lower-case letter", func(r rune) bool { return 'a' <= r && r <= 'z' }},
		{p.Digit, "a digit", func(r rune) bool { return '0' <= r && r <= '9' }},
		{p.Symbol, "a symbol", func(r rune) bool { return strings.ContainsRune(symbols, r) }},
	} {
		if rule.asked && !strings.ContainsFunc(text, rule.is) {
			lacks = append(lacks, rule.what)
		}
	}
	var parts []string
	if utf8.RuneCountInString(text) < p.MinLength {
		parts = append(parts, "is too short")
	}
	if len(lacks) > 0 {
		parts = append(parts, "has not "+strings.Join(lacks, ", "))
	}
	return strings.Join(parts, " and ")
}

// CheckAll checks the passwords of tasks, but for those that are yet to be made,
// against the policy. Its error is a
// *Faults with the places of the users whose passwords do not meet it, or the
// error of reading one.
func (p Policy) CheckAll(tasks iter.Seq2[Task, error], passwords *Passwords) error {
	if p == (Policy{}) {
		return nil
	}
	faults := new(Faults)
	for t, err := range tasks {
		if err != nil {
			return err
		}
		if !t.Action.Sets() || t.Skip != "" || t.Fail != "" || t.Password.Kind == GeneratedPassword {
			continue
		}
		s, err := passwords.Get(t)
		if err != nil {
			return err
		}
		if lack := p.Check(s); lack != "" {
			faults.Add(Fault{Place: t.Place, Message: "the password " + lack, Hint: "the user pool's policy asks for it"})
		}
	}
	return faults.OrNil()
}
