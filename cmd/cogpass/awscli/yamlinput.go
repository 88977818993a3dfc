package awscli

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"cogpass/cmd/cogpass/awscli/pyval"
	"cogpass/jobs/yamldoc"
)

// parseYAML reads a document as the AWS CLI's YAML library does: plain scalars
// by the rules of YAML 1.2, or of 1.1 where the document says so, and a key
// that is there twice is a fault.
func parseYAML(document string) (any, error) {
	r := &yamlReader{done: map[*yamldoc.Node]any{}}
	if at := yamlVersion.FindStringSubmatchIndex(document); at != nil {
		r.old = document[at[2]:at[3]] == "1"
		document = document[:at[2]] + "1" + document[at[3]:] // the only version that yamldoc knows
	}
	if hasTabBetween(document) {
		return nil, fmt.Errorf("%w: a tab between its parts", errYAML)
	}
	root, err := yamldoc.Parse([]byte(document))
	if err != nil || root == nil {
		return nil, err
	}
	return r.value(root)
}

var (
	tabBetween  = regexp.MustCompile(`^(?:"[^"]*"|'[^']*'|[^'"#\t])*[:?,\[{-] *\t`)
	blockScalar = regexp.MustCompile(`[|>][-+0-9]*[ \t]*(?:#.*)?\r?$`)
)

// hasTabBetween reports whether a tab parts a value from what stands before
// it, which yamldoc would take. The text of a block scalar may hold the like.
func hasTabBetween(document string) bool {
	block := -1 // how far the line that began a block scalar is indented
	for line := range strings.Lines(document) {
		line = strings.TrimRight(line, "\r\n")
		indent := len(line) - len(strings.TrimLeft(line, " "))
		if block >= 0 && (indent > block || indent == len(line)) {
			continue
		}
		if tabBetween.MatchString(line) {
			return true
		}
		if block = -1; blockScalar.MatchString(line) {
			block = indent
		}
	}
	return false
}

var yamlVersion = regexp.MustCompile(`\A(?:[ \t]*(?:#.*)?\r?\n)*%YAML[ \t]+1\.(\d+)`)

// errYAML is that a document holds what cannot be made a value of.
var errYAML = errors.New("not a document to make a request of")

// errNumber is that a scalar looks like a number or a date and is none. The
// AWS CLI fails on it in another way than on a faulty document.
var errNumber = errors.New("not a number or date after all")

type yamlReader struct {
	done map[*yamldoc.Node]any // so that a node named often is made once
	old  bool                  // YAML 1.1
}

func (r *yamlReader) value(n *yamldoc.Node) (any, error) {
	if n.Kind == yamldoc.Alias {
		n = n.Alias
	}
	if v, ok := r.done[n]; ok {
		return v, nil
	}
	r.done[n] = pyval.Other("list") // for a node that holds itself
	v, err := r.make(n)
	r.done[n] = v
	return v, err
}

func (r *yamlReader) make(n *yamldoc.Node) (any, error) {
	switch tag := tagOf(n); {
	case n.Kind == yamldoc.Sequence && (tag == "" || tag == "!!seq"):
		list := []any{}
		for _, c := range n.Content {
			v, err := r.value(c)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case n.Kind == yamldoc.Sequence && tag == "!!omap":
		return r.orderedMapping(n)
	case n.Kind == yamldoc.Mapping && (tag == "" || tag == "!!map"):
		return r.mapping(n)
	case n.Kind == yamldoc.Mapping && tag == "!!set":
		return pyval.Other("set"), nil
	case n.Kind == yamldoc.Scalar:
		return r.scalar(n, tag)
	}
	return nil, errYAML
}

// orderedMapping reads a list of mappings of one key each.
func (r *yamlReader) orderedMapping(n *yamldoc.Node) (any, error) {
	m := &pyval.Map{}
	for _, c := range n.Content {
		entry, err := r.value(c)
		if err != nil {
			return nil, err
		}
		one, ok := entry.(*pyval.Map)
		if !ok || one.Len() != 1 {
			return nil, errYAML
		}
		key := one.Keys()[0]
		v, _ := one.Get(key)
		m.Set(key, v)
	}
	return m, nil
}

func (r *yamlReader) mapping(n *yamldoc.Node) (any, error) {
	m, merged := &pyval.Map{}, &pyval.Map{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if isPlain(k) && k.Value == "<<" {
			if err := r.merge(merged, v); err != nil {
				return nil, err
			}
			continue
		}
		key, err := r.key(k)
		if err != nil {
			return nil, err
		}
		if _, twice := m.Get(key); twice {
			return nil, fmt.Errorf("%w: line %d: a key is there twice", errYAML, k.Line)
		}
		value, err := r.value(v)
		if err != nil {
			return nil, err
		}
		m.Set(key, value)
	}
	for _, k := range merged.Keys() {
		if _, own := m.Get(k); !own {
			v, _ := merged.Get(k)
			m.Set(k, v)
		}
	}
	return m, nil
}

// key returns a key that can be compared: a container stands for its type.
func (r *yamlReader) key(n *yamldoc.Node) (any, error) {
	if isPlain(n) && n.Value == "=" {
		return "=", nil
	}
	v, err := r.value(n)
	switch v.(type) {
	case []any, *pyval.Map, pyval.Bytes:
		return pyval.Other(fmt.Sprintf("%s at line %d, column %d", pyval.TypeName(v), n.Line, n.Column)), err
	}
	return v, err
}

// merge adds what a "<<" key names: a mapping, or a list of them.
func (r *yamlReader) merge(into *pyval.Map, n *yamldoc.Node) error {
	v, err := r.value(n)
	if err != nil {
		return err
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, v := range list {
		m, ok := v.(*pyval.Map)
		if !ok {
			return fmt.Errorf("%w: line %d: only mappings can be merged", errYAML, n.Line)
		}
		for _, k := range m.Keys() {
			if _, there := into.Get(k); !there {
				e, _ := m.Get(k)
				into.Set(k, e)
			}
		}
	}
	return nil
}

// isPlain reports whether a node is a scalar with neither quotes nor a tag.
func isPlain(n *yamldoc.Node) bool { return n.Kind == yamldoc.Scalar && n.Style == 0 }

func tagged(n *yamldoc.Node) bool { return n.Style&yamldoc.TaggedStyle != 0 }

// tagOf returns the tag that a document gives a node, or "".
func tagOf(n *yamldoc.Node) string {
	if tagged(n) {
		return n.ShortTag()
	}
	return ""
}
