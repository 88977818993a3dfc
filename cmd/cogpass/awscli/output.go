package awscli

import (
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
)

// show prints the answer, which is empty, after the query.
func (c *invocation) show() error {
	format := c.globals.output
	if fromEnvironment, set := os.LookupEnv("AWS_DEFAULT_OUTPUT"); format == "" && set {
		format = fromEnvironment
	}
	var answer any = map[string]any{}
	if c.globals.query != nil {
		var err error
		if answer, err = search(c.globals.query, answer); err != nil {
			return err
		}
	}
	switch m, isMap := answer.(map[string]any); {
	case !slices.Contains([]string{"", "json", "text", "table", "yaml", "yaml-stream"}, format):
		return generalf("unknown output type: %q", format)
	case isMap && len(m) == 0:
		return nil
	case format == "text":
		if line, ok := textLine(answer); ok {
			_, err := io.WriteString(c.streams.Out, line)
			return err
		}
	}
	e := json.NewEncoder(c.streams.Out)
	e.SetIndent("", "    ")
	e.SetEscapeHTML(false)
	return e.Encode(answer)
}

// textLine is a value, or the values of a list, on one line. It is none of
// what holds more than that.
func textLine(v any) (string, bool) {
	list, isList := v.([]any)
	if !isList {
		list = []any{v}
	}
	var fields []string
	for _, e := range list {
		switch e.(type) {
		case []any, map[string]any:
			return "", false
		}
		fields = append(fields, scalarText(e))
	}
	if len(fields) == 0 {
		return "", true
	}
	return strings.Join(fields, "\t") + "\n", true
}

// scalarText writes a value as Python does, and what it has no word for as
// JSON.
func scalarText(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case string:
		return v
	}
	data, _ := json.Marshal(v)
	switch text := string(data); text {
	case "true", "false":
		return strings.ToUpper(text[:1]) + text[1:]
	default:
		return text
	}
}
