package awscli

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// An option is one that a parser knows. Its rules are those of Python's
// argparse, on which the AWS CLI's command line is built.
type option struct {
	name     string // with its two hyphens
	key      string // where its value is kept
	takes    arity
	value    any    // of a flag
	missing  string // of an optional value that is not given
	choices  []string
	required bool
	whole    bool // the beginning of its name does not stand for it
}

type arity uint8

const (
	flag          arity = iota // no value
	oneValue                   // one value
	optionalValue              // one value or none
	showVersion                // no value, and nothing after it is read
)

// A parser takes what it knows out of a list of arguments. It may take one
// positional argument.
type parser struct {
	options    []option
	positional string   // its key; "" for none
	optional   bool     // whether the positional argument may be left out
	choices    []string // of the positional argument
}

// parsed is what a parser took, and what it left.
type parsed struct {
	values map[string]any // of options and positional argument
	rest   []string
}

// errVersion is that the version was asked for.
type errVersion struct{}

func (errVersion) Error() string { return "version" }

// found is an argument that looks like an option; opt is nil for one that the
// parser does not know.
type found struct {
	opt      *option
	explicit *string // what follows "="
}

type parsing struct {
	*parser
	args    []string
	found   map[int]found
	literal int // index of the first "--", after which nothing is an option; len(args) for none
	waiting bool
	seen    map[string]bool
	out     parsed
}

// parse reads arguments as argparse's parse_known_args does.
func (p *parser) parse(args []string) (parsed, error) {
	s := &parsing{
		parser: p, args: args, found: map[int]found{}, literal: len(args), waiting: p.positional != "",
		seen: map[string]bool{}, out: parsed{values: map[string]any{}},
	}
	if i := slices.Index(args, "--"); i >= 0 {
		s.literal = i
	}
	var places []int
	for i, arg := range args[:s.literal] {
		f, is, err := p.lookup(arg)
		if err != nil {
			return parsed{}, err
		}
		if is {
			s.found[i] = f
			places = append(places, i)
		}
	}
	if err := s.run(places); err != nil {
		return parsed{}, err
	}
	var missing []string
	for _, o := range p.options {
		if o.required && !s.seen[o.name] {
			missing = append(missing, o.name)
		}
	}
	if s.waiting && !p.optional {
		missing = append(missing, p.positional)
	}
	if missing != nil {
		return parsed{}, usagef("missing required arguments: %s", strings.Join(missing, ", "))
	}
	return s.out, nil
}

func (s *parsing) run(places []int) error {
	at := 0
	for _, place := range places {
		if place < at {
			continue // taken as a value
		}
		for at != place {
			end, err := s.takePositional(at)
			if err != nil {
				return err
			}
			if end > at {
				at = end
				continue
			}
			s.out.rest = append(s.out.rest, s.args[at:place]...)
			at = place
		}
		end, err := s.takeOption(at)
		if err != nil {
			return err
		}
		at = end
	}
	end, err := s.takePositional(at)
	if err != nil {
		return err
	}
	s.out.rest = append(s.out.rest, s.args[end:]...)
	return nil
}

// isValue reports whether the argument can be the value of an option.
func (s *parsing) isValue(i int) bool {
	_, isOption := s.found[i]
	return i < len(s.args) && i != s.literal && !isOption
}

// takePositional takes the positional argument at a place, if it is awaited
// and there is one, and the "--" around it.
func (s *parsing) takePositional(at int) (int, error) {
	if !s.waiting {
		return at, nil
	}
	end := at
	if end == s.literal && end < len(s.args) {
		end++
	}
	switch {
	case s.isValue(end):
		if err := checkChoice(s.positional, s.choices, s.args[end]); err != nil {
			return 0, err
		}
		s.out.values[s.positional] = s.args[end]
		if end++; end == s.literal && end < len(s.args) {
			end++
		}
	case !s.optional:
		return at, nil
	}
	s.waiting = false
	return end, nil
}

func (s *parsing) takeOption(at int) (int, error) {
	f := s.found[at]
	if f.opt == nil {
		s.out.rest = append(s.out.rest, s.args[at])
		return at + 1, nil
	}
	o, next := f.opt, at+1
	s.seen[o.name] = true
	switch {
	case o.takes == flag || o.takes == showVersion:
		if f.explicit != nil {
			return 0, usagef("option %s takes no value", o.name)
		}
		if o.takes == showVersion {
			return 0, errVersion{}
		}
		s.out.values[o.key] = o.value
		return next, nil
	case f.explicit != nil && *f.explicit == "--":
		s.out.values[o.key] = []any{} // argparse drops a "--", and leaves an empty list
		return next, nil
	case f.explicit != nil:
		return next, s.store(o, *f.explicit)
	case f.explicit == nil && s.isValue(next):
		return next + 1, s.store(o, s.args[next])
	case o.takes == oneValue:
		return 0, usagef("option %s needs one value", o.name)
	}
	s.out.values[o.key] = o.missing
	return next, nil
}

func (s *parsing) store(o *option, value string) error {
	s.out.values[o.key] = value
	return checkChoice(o.name, o.choices, value)
}

// checkChoice does not show the value: it may be a password whose option went
// wrong.
func checkChoice(name string, choices []string, value string) error {
	if choices == nil || slices.Contains(choices, value) {
		return nil
	}
	return usagef("argument %s: invalid choice, valid choices are: %s", name, strings.Join(choices, ", "))
}

var negativeNumber = regexp.MustCompile(`^-\d+$|^-\d*\.\d+$`)

// lookup finds out whether an argument is an option, and which: its full
// name, or the beginning of just one.
func (p *parser) lookup(arg string) (found, bool, error) {
	if len(arg) < 2 || arg[0] != '-' {
		return found{}, false, nil
	}
	for i := range p.options {
		if p.options[i].name == arg {
			return found{opt: &p.options[i]}, true, nil
		}
	}
	name, value, given := strings.Cut(arg, "=")
	var explicit *string
	if given {
		explicit = &value
	}
	var matches []*option
	for i := range p.options {
		o := &p.options[i]
		if o.name == name {
			return found{o, explicit}, true, nil
		}
		if !o.whole && arg[1] == '-' && strings.HasPrefix(o.name, name) {
			matches = append(matches, o)
		}
	}
	switch {
	case len(matches) > 1:
		names := make([]string, len(matches))
		for i, m := range matches {
			names[i] = m.name
		}
		return found{}, false, usagef("ambiguous option: %s could match %s", name, strings.Join(names, ", "))
	case len(matches) == 1:
		return found{matches[0], explicit}, true, nil
	case negativeNumber.MatchString(arg), strings.Contains(arg, " "):
		return found{}, false, nil
	}
	return found{}, true, nil
}

// exitError ends the program with a code and a message.
type exitError struct {
	code int
	msg  string
	hint string
}

func (e *exitError) Error() string { return e.msg }

// The AWS CLI's exit codes.
const (
	exitUsage   = 252 // the command line, or what it stands for, is wrong
	exitConfig  = 253 // credentials or Region are missing
	exitRefused = 254 // the service said no
	exitGeneral = 255 // anything else
)

func usagef(format string, a ...any) error {
	return &exitError{code: exitUsage, msg: fmt.Sprintf(format, a...)}
}

func generalf(format string, a ...any) error {
	return &exitError{code: exitGeneral, msg: fmt.Sprintf(format, a...)}
}
