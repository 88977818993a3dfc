package awscli

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"cogpass/jobs"
)

// validate checks a request as the AWS CLI does before it is sent, and names
// every fault. It says of what type a value is, never what it is.
func (op operation) validate(r request) error {
	var faults []string
	fault := func(format string, a ...any) { faults = append(faults, fmt.Sprintf(format, a...)) }
	for _, m := range op.members {
		value, given := r[m.name]
		if given {
			m.validate(value, fault)
		} else if m.required {
			fault("missing required parameter %s", m.name)
		}
	}
	var names []string
	for _, m := range op.members {
		names = append(names, m.name)
	}
	for _, name := range slices.Sorted(maps.Keys(r)) {
		if !slices.Contains(names, name) {
			fault("unknown parameter%s; the parameters are %s", shownName(name), strings.Join(names, ", "))
		}
	}
	if faults == nil {
		return nil
	}
	return usagef("invalid request: %s", strings.Join(faults, "\n  "))
}

var plainName = regexp.MustCompile(`^[A-Za-z]+(?:-[A-Za-z]+)*$`)

// shownName shows a key of a document, unless that may be a password that is
// in the wrong place.
func shownName(key string) string {
	if plainName.MatchString(key) {
		return " " + key
	}
	return ""
}

func (m member) validate(value any, fault func(string, ...any)) {
	switch m.kind {
	case text:
		s, isText := value.(string)
		if secret, is := value.(jobs.Secret); is {
			s, isText = secret.Reveal(), true
		}
		if !isText {
			fault("parameter %s has to be a string, not a %s", m.name, typeName(value))
		} else if len(s) < m.min {
			fault("parameter %s is too short: its least length is %d", m.name, m.min)
		}
	case boolean:
		if _, ok := value.(bool); !ok {
			fault("parameter %s has to be true or false, not a %s", m.name, typeName(value))
		}
	case textMap:
		entries, ok := value.(map[string]any)
		if !ok {
			fault("parameter %s has to be a mapping, not a %s", m.name, typeName(value))
		}
		for _, k := range slices.Sorted(maps.Keys(entries)) {
			if _, ok := entries[k].(string); !ok {
				fault("parameter %s: the value of %q has to be a string, not a %s", m.name, k, typeName(entries[k]))
			}
		}
	}
}
