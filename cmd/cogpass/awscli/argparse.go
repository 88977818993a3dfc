package awscli

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"cogpass/jobs"
)

// An option is one that a parser knows. Its rules are those of Python's
// argparse, on which the AWS CLI's command line is built.
type option struct {
	name     string // with its two hyphens
	key      string // where its value is kept
	takes    arity
	value    string // of a flag: "true" or "false"
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
	values values // of options and positional argument
	rest   []string
}

// values are those of options, by their keys. Each is a Secret, for any may be
// the password, or hold it.
type values map[string]jobs.Secret

func (v values) has(name string) bool    { _, ok := v[name]; return ok }
func (v values) text(name string) string { return v[name].Reveal() }
func (v values) set(name, text string)   { v[name] = jobs.NewSecret(text) }

// errVersion is that the version was asked for.
var errVersion = errors.New("version")

// found is an argument that looks like an option; opt is nil for one that the
// parser does not know.
type found struct {
	opt      *option
	explicit *string // what follows "="
}

type parsing struct {
	*parser
	parsed
	args    []string
	found   map[int]found
	literal int // index of the first "--", after which nothing is an option; len(args) for none
	waiting bool
	seen    map[string]bool
}

// parse reads arguments as argparse's parse_known_args does.
func (p *parser) parse(args []string) (parsed, error) {
	s := &parsing{
		parser: p, parsed: parsed{values: values{}}, args: args,
		found: map[int]found{}, literal: len(args), waiting: p.positional != "", seen: map[string]bool{},
	}
	if i := slices.Index(args, "--"); i >= 0 {
		s.literal = i
	}
	for i, arg := range args[:s.literal] {
		if f, is, err := p.lookup(arg); err != nil {
			return parsed{}, err
		} else if is {
			s.found[i] = f
		}
	}
	if err := s.run(); err != nil {
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
	return s.parsed, nil
}

func (s *parsing) run() (err error) {
	at := 0
	for place := range s.literal {
		if _, is := s.found[place]; !is || place < at { // before at: taken as a value
			continue
		}
		for at != place {
			end, err := s.takePositional(at)
			if err != nil {
				return err
			}
			if end == at {
				s.rest = append(s.rest, s.args[at:place]...)
				end = place
			}
			at = end
		}
		if at, err = s.takeOption(at); err != nil {
			return err
		}
	}
	if at, err = s.takePositional(at); err == nil {
		s.rest = append(s.rest, s.args[at:]...)
	}
	return err
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
	if s.isValue(end) {
		if err := s.store(s.positional, s.positional, s.choices, s.args[end]); err != nil {
			return 0, err
		}
		if end++; end == s.literal && end < len(s.args) {
			end++
		}
	} else if !s.optional {
		return at, nil
	}
	s.waiting = false
	return end, nil
}

func (s *parsing) takeOption(at int) (int, error) {
	f := s.found[at]
	if f.opt == nil {
		s.rest = append(s.rest, s.args[at])
		return at + 1, nil
	}
	o, next := f.opt, at+1
	s.seen[o.name] = true
	isFlag := o.takes == flag || o.takes == showVersion
	switch {
	case isFlag && f.explicit != nil:
		return 0, usagef("option %s takes no value", o.name)
	case o.takes == showVersion:
		return 0, errVersion
	case isFlag:
		s.values.set(o.key, o.value)
		return next, nil
	case f.explicit != nil && *f.explicit != "--": // a "--" is to the AWS CLI an empty list
		return next, s.store(o.name, o.key, o.choices, *f.explicit)
	case f.explicit == nil && s.isValue(next):
		return next + 1, s.store(o.name, o.key, o.choices, s.args[next])
	case f.explicit != nil || o.takes == oneValue:
		return 0, usagef("option %s needs one value", o.name)
	}
	s.values.set(o.key, o.missing)
	return next, nil
}

// store does not show a value that is no choice: it may be a password whose
// option went wrong.
func (s *parsing) store(name, key string, choices []string, value string) error {
	s.values.set(key, value)
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
	name, value, given := strings.Cut(arg, "=")
	f := found{}
	if given {
		f.explicit = &value
	}
	var names []string
	for i := range p.options {
		switch o := &p.options[i]; {
		case o.name == name:
			return found{o, f.explicit}, true, nil
		case !o.whole && arg[1] == '-' && strings.HasPrefix(o.name, name):
			names = append(names, o.name)
			f.opt = o
		}
	}
	switch {
	case len(names) > 1:
		return found{}, false, usagef("ambiguous option: %s could match %s", name, strings.Join(names, ", "))
	case len(names) == 1:
		return f, true, nil
	}
	return found{}, !negativeNumber.MatchString(arg) && !strings.Contains(arg, " "), nil
}
