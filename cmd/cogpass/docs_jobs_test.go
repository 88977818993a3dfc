package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"cogpass/jobs"
	"cogpass/jobs/yamldoc"
	"cogpass/report"
)

// TestDocsJobs holds every YAML block of the pages to the schema of jobs. One
// that is no whole job is a part of one: keys of a job, or of its users, or a
// list of protected users.
func TestDocsJobs(t *testing.T) {
	schema := jobSchema(t)
	blocks := 0
	for _, p := range readPages(t) {
		for _, b := range p.blocks {
			if b.lang != "yaml" {
				continue
			}
			blocks++
			root, err := yamldoc.Parse([]byte(strings.Join(b.text, "\n")))
			if err != nil || root == nil {
				t.Errorf("%s:%d: got %v, %v", p.path, b.line, root, err)
				continue
			}
			var v any
			if err := root.Decode(&v); err != nil {
				t.Errorf("%s:%d: %v", p.path, b.line, err)
				continue
			}
			if err := schema.Validate(wholeJob(v)); err != nil {
				t.Errorf("%s:%d: %v", p.path, b.line, err)
			}
		}
	}
	if blocks < 10 {
		t.Errorf("got %d blocks, want 10 at least", blocks)
	}
}

// jobSchema returns the schema that the program prints.
func jobSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := jsonschema.UnmarshalJSON(bytes.NewReader(jobs.Schema(report.Extensions())))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("job.json", text); err != nil {
		t.Fatal(err)
	}
	return compiler.MustCompile("job.json")
}

// wholeJob makes a job of a part of one.
func wholeJob(v any) any {
	job := map[string]any{"version": 1, "users": []any{"ana"}}
	switch v := v.(type) {
	case []any:
		job["users"] = v
	case map[string]any:
		if list, is := v["protect"]; is {
			delete(v, "protect")
			v["exclude"] = list
		}
		for key, value := range v {
			job[key] = value
		}
	default:
		return fmt.Sprint(v)
	}
	return job
}
