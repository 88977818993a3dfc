package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	schema := compileSchema(t, jobs.Schema(report.Extensions()))
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

// TestDocsJSON holds that what pages show as JSON is that: one value, several, or
// keys of an object.
func TestDocsJSON(t *testing.T) {
	blocks := 0
	for _, p := range readPages(t) {
		for _, b := range p.blocks {
			if b.lang != "json" {
				continue
			}
			blocks++
			text := strings.Join(b.text, "\n")
			if err := onlyJSON(text); err != nil && onlyJSON("{"+text+"}") != nil {
				t.Errorf("%s:%d: %v", p.path, b.line, err)
			}
		}
	}
	if blocks < 5 {
		t.Errorf("got %d blocks, want 5 at least", blocks)
	}
}

func onlyJSON(text string) error {
	for decoder := json.NewDecoder(strings.NewReader(text)); ; {
		var v any
		if err := decoder.Decode(&v); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// compileSchema compiles a schema that the program prints.
func compileSchema(t *testing.T, text []byte) *jsonschema.Schema {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", v); err != nil {
		t.Fatal(err)
	}
	return compiler.MustCompile("schema.json")
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
