package awscli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// readInput reads the input document that an option gives, if one does.
func readInput(ctx context.Context, v values) (map[string]any, error) {
	name, language, parse := inputJSON, "JSON", parseJSON
	switch {
	case v.has(inputJSON) && v.has(inputYAML):
		return nil, usagef("only one of %s and %s may be given", inputJSON, inputYAML)
	case v.has(inputYAML):
		name, language, parse = inputYAML, "YAML", parseYAML
	case !v.has(inputJSON):
		return nil, nil
	}
	content, err := resolveFile(ctx, name, v[name])
	if err != nil {
		return nil, err
	}
	text, isText := content.(string)
	if !isText {
		text = strings.TrimPrefix(string(content.([]byte)), "\uFEFF")
	}
	document, err := parse(text)
	var exit *exitError
	if errors.As(err, &exit) {
		return nil, &exitError{code: exit.code, msg: fmt.Sprintf("parameter %s: %s", name, exit.msg)}
	} else if err != nil {
		return nil, usagef("parameter %s: invalid %s: %v", name, language, err)
	}
	members, ok := document.(map[string]any)
	if !ok {
		return nil, usagef("parameter %s: invalid type: it has to be a mapping, not a %s", name, typeName(document))
	}
	return members, nil
}

// parseMap reads the value of an option that takes a mapping: JSON where it
// begins like JSON, else shorthand.
func (m member) parseMap(value any) (any, error) {
	option := "--" + m.option
	s, ok := value.(string)
	if !ok && len(value.([]byte)) == 0 {
		return nil, usagef("parameter %s is empty", option)
	} else if !ok {
		return nil, generalf("parameter %s has to be text, not bytes", option)
	}
	parse := parseShorthand
	if trimmed := strings.TrimLeftFunc(s, isSpace); trimmed != "" && (trimmed[0] == '{' || trimmed[0] == '[') {
		parse = parseJSON
	}
	value, err := parse(s)
	if _, isMap := value.(map[string]any); err == nil && !isMap {
		err = errors.New("it has to be a mapping")
	}
	if err != nil {
		return nil, usagef("parameter %s (%s): %v", option, m.name, err)
	}
	return value, nil
}

// isSpace is what Python takes for white space.
func isSpace(c rune) bool { return unicode.IsSpace(c) || 0x1C <= c && c <= 0x1F }

var (
	// Numbers to the AWS CLI's JSON, but not to JSON. They are of use nowhere
	// in a request: any other value that is of none does.
	notNumbers = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|NaN|-?Infinity`)

	// Half a surrogate pair is no character, and encoding/json would put
	// another in its place.
	escapedPair = regexp.MustCompile(`\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}`)
	escapedHalf = regexp.MustCompile(`\\u[dD][89a-fA-F]`)
)

// parseJSON reads JSON, with numbers as json.Number. Of a key that is there
// twice the last value counts. Its error says where, and shows nothing of it.
func parseJSON(text string) (any, error) {
	text = notNumbers.ReplaceAllStringFunc(text, func(s string) string {
		if s[0] == '"' {
			return s
		}
		return "null"
	})
	var raw json.RawMessage
	var syntax *json.SyntaxError
	switch err := json.Unmarshal([]byte(text), &raw); {
	case errors.As(err, &syntax):
		before := text[:min(max(int(syntax.Offset)-1, 0), len(text))]
		line := strings.Count(before, "\n") + 1
		return nil, fmt.Errorf("not JSON at line %d, column %d", line, utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])+1)
	case err != nil, !utf8.ValidString(text):
		return nil, errors.New("not JSON in UTF-8")
	case escapedHalf.MatchString(escapedPair.ReplaceAllString(text, " ")):
		return nil, errors.New("it holds half of a surrogate pair, which is no character")
	}
	var value any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	err := d.Decode(&value)
	return value, err
}

// other is a value that no request has: its text says of what type.
type other string

// typeName names a value's type for a message.
func typeName(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case json.Number:
		return "number"
	case []byte:
		return "file of bytes"
	case []any:
		return "list"
	case map[string]any:
		return "mapping"
	case other:
		return string(v)
	}
	return "string"
}
