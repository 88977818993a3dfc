package awscli

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

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
var errYAML = errors.New("invalid YAML")

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

func (r *yamlReader) scalar(n *yamldoc.Node, tag string) (any, error) {
	switch {
	case isPlain(n) && strings.Contains(n.Value, "\t"):
		return nil, fmt.Errorf("%w: line %d: a tab in text without quotes", errYAML, n.Line)
	case tag == "!" || tag == "" && !isPlain(n):
		tag = "!!str"
	case tag == "":
		tag = r.implicit(n.Value)
	}
	s := n.Value
	switch tag {
	case "!!str":
		return s, nil
	case "!!null":
		return nil, nil
	case "!!bool":
		value, ok := booleans[strings.ToLower(s)]
		if !ok {
			return nil, errNumber
		}
		return value, nil
	case "!!int":
		digits := strings.TrimLeft(strings.ReplaceAll(s, "_", ""), "+-")
		if digits == "" || strings.IndexFunc(digits, isASCIISpace) >= 0 || tagged(n) && !yamlInt.MatchString(s) {
			return nil, errNumber
		}
		return pyval.Int(digits), nil
	case "!!float":
		if strings.Trim(s, "+-._") == "" || tagged(n) && !yamlFloat.MatchString(s) && !yamlInt.MatchString(s) {
			return nil, errNumber
		}
		return pyval.Other("float"), nil
	case "!!timestamp":
		if tagged(n) && !yamlTime.MatchString(s) {
			return nil, errYAML
		}
		return timestamp(s)
	case "!!binary":
		return pyval.Bytes(s), nil
	}
	return nil, errYAML
}

func isASCIISpace(c rune) bool { return c == ' ' || c == '\t' || c == '\n' }

var booleans = map[string]bool{
	"yes": true, "true": true, "on": true, "y": true,
	"no": false, "false": false, "off": false, "n": false,
}

// The types of plain scalars, as https://yaml.org/type has them for YAML 1.1
// and as the AWS CLI's YAML library has them for 1.2.
var (
	yamlBool   = regexp.MustCompile(`^(?:true|True|TRUE|false|False|FALSE)$`)
	yamlBool11 = regexp.MustCompile(`^(?:y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$`)
	yamlFloat  = regexp.MustCompile(`^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+|[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$`)
	yamlInt    = regexp.MustCompile(`^(?:[-+]?0b[01_]+|[-+]?0o?[0-7_]+|[-+]?[0-9_]+|[-+]?0x[0-9a-fA-F_]+)$`)
	yamlInt11  = regexp.MustCompile(`^(?:[-+]?0b[01_]+|[-+]?0?[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+)$`)
	yamlBase60 = regexp.MustCompile(`^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$`)
	yamlNull   = regexp.MustCompile(`^(?:~|null|Null|NULL|)$`)
	yamlTime   = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2}|\d{4}-\d{1,2}-\d{1,2}(?:[Tt]|[ \t]+)\d{1,2}:\d{2}:\d{2}(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d{1,2}(?::\d{2})?))?)$`)
	timeParts  = regexp.MustCompile(`^(\d+-\d+-\d+)(?:[Tt]|[ \t]+)?(\d+:\d+:\d+)?`)
)

// implicit returns the tag of a plain scalar.
func (r *yamlReader) implicit(s string) string {
	isBool, isInt := yamlBool, yamlInt
	if r.old {
		isBool, isInt = yamlBool11, yamlInt11
	}
	switch {
	case isBool.MatchString(s):
		return "!!bool"
	case yamlFloat.MatchString(s):
		return "!!float"
	case s != "" && s[0] != '_' && isInt.MatchString(s), r.old && yamlBase60.MatchString(s):
		return "!!int"
	case yamlNull.MatchString(s):
		return "!!null"
	case yamlTime.MatchString(s):
		return "!!timestamp"
	case s == "=" || s == "<<":
		return "!!value"
	}
	return "!!str"
}

func timestamp(s string) (any, error) {
	parts := timeParts.FindStringSubmatch(s)
	if parts == nil {
		return nil, errNumber
	}
	if day, err := time.Parse("2006-1-2", parts[1]); err != nil || day.Year() == 0 {
		return nil, errNumber
	}
	if parts[2] == "" {
		return pyval.Other("datetime.date"), nil
	}
	if _, err := time.Parse("15:4:5", parts[2]); err != nil {
		return nil, errNumber
	}
	return pyval.Other("datetime.datetime"), nil
}
