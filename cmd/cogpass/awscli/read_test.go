package awscli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"testing"
)

// TestShorthand and TestYAML read what the AWS CLI 2.9.19's own readers read:
// each line is a text, and the value unless the AWS CLI refuses it. Every number
// is 0, and {"!": TYPE} any other value that no request has.
func TestShorthand(t *testing.T) {
	testReader(t, "shorthand.jsonl", parseShorthand, nil)
}

func TestYAML(t *testing.T) { testReader(t, "yaml.jsonl", parseYAML, refusedHere) }

// refusedHere matches documents that may be refused though the AWS CLI takes
// them: docs/aws-cli.md lists why.
var refusedHere = regexp.MustCompile(`^[ \n]*%|<<|!|[&*]|{\w+:\w|\t|(?m)^\x{FEFF}? *= *:|\\u[dD][89a-fA-F]|\\['/]`)

func testReader(t *testing.T, file string, read func(string) (any, error), mayRefuse *regexp.Regexp) {
	data, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		var c []any
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		text := c[0].(string)
		v, err := read(text)
		switch {
		case err != nil && len(c) == 2 && (mayRefuse == nil || !mayRefuse.MatchString(text)):
			t.Errorf("%q: got %v, want %v", text, err, c[1])
		case err == nil && len(c) == 1:
			t.Errorf("%q: got %v, want it refused", text, v)
		case err == nil && !reflect.DeepEqual(plain(v), c[1]):
			t.Errorf("%q: got %v, want %v", text, v, c[1])
		}
	}
}

// plain is a value as the files have it.
func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		return 0.0
	case other:
		return map[string]any{"!": string(v)}
	case []any:
		for i, e := range v {
			v[i] = plain(e)
		}
	case map[string]any:
		for k, e := range v {
			v[k] = plain(e)
		}
	}
	return v
}
