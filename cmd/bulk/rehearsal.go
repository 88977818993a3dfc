package bulk

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"cogpass/report"
	"cogpass/runner/sandbox"
)

// ofSandbox reports whether a file is a report of a run in the sandbox: by the
// account that it names, or by the first request that it has.
func ofSandbox(path string, format report.Format) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	switch format {
	case report.CSV:
		return csvOfSandbox(file)
	case report.JSONL:
		return jsonlOfSandbox(file)
	}
	head := make([]byte, 4096)
	n, _ := io.ReadFull(file, head)
	return accountLine.Match(head[:n])
}

// accountLine is where JSON and text say whose account it was.
var accountLine = regexp.MustCompile(`(?m)^(  "account": "` + sandboxAccount + `",|Account +` + sandboxAccount + `)$`)

func csvOfSandbox(from io.Reader) bool {
	rows := csv.NewReader(bufio.NewReader(from))
	rows.ReuseRecord = true
	header, err := rows.Read()
	column := slices.Index(header, "request_id")
	if err != nil || column < 0 {
		return false
	}
	for {
		row, err := rows.Read()
		if err != nil {
			return false
		}
		if id := row[column]; id != "" {
			return strings.HasPrefix(id, sandbox.TrialPrefix)
		}
	}
}

func jsonlOfSandbox(from io.Reader) bool {
	for lines := bufio.NewScanner(from); lines.Scan(); {
		var row struct {
			RequestID string `json:"request_id"`
		}
		if err := json.Unmarshal(bytes.TrimSpace(lines.Bytes()), &row); err != nil {
			return false
		}
		if row.RequestID != "" {
			return strings.HasPrefix(row.RequestID, sandbox.TrialPrefix)
		}
	}
	return false
}
