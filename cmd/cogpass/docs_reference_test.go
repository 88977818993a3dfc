package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"cogpass/jobs"
	"cogpass/report"
)

//go:generate go test -count=1 -run ^TestDocsReference$ . -update

var update = flag.Bool("update", false, "write the references anew in the pages of the documentation")

// TestDocsReference holds the tables in pages that are made from what the
// program knows: the schemas and the flags of its commands.
func TestDocsReference(t *testing.T) {
	for _, of := range []struct{ page, name, text string }{
		{"docs/job-file.md", "job", jobReference(t)},
		{"docs/job-file.md", "users", usersReference(t)},
		{"docs/report.md", "result", schemaTable(readSchema(t, report.Schema()).Defs["result"], nil)},
		{"docs/report.md", "summary", schemaTable(readSchema(t, report.Schema()).Properties.of("summary"), nil)},
		{"docs/report.md", "run", schemaTable(readSchema(t, report.Schema()).Properties.of("run"), nil)},
		{"docs/commands.md", "flags", flagReference()},
		{"docs/troubleshooting.md", "starts", adviceReference(report.Starts)},
		{"docs/troubleshooting.md", "stops", adviceReference(report.Stops)},
		{"docs/troubleshooting.md", "failures", adviceReference(report.Tasks)},
		{"docs/troubleshooting.md", "unknowns", adviceReference(report.Unknowns)},
		{"docs/troubleshooting.md", "skips", adviceReference(report.Skips)},
	} {
		text := readAll(t, of.page)
		begin, end := fmt.Sprintf("<!-- %s: made by go generate -->\n", of.name), fmt.Sprintf("<!-- end of %s -->", of.name)
		before, rest, found := strings.Cut(text, begin)
		got, after, closed := strings.Cut(rest, end)
		switch want := "\n" + of.text + "\n"; {
		case !found || !closed:
			t.Errorf("%s: there is no place for %s", of.page, of.name)
		case got == want:
		case *update:
			path := filepath.Join(repository, filepath.FromSlash(of.page))
			if err := os.WriteFile(path, []byte(before+begin+want+end+after), 0o644); err != nil {
				t.Fatal(err)
			}
		default:
			t.Errorf("%s: %s is not what the program knows: go generate ./cmd/cogpass makes it anew", of.page, of.name)
		}
	}
}

// A keySchema is what a table needs of a JSON Schema.
type keySchema struct {
	Ref         string `json:"$ref"`
	Type        any
	Description string
	Const       any
	Enum        []any
	Default     any
	Examples    []any
	Minimum     *float64
	Maximum     *float64
	Required    []string
	Properties  keyList
	Patterns    keyList `json:"patternProperties"`
	AnyOf       []keySchema
	Defs        map[string]keySchema `json:"$defs"`
}

// A keyList is the properties of an object, in the order of the source.
type keyList struct {
	names   []string
	schemas map[string]keySchema
}

func (l keyList) of(name string) keySchema { return l.schemas[name] }

func (l *keyList) UnmarshalJSON(text []byte) error {
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	if _, err := decoder.Token(); err != nil {
		return err
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return err
		}
		l.names = append(l.names, name.(string))
		var skip json.RawMessage
		if err := decoder.Decode(&skip); err != nil {
			return err
		}
	}
	return json.Unmarshal(text, &l.schemas)
}

func readSchema(t *testing.T, text []byte) keySchema {
	t.Helper()
	var s keySchema
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// resolve follows a reference, whose target says what the schema itself does not.
func (s keySchema) resolve(defs map[string]keySchema) keySchema {
	if s.Ref == "" {
		return s
	}
	target := defs[strings.TrimPrefix(s.Ref, "#/$defs/")].resolve(defs)
	if s.Description != "" {
		target.Description = s.Description
	}
	if s.Default != nil {
		target.Default = s.Default
	}
	if s.Examples != nil {
		target.Examples = s.Examples
	}
	return target
}

// values writes what a key may be: what it must be of, or an example.
func (s keySchema) values() string {
	list := s.Enum
	switch {
	case s.Const != nil:
		list = []any{s.Const}
	case s.Examples != nil:
		list = s.Examples
	case s.Type == "boolean":
		list = []any{true, false}
	case s.Type == "integer" && s.Minimum != nil && s.Maximum != nil && *s.Maximum >= 1e9:
		return fmt.Sprintf("from %.0f", *s.Minimum)
	case s.Type == "integer" && s.Minimum != nil && s.Maximum != nil:
		return fmt.Sprintf("%.0f to %.0f", *s.Minimum, *s.Maximum)
	case s.Type == "integer" && s.Minimum != nil:
		return fmt.Sprintf("from %.0f", *s.Minimum)
	}
	var words []string
	for _, v := range list {
		words = append(words, "`"+plainValue(v)+"`")
	}
	return strings.Join(words, ", ")
}

// plainValue writes a value as a job would have it.
func plainValue(v any) string {
	var words []string
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			words = append(words, key+": "+plainValue(v[key]))
		}
		return "{" + strings.Join(words, ", ") + "}"
	case []any:
		for _, one := range v {
			words = append(words, plainValue(one))
		}
		return "[" + strings.Join(words, ", ") + "]"
	}
	return fmt.Sprint(v)
}

