package report

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestSchema holds the schema to every report in JSON that the tests have, and
// its keys to the columns.
func TestSchema(t *testing.T) {
	text, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("report.json", text); err != nil {
		t.Fatal(err)
	}
	whole, result := compiler.MustCompile("report.json"), compiler.MustCompile("report.json#/$defs/result")
	validate := func(name string, schema *jsonschema.Schema, text []byte) {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	reports, _ := filepath.Glob("testdata/*.json")
	taken := 0
	for _, path := range reports {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(text, []byte("{\n\"run\"")) {
			continue // a skeleton
		}
		validate(path, whole, text)
		taken++
	}
	if taken < 4 {
		t.Errorf("got %d reports, want 4 at least", taken)
	}
	for line := range bytes.Lines(render(t, JSONL, sampleRun(), sequence(besideResults()))) {
		validate("a line", result, line)
	}
	for _, refused := range []string{`{}`, `{"run": {}, "summary": {}, "results": []}`} {
		v, _ := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(refused)))
		if whole.Validate(v) == nil {
			t.Errorf("the schema takes %s", refused)
		}
	}
}

// TestSchemaOrder holds that the schema has the columns in their order.
func TestSchemaOrder(t *testing.T) {
	var schema struct {
		Defs struct {
			Result struct {
				Required   []string
				Properties map[string]json.RawMessage
			}
		} `json:"$defs"`
	}
	if err := json.Unmarshal(Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, c := range columns {
		want = append(want, c.name)
	}
	if got := schema.Defs.Result.Required; !slices.Equal(got, want) || len(schema.Defs.Result.Properties) != len(want) {
		t.Errorf("got the keys %q, want %q", got, want)
	}
}
