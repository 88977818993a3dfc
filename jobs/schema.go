package jobs

import (
	"bytes"
	_ "embed"
	"strings"
)

//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema (draft 2020-12) of the job file. reports are the
// extensions that the name of a report may have, with their dots.
func Schema(reports []string) []byte {
	pattern := strings.ReplaceAll(strings.Join(reports, "|"), ".", "")
	return bytes.Replace(schema, []byte("EXTENSION_OF_REPORT"), []byte(pattern), 1)
}
