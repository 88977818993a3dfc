package awscli

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"cogpass/jobs/yamldoc"
)

// parseYAML reads a document as the AWS CLI's YAML library does: plain scalars
// by the rules of YAML 1.2, and a key that is there twice is a fault. What the
// two libraries read in different ways, or may, is a fault too.
func parseYAML(text string) (any, error) {
	switch {
	case yamlDirective.MatchString(text):
		return nil, errors.New("directives (lines that begin with %) are not taken")
	case strings.Contains(text, "\t"):
		return nil, errors.New(`it holds a tab: in double quotes that is \t`)
	case strings.Contains(text, `"`) && strings.Contains(text, `\'`):
		return nil, errors.New(`it holds \', which is no escape in double quotes`)
	case strings.ContainsAny(strings.TrimPrefix(text, "\uFEFF"), "\u0085\u2028\u2029\uFEFF"):
		return nil, errors.New(`it holds U+0085, U+2028, U+2029 or U+FEFF: in double quotes that is \N, \L, \P or \uFEFF`)
	}
	root, err := yamldoc.Parse([]byte(text))
	if err != nil || root == nil {
		return nil, err
	}
	return yamlValue(root, true)
}

var yamlDirective = regexp.MustCompile(`(?m)^\x{FEFF}?%`)

// yamlValue makes the value of a node. The root's keys are parameters.
func yamlValue(n *yamldoc.Node, isRoot bool) (any, error) {
	if n.Kind == yamldoc.Alias || n.Anchor != "" {
		return nil, fmt.Errorf("line %d: anchors and aliases are not taken: put quotes around a value that begins with & or *", n.Line)
	}
	isString := n.Kind == yamldoc.Scalar && n.ShortTag() == "!!str"
	if n.Style&yamldoc.TaggedStyle != 0 && !isString {
		return nil, fmt.Errorf("line %d: tags other than !!str are not taken", n.Line)
	}
	for _, c := range n.Content {
		if n.Style&yamldoc.FlowStyle != 0 && isPlain(c) && strings.Contains(c.Value, ":") {
			return nil, fmt.Errorf("line %d: put a space after the colon, or quotes around what holds one", c.Line)
		}
	}
	switch n.Kind {
	case yamldoc.Sequence:
		list := []any{}
		for _, c := range n.Content {
			v, err := yamlValue(c, false)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case yamldoc.Mapping:
		return yamlMapping(n, isRoot)
	}
	if n.Style != 0 {
		return n.Value, nil // in quotes, a block, or tagged as text
	}
	return plainScalar(n)
}

func isPlain(n *yamldoc.Node) bool {
	return n.Kind == yamldoc.Scalar && n.Style&^yamldoc.TaggedStyle == 0
}

func yamlMapping(n *yamldoc.Node, isRoot bool) (any, error) {
	m := map[string]any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if isPlain(k) && k.Value == "<<" {
			return nil, fmt.Errorf("line %d: merge keys (<<) are not taken: write the keys out", k.Line)
		}
		key, err := yamlValue(k, false)
		if err != nil {
			return nil, err
		}
		name, isText := key.(string)
		if !isText && isRoot {
			return nil, generalf("line %d: parameter names have to be text, not a %s", k.Line, typeName(key))
		} else if !isText {
			return nil, fmt.Errorf("line %d: a key has to be text, not a %s", k.Line, typeName(key))
		}
		if _, twice := m[name]; twice {
			return nil, fmt.Errorf("line %d: a key is there twice", k.Line)
		}
		if m[name], err = yamlValue(v, false); err != nil && isRoot && isMember(name) {
			return nil, fmt.Errorf("parameter %s: %w", name, err)
		} else if err != nil {
			return nil, err
		}
	}
	return m, nil
}

// The types of plain scalars, as the AWS CLI's YAML library has them.
var (
	yamlTrue  = regexp.MustCompile(`^(?:true|True|TRUE)$`)
	yamlFalse = regexp.MustCompile(`^(?:false|False|FALSE)$`)
	yamlFloat = regexp.MustCompile(`^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+|[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$`)
	yamlInt   = regexp.MustCompile(`^(?:[-+]?0b[01_]+|[-+]?0o?[0-7_]+|[-+]?[0-9][0-9_]*|[-+][0-9_]+|[-+]?0x[0-9a-fA-F_]+)$`)
	yamlNull  = regexp.MustCompile(`^(?:~|null|Null|NULL|)$`)
	yamlTime  = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2}|\d{4}-\d{1,2}-\d{1,2}(?:[Tt]|[ \t]+)\d{1,2}:\d{2}:\d{2}(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d{1,2}(?::\d{2})?))?)$`)
)

func plainScalar(n *yamldoc.Node) (any, error) {
	switch s := n.Value; {
	case yamlTrue.MatchString(s):
		return true, nil
	case yamlFalse.MatchString(s):
		return false, nil
	case yamlFloat.MatchString(s), yamlInt.MatchString(s):
		return json.Number(""), nil
	case yamlNull.MatchString(s):
		return nil, nil
	case yamlTime.MatchString(s):
		return other("date"), nil
	case s == "=", s == "<<":
		return nil, fmt.Errorf("line %d: put quotes around a lone = or <<", n.Line)
	default:
		return s, nil
	}
}
