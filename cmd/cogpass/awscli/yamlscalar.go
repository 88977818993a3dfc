package awscli

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"cogpass/cmd/cogpass/awscli/pyval"
	"cogpass/jobs/yamldoc"
)

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
