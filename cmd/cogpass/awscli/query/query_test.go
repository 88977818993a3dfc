package query

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"cogpass/cmd/cogpass/awscli/pyval"
)

// TestQueries asks an empty object what the AWS CLI's JMESPath was asked. ERR
// is an expression that is none, RUN one that cannot be answered.
func TestQueries(t *testing.T) {
	data, err := os.ReadFile("testdata/queries.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		var q [2]string // the expression, and the result as JSON
		if err := json.Unmarshal(line, &q); err != nil {
			t.Fatal(err)
		}
		if got := answer(q[0]); got != q[1] {
			t.Errorf("%s: got %s, want %s", q[0], got, q[1])
		}
	}
}

func answer(expression string) string {
	e, err := Compile(expression)
	if err != nil {
		return "ERR"
	}
	v, err := e.Search(&pyval.Map{})
	if err != nil || HoldsExpression(v) {
		return "RUN"
	}
	return pyval.ASCII(v)
}
