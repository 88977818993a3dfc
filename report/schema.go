package report

import _ "embed"

//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema (draft 2020-12) of the JSON report. A line of
// the JSON Lines report is a #/$defs/result of it. Nobody may change the bytes.
func Schema() []byte { return schema }
