package awscli

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"cogpass/jobs"
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
		var parts []string
		for k, v := range first.(map[string]any) {
			parts = append(parts, fmt.Sprintf(`%s="%s"`, k, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v.(string))))
		}
		text = strings.Join(parts, ",")
		again, err := parseShorthand(text)
		if err != nil {
			t.Fatalf("%q is not read back: %v", text, err)
		}
		if !reflect.DeepEqual(again, first) {
			t.Errorf("got %v, want %v", again, first)
		}
	})
}

// FuzzSkeleton fills in a skeleton, and gives it back as an input document.
func FuzzSkeleton(f *testing.F) {
	f.Add("us-west-2_aaaaaaaaa", "ana", "Correct-horse-1", true)
	f.Add("", "zoë\n", `"\u00e9\`, false)
	f.Fuzz(func(t *testing.T, pool, username, password string, permanent bool) {
		if !utf8.ValidString(pool + username + password) {
			return
		}
		var filled map[string]any
		if err := json.Unmarshal([]byte(operations[0].jsonSkeleton()), &filled); err != nil {
			t.Fatal(err)
		}
		filled["UserPoolId"], filled["Username"], filled["Password"], filled["Permanent"] = pool, username, password, permanent
		text, _ := json.Marshal(filled)
		c := &invocation{op: operations[0]}
		r, err := c.request(t.Context(), values{inputJSON: jobs.NewSecret(string(text))})
		if err != nil {
			t.Fatal(err)
		}
		body, err := r.body()
		var sent map[string]any
		if json.Unmarshal(body, &sent); err != nil || !reflect.DeepEqual(sent, filled) {
			t.Errorf("got %s, %v, want %v", body, err, filled)
		}
		if err := c.op.validate(r); (err != nil) != (pool == "" || username == "") {
			t.Errorf("got %v of %s", err, body)
		}
	})
}

// FuzzInput holds the readers of documents and queries to ending, and to
// changing no character: what is read and written is read as the same.
func FuzzInput(f *testing.F) {
	for _, seed := range []string{`{"UserPoolId": "p"}`, "UserPoolId: p\nUsername: &a [b, *a]", "<<: {a: b}", `"\ud83d\ude42"`, `"\ud83d"`, "a.b[?c==`1`] | {d: @}", "merge(`1`)", "%YAML 1.1\n---\nPermanent: yes"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, document string) {
		parseYAML(document)
		if q, err := compileQuery(document); err == nil {
			search(q, map[string]any{})
		}
		v, err := parseJSON(document)
		if err != nil {
			return
		}
		if strings.Contains(fmt.Sprint(v), "\uFFFD") && !strings.Contains(strings.ToLower(document), `\ufffd`) && !strings.Contains(document, "\uFFFD") {
			t.Errorf("%q: a character was changed: %q", document, v)
		}
		text, _ := json.Marshal(v)
		if again, err := parseJSON(string(text)); err != nil || !reflect.DeepEqual(again, v) {
			t.Errorf("%s becomes %v (%v)", text, again, err)
		}
	})
}

func TestYAMLSkeletonIsTheJSONSkeleton(t *testing.T) {
	for _, op := range operations {
		fromYAML, err := parseYAML(op.yamlSkeleton())
		if err != nil {
			t.Fatal(err)
		}
		fromJSON, err := parseJSON(op.jsonSkeleton())
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(fromYAML, fromJSON) {
			t.Errorf("%s: got %v, want %v", op.command, fromYAML, fromJSON)
		}
	}
}
