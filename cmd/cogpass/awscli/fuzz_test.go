package awscli

import (
	"reflect"
	"strings"
	"testing"

	"cogpass/cmd/cogpass/awscli/pyval"
	"cogpass/cmd/cogpass/awscli/query"
)

// FuzzShorthand holds the parser to ending, and to reading back what it read
// when that is written in quotes.
func FuzzShorthand(f *testing.F) {
	for _, seed := range []string{`k=v,k2="a,b"`, `k=a,b,k2=c`, `k={a=[b,{c=d}]}`, `k='it\'s'`, `k=a\,b`, "k = v ,", `k="a\"`, "k=zoë🙂"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		first, err := parseShorthand(text)
		if err != nil {
			return
		}
		text = rendered(first)
		again, err := parseShorthand(text[1 : len(text)-1])
		if err != nil {
			t.Fatalf("%q is not read back: %v", text, err)
		}
		if got, want := pyval.ASCII(again), pyval.ASCII(first); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

// rendered writes a value as shorthand. A value that the parser itself made
// has no backslash before a quote that an escape could not have made.
func rendered(v any) string {
	switch v := v.(type) {
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = rendered(e)
		}
		return "[" + strings.Join(parts, ",") + "]"
	case *pyval.Map:
		var parts []string
		for _, k := range v.Keys() {
			e, _ := v.Get(k)
			parts = append(parts, k.(string)+"="+rendered(e))
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	s := strings.ReplaceAll(v.(string), `\`, `\\`)
	return `"` + strings.ReplaceAll(s, `"`, `\"`) + `"`
}

// FuzzSkeleton fills in a skeleton, and gives it back as an input document.
func FuzzSkeleton(f *testing.F) {
	f.Add("us-west-2_aaaaaaaaa", "ana", "Correct-horse-1", true)
	f.Add("", "zoë\n", `"\u00e9\`, false)
	f.Fuzz(func(t *testing.T, pool, username, password string, permanent bool) {
		op := operations[0]
		v, err := pyval.ParseJSON(op.jsonSkeleton())
		if err != nil {
			t.Fatal(err)
		}
		filled := v.(*pyval.Map)
		for i, value := range []any{pyval.FromArgument(pool), pyval.FromArgument(username), pyval.FromArgument(password), permanent} {
			filled.Set(op.members[i].name, value)
		}
		params := &pyval.Map{}
		if err := addInput(params, map[string]any{inputJSON: pyval.ASCII(filled)}); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(params, filled) {
			t.Errorf("got %s, want %s", pyval.ASCII(params), pyval.ASCII(filled))
		}
		if err := op.validate(params); (err != nil) != (pool == "" || username == "") {
			t.Errorf("got %v of %s", err, pyval.ASCII(params))
		}
	})
}

// FuzzInput holds the readers of documents and queries to ending, and JSON to
// being the same after it was written and read.
func FuzzInput(f *testing.F) {
	for _, seed := range []string{`{"UserPoolId": "p"}`, "UserPoolId: p\nUsername: &a [b, *a]", "<<: {a: b}", `"\ud83d\ude42"`, "a.b[?c==`1`] | {d: @}", "%YAML 1.1\n---\nPermanent: yes"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, document string) {
		parseYAML(document)
		if e, err := query.Compile(document); err == nil {
			e.Search(&pyval.Map{})
		}
		v, err := pyval.ParseJSON(document)
		if err != nil {
			return
		}
		pyval.ParseJSONBytes([]byte(document))
		once := pyval.ASCII(v)
		again, err := pyval.ParseJSON(once)
		if err != nil || pyval.ASCII(again) != once {
			t.Errorf("%s becomes %s (%v)", once, pyval.ASCII(again), err)
		}
	})
}

func TestYAMLSkeletonIsTheJSONSkeleton(t *testing.T) {
	for _, op := range operations {
		fromYAML, err := parseYAML(op.yamlSkeleton())
		if err != nil {
			t.Fatal(err)
		}
		fromJSON, err := pyval.ParseJSON(op.jsonSkeleton())
		if err != nil {
			t.Fatal(err)
		}
		if got, want := pyval.ASCII(fromYAML), pyval.ASCII(fromJSON); got != want {
			t.Errorf("%s: got %s, want %s", op.command, got, want)
		}
	}
}
