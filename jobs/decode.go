package jobs

import (
	"fmt"
	"slices"
	"strings"

	"cogpass/jobs/yamldoc"
)

// decoder turns the nodes of a job file into a Job and collects its faults. A
// method that returns false has recorded a fault: the value is not to be used.
type decoder struct {
	job       *Job
	faults    Faults
	literals  int   // passwords that stand in the job file
	literal   Place // of the first of them
	stdinUsed bool
	element   *yamldoc.Node // of users or exclude, which is being decoded
}

// field is a key of a mapping and its value.
type field struct{ key, value *yamldoc.Node }

func (d *decoder) place(n *yamldoc.Node) Place {
	return Place{File: d.job.Path, Line: n.Line, Column: n.Column}
}

// placeInElement is the place of a node, or of the alias that the element is, so
// that two elements have two places.
func (d *decoder) placeInElement(n *yamldoc.Node) Place {
	if d.element.Kind == yamldoc.Alias {
		n = d.element
	}
	return d.place(n)
}

func (d *decoder) fault(n *yamldoc.Node, hint, format string, args ...any) {
	d.faults.Add(Fault{Place: d.place(n), Message: fmt.Sprintf(format, args...), Hint: hint})
}

func (d *decoder) problem(n *yamldoc.Node, p problem) bool {
	if p.found() {
		d.faults.Add(Fault{Place: d.place(n), Message: p.message, Hint: p.hint})
	}
	return !p.found()
}

// follow returns the node that an alias stands for, and any other node itself.
func follow(n *yamldoc.Node) *yamldoc.Node {
	if n.Kind == yamldoc.Alias {
		return n.Alias
	}
	return n
}

// kindOf says what a node is, for messages.
func kindOf(n *yamldoc.Node) string {
	switch {
	case n.Kind == yamldoc.Mapping:
		return "a mapping"
	case n.Kind == yamldoc.Sequence:
		return "a list"
	case n.ShortTag() == "!!null" && n.Style&yamldoc.TaggedStyle == 0:
		return "null"
	}
	return "text"
}

// scalar returns the text of a scalar, as it is written.
func (d *decoder) scalar(n *yamldoc.Node, what string) (string, bool) {
	n = follow(n)
	switch {
	case d.tagged(n, what):
		return "", false
	case kindOf(n) == "null":
		d.fault(n, "give it a value, or put quotes around the text null", "%s is null", what)
		return "", false
	case n.Kind != yamldoc.Scalar:
		d.fault(n, "", "%s is %s, not text", what, kindOf(n))
		return "", false
	}
	return n.Value, true
}

// tagged records a fault for a node with a tag, such as !vault, which asks for
// something that a job does not do.
func (d *decoder) tagged(n *yamldoc.Node, what string) bool {
	is := n.Style&yamldoc.TaggedStyle != 0
	if is {
		d.fault(n, `leave it out, or put quotes around a value that begins with "!"`, "%s has a tag, which a job does not use", what)
	}
	return is
}

// list returns the elements of a sequence.
func (d *decoder) list(n *yamldoc.Node, what string) ([]*yamldoc.Node, bool) {
	n = follow(n)
	if d.tagged(n, what) {
		return nil, false
	}
	if n.Kind != yamldoc.Sequence {
		d.fault(n, "write each of its elements on a line of its own, behind - and a blank", "%s is %s, not a list", what, kindOf(n))
		return nil, false
	}
	return n.Content, true
}

// fields returns the values of a mapping by key. Keys that are unknown or repeated
// are faults, and left out.
func (d *decoder) fields(n *yamldoc.Node, what string, known []string) (map[string]field, bool) {
	pairs, ok := d.pairs(n, what)
	if !ok {
		return nil, false
	}
	fields := map[string]field{}
	for _, f := range pairs {
		key := f.key.Value
		if !slices.Contains(known, key) {
			d.unknownKey(f.key, known)
			continue
		}
		fields[key] = f
	}
	return fields, true
}

// pairs returns the keys and values of a mapping. Keys must be text, and each
// may be there once.
func (d *decoder) pairs(n *yamldoc.Node, what string) ([]field, bool) {
	n = follow(n)
	if d.tagged(n, what) {
		return nil, false
	}
	if n.Kind != yamldoc.Mapping {
		d.fault(n, "", "%s is %s, not a mapping", what, kindOf(n))
		return nil, false
	}
	var pairs []field
	seen := map[string]*yamldoc.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if follow(key).Kind != yamldoc.Scalar {
			d.fault(key, "", "a key of %s is %s, not text", what, kindOf(follow(key)))
			continue
		}
		key = follow(key)
		if d.tagged(key, "a key of "+what) {
			continue
		}
		if first := seen[key.Value]; first != nil {
			d.fault(key, "", "this key is there twice; the first is on line %d", first.Line)
			continue
		}
		seen[key.Value] = key
		pairs = append(pairs, field{key, n.Content[i+1]})
	}
	return pairs, true
}

func (d *decoder) unknownKey(key *yamldoc.Node, known []string) {
	if key.Value == "<<" {
		d.fault(key, "give the value to each, or as a default of the source or the job", "merge keys are not supported")
		return
	}
	message, hint := unknown("key", key.Value, known)
	if hint == "" && strings.ContainsAny(key.Value, ":=") {
		hint = "write key: value, with a blank after the colon"
	} else if hint == "" {
		hint = "the keys here are " + strings.Join(known, ", ")
	}
	d.fault(key, hint, "%s", message)
}