// rows writes a table's rows of an object's keys, and of the objects in it.
func (s keySchema) rows(prefix string, defs map[string]keySchema, add func(key string, s keySchema, required bool)) {
	for _, list := range []keyList{s.Properties, s.Patterns} {
		for _, name := range list.names {
			key := list.of(name).resolve(defs)
			label := prefix + patternNames.Replace(name)
			add(label, key, slices.Contains(s.Required, name))
			if list.of(name).Ref == "" || inlined[list.of(name).Ref] {
				key.rows(label+".", defs, add)
				for _, way := range key.AnyOf {
					way.rows(label+".", defs, add)
				}
			}
		}
	}
}

var (
	patternNames = strings.NewReplacer(`^clientMetadata\..`, "clientMetadata.KEY", `^attributes\..`, "attributes.NAME")
	// inlined are definitions whose keys are told where they are referred to first.
	inlined = map[string]bool{"#/$defs/handoff": true, "#/$defs/password": true, "#/$defs/recipe": true}
)

// jobSections are the headings of docs/job-file.md that say more of a key.
var jobSections = map[string]string{
	"action": "actions", "password": "passwords", "password.generate": "generated-passwords", "handoff": "handing-passwords-over",
	"check": "checking-a-new-password", "signOut": "steps-beside-the-action", "enable": "steps-beside-the-action",
	"ifMissing": "users-that-are-missing", "users": "users", "exclude": "who-is-left-out", "where": "the-state-of-users",
}

func jobReference(t *testing.T) string {
	schema := readSchema(t, jobs.Schema(report.Extensions()))
	var out strings.Builder
	out.WriteString("| key | values | default | meaning |\n|---|---|---|---|\n")
	seen := map[string]bool{}
	schema.rows("", schema.Defs, func(key string, s keySchema, required bool) {
		if seen[key] {
			return
		}
		seen[key] = true
		fallback := ""
		switch {
		case s.Default != nil:
			fallback = "`" + plainValue(s.Default) + "`"
		case required && !strings.Contains(key, "."):
			fallback = "required"
		}
		meaning := escapeCell(s.Description)
		if section := jobSections[key]; section != "" {
			meaning += " [More](#" + section + ")."
		}
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s |\n", key, escapeCell(s.values()), fallback, meaning)
	})
	return out.String()
}

// usersReference is the table of the keys that a user and each kind of source
// may have.
func usersReference(t *testing.T) string {
	schema := readSchema(t, jobs.Schema(report.Extensions()))
	kinds := []string{"user", "csvSource", "jsonlSource", "poolSource"}
	has := map[string]map[string]string{}
	meaning := map[string]string{}
	var keys []string
	for _, kind := range kinds {
		schema.Defs[kind].rows("", schema.Defs, func(key string, s keySchema, required bool) {
			if strings.HasPrefix(key, "password.") {
				return // as those of the job
			}
			if has[key] == nil {
				has[key] = map[string]string{}
				keys = append(keys, key)
				meaning[key] = s.Description
			}
			has[key][kind] = "yes"
			if required {
				has[key][kind] = "required"
			}
		})
	}
	var out strings.Builder
	out.WriteString("| key | a user | `csv` | `jsonl` | `pool` | meaning |\n|---|---|---|---|---|---|\n")
	for _, key := range keys {
		fmt.Fprintf(&out, "| `%s` |", key)
		for _, kind := range kinds {
			fmt.Fprintf(&out, " %s |", has[key][kind])
		}
		fmt.Fprintf(&out, " %s |\n", escapeCell(meaning[key]))
	}
	return out.String()
}

// schemaTable is a table of an object's keys.
func schemaTable(s keySchema, defs map[string]keySchema) string {
	var out strings.Builder
	out.WriteString("| key | |\n|---|---|\n")
	for _, name := range s.Properties.names {
		fmt.Fprintf(&out, "| `%s` | %s |\n", name, escapeCell(s.Properties.of(name).resolve(defs).Description))
	}
	return out.String()
}

func escapeCell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// flagReference lists the flags of each command, in the words of its help.
func flagReference() string {
	var out strings.Builder
	eachCommand(silentRoot(), func(cmd *cobra.Command) {
		if cmd.Hidden || cmd.DisableFlagParsing || strings.HasPrefix(cmd.CommandPath(), "cogpass completion") || !cmd.HasAvailableLocalFlags() {
			return
		}
		var rows strings.Builder
		cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if f.Hidden || f.Name == "help" || f.Name == "version" {
				return
			}
			value, usage := pflag.UnquoteUsage(f)
			name := "--" + f.Name
			if f.Shorthand != "" {
				name = "-" + f.Shorthand + "`, `" + name
			}
			if value != "" {
				name += " " + strings.ToUpper(value)
			}
			fmt.Fprintf(&rows, "| `%s` | %s |\n", name, escapeCell(usage+flagDefault(f)))
		})
		if rows.Len() > 0 {
			fmt.Fprintf(&out, "| `%s` | |\n|---|---|\n%s\n", strings.TrimPrefix(cmd.CommandPath(), "cogpass "), rows.String())
		}
	})
	return strings.TrimSuffix(out.String(), "\n")
}

func flagDefault(f *pflag.Flag) string {
	switch f.DefValue {
	case "", "false", "0", "0s", "[]":
		return ""
	}
	return " (default `" + f.DefValue + "`)"
}
