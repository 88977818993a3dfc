package awscli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"cogpass/cmd/cogpass/awscli/pyval"
)

// TestShorthand and TestYAML read what the AWS CLI 2.9.19's own readers read.
func TestShorthand(t *testing.T) {
	testReader(t, "shorthand.jsonl", func(text string) (any, error) { return parseShorthand(text) })
}

func TestYAML(t *testing.T) { testReader(t, "yaml.jsonl", parseYAML) }

func testReader(t *testing.T, file string, read func(string) (any, error)) {
	data, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		var c [2]string // the text, and the value as described gives it
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		v, err := read(c[0])
		var got string
		switch err {
		case nil:
			got = described(v)
		case errNumber:
			got = strconv.Itoa(exitGeneral)
		default:
			got = "ERR"
		}
		if got != c[1] {
			t.Errorf("%q: got %s, want %s", c[0], got, c[1])
		}
	}
}

// described writes a value with its types: of what is neither text nor a
// container, the type is all that matters.
func described(v any) string {
	switch v := v.(type) {
	case string:
		return "s:" + pyval.ASCII(v)
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = described(e)
		}
		return "[" + strings.Join(parts, ",") + "]"
	case *pyval.Map:
		var parts []string
		for _, k := range v.Keys() {
			e, _ := v.Get(k)
			parts = append(parts, described(k)+"="+described(e))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case bool:
		return strconv.FormatBool(v)
	case nil:
		return "None"
	}
	return pyval.TypeName(v)
}
