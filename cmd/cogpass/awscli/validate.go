package awscli

import (
	"fmt"
	"strings"

	"cogpass/cmd/cogpass/awscli/pyval"
)

// validate checks a request as the AWS CLI does before it is sent, and names
// every fault. It says of what type a value is, never what it is.
func (op operation) validate(params *pyval.Map) error {
	var faults []string
	fault := func(format string, a ...any) { faults = append(faults, fmt.Sprintf(format, a...)) }
	for _, m := range op.members {
		if _, given := params.Get(m.name); m.required && !given {
			fault("missing required parameter %s", m.name)
		}
	}
	for _, name := range params.Keys() {
		m, known := op.member(name)
		if !known {
			fault("unknown parameter %s; the parameters are %s", pyval.Str(name), strings.Join(op.memberNames(), ", "))
			continue
		}
		value, _ := params.Get(name)
		m.validate(value, fault)
	}
	if faults == nil {
		return nil
	}
	return usagef("invalid request: %s", strings.Join(faults, "\n  "))
}

func (m member) validate(value any, fault func(string, ...any)) {
	want := func(types, where string, value any) {
		fault("parameter %s has to be a %s, not of type %s", where, types, pyval.TypeName(value))
	}
	switch m.kind {
	case text:
		s, ok := value.(string)
		if !ok {
			want("str", m.name, value)
		} else if len(s) < m.min {
			fault("parameter %s is too short: its least length is %d", m.name, m.min)
		}
	case boolean:
		if _, ok := value.(bool); !ok {
			want("bool", m.name, value)
		}
	case textMap:
		entries, ok := value.(*pyval.Map)
		if !ok {
			want("dict", m.name, value)
			return
		}
		for _, k := range entries.Keys() {
			if _, ok := k.(string); !ok {
				want("str", fmt.Sprintf("%s (key: %s)", m.name, pyval.Str(k)), k)
			}
			if v, _ := entries.Get(k); pyval.TypeName(v) != "str" {
				want("str", fmt.Sprintf("%s.%s", m.name, pyval.Str(k)), v)
			}
		}
	}
}
