package main

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// eventKeys are the keys of an event of the log, as docs/logs.md has them.
type eventKeys struct{ always, may []string }

var backticked = regexp.MustCompile("`([^`]+)`")

// documentedEvents are the rows of the table of events.
func documentedEvents() (map[string]eventKeys, error) {
	text, err := os.ReadFile("../../docs/logs.md")
	if err != nil {
		return nil, err
	}
	_, table, _ := strings.Cut(string(text), "| event |")
	events := map[string]eventKeys{}
	keys := regexp.MustCompile(`\([^)]*\)`)
	for row := range strings.Lines(table) {
		cells := strings.Split(row, "|")
		if len(cells) != 6 || !strings.HasPrefix(cells[1], " `") {
			continue
		}
		words := func(cell string) (names []string) {
			for _, found := range backticked.FindAllStringSubmatch(keys.ReplaceAllString(cell, ""), -1) {
				names = append(names, found[1])
			}
			return names
		}
		events[words(cells[1])[0]] = eventKeys{words(cells[3]), words(cells[4])}
	}
	return events, nil
}

// Every event that the code has is documented, and no other.
func TestEventsDocumented(t *testing.T) {
	documented, err := documentedEvents()
	if err != nil {
		t.Fatal(err)
	}
	code := map[string]bool{"listing": true, "progress": true}
	for _, path := range []string{"log.go", "../bulk/message.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 || !ofEvents(spec.Type) {
				return true
			}
			if name, ok := spec.Values[0].(*ast.BasicLit); ok {
				event, _ := strconv.Unquote(name.Value)
				code[event] = true
			}
			return true
		})
	}
	for event := range code {
		if _, ok := documented[event]; !ok {
			t.Errorf("docs/logs.md does not have the event %s", event)
		}
	}
	for event := range documented {
		if !code[event] {
			t.Errorf("docs/logs.md has an event that there is not: %s", event)
		}
	}
}

func ofEvents(of ast.Expr) bool {
	switch of := of.(type) {
	case *ast.Ident:
		return of.Name == "Event"
	case *ast.SelectorExpr:
		return of.Sel.Name == "Event"
	}
	return false
}

// cmdLog holds a log in JSON to docs/logs.md: each line's event has the keys that it should, and
// no others. The events are among those of the log.
func cmdLog(ts *testscript.TestScript, _ *scriptWorld, args []string) {
	need(ts, len(args) >= 1, "log FILE EVENT…")
	documented, err := documentedEvents()
	ts.Check(err)
	seen := map[string]bool{}
	for line := range bytes.Lines([]byte(ts.ReadFile(args[0]))) {
		var record map[string]any
		if err := json.Unmarshal(line, &record); err != nil {
			ts.Fatalf("%s: %v", line, err)
		}
		event, _ := record["event"].(string)
		keys, ok := documented[event]
		if !ok {
			ts.Fatalf("an event %q that is not documented: %s", event, line)
		}
		seen[event] = true
		for _, key := range append([]string{"time", "level", "msg", "event"}, keys.always...) {
			if _, ok := record[key]; !ok {
				ts.Fatalf("no %s in %s", key, line)
			}
			delete(record, key)
		}
		for _, key := range append([]string{"run"}, keys.may...) { // run is of each line, where there are several
			delete(record, key)
		}
		for key := range record {
			ts.Fatalf("%s is not documented in %s", key, line)
		}
	}
	for _, event := range args[1:] {
		if !seen[event] {
			ts.Fatalf("no %s in %s", event, args[0])
		}
	}
}
