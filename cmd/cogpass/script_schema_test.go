package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"cogpass/jobs"
	"cogpass/jobs/yamldoc"
	"cogpass/report"
)

// TestSchemaTakesScriptJobs holds the schema to every job that the scripts
// carry out: what runs has no fault in an editor.
func TestSchemaTakesScriptJobs(t *testing.T) {
	schema := compileSchema(t, jobs.Schema(report.Extensions()))
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	examples, err := filepath.Glob("../../examples/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	taken := 0
	check := func(name string, text []byte) {
		if err := schema.Validate(jobAsJSON(t, text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		taken++
	}
	for _, path := range examples {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		check(path, text)
	}
	for _, path := range scripts {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range archive.Files {
			if filepath.Base(path) != "bad-input.txtar" && filepath.Ext(file.Name) == ".yaml" && file.Name != "invalid.yaml" {
				check(path+" "+file.Name, file.Data)
			}
		}
	}
	if taken < 20 {
		t.Errorf("got %d jobs, want 20 at least", taken)
	}
}

// jobAsJSON returns a job as an editor sees it.
func jobAsJSON(t *testing.T, text []byte) any {
	t.Helper()
	root, err := yamldoc.Parse(text)
	if err != nil || root == nil {
		t.Fatalf("got %v, %v", root, err)
	}
	var v any
	if err := root.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}
