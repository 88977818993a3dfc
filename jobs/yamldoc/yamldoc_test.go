package yamldoc

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestParseErrors(t *testing.T) {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c <= 'h'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.Repeat(fmt.Sprintf("*%c, ", c-1), 10))
	}
	tests := []struct{ name, text, want string }{
		{"two documents", "a: 1\n---\nb: 2\n", "line 2:1: a second YAML document"},
		{"a second that is broken", "a: 1\n---\nb: [\n", "line 3:4: a bracket that is not closed"},
		{"tab", "a:\n\tb: 1\n", "line 2:1: a tab in the indentation"},
		{"unknown anchor", "a: 1\nb: *secret\n", "line 2:4: an alias without its anchor"},
		{"flow that does not end", "a: 1\nb: [c\n", "line 2:4: a bracket that is not closed"},
		{"first line", "a: b: c\n", "line 1:5: a colon and a blank within a value"},
		{"anchor in itself", "a: &a [*a]\n", "line 1:8: an anchor that contains itself"},
		{"tab below spaces", "a:\n  \tb: 1\n", "line 2:3: a tab in the indentation"},
		{"brace", "é: ü\nb: {c: [d], e: secret\nf: g\n", "line 2:4: a brace that is not closed"},
		{"the wrong kind", "b: [c, {d: secret]}\n", "line 1:18: a bracket that closes what another kind opened"},
		{"one too many", "b: [c]]\n", "line 1:7: something after what is closed"},
		{"quote", "é: 'it''s'\nb: [ü, \"secret]\n", "line 2:8: a quote that is not closed"},
		{"quote in a quote", "b: {c: 'sec'ret'}\n", "line 1:13: something after the end of a quoted value"},
		{"two values", "b: {c: \"secret\" d: e}\n", "line 1:17: something after the end of a quoted value"},
		{"backslash", `b: "a\n \secret"`, "line 1:9: a backslash that YAML does not know"},
		{"at", "b:\n  - @secret\n", "line 2:5: a value that begins with a character of YAML's own"},
		{"percent in braces", "b: {c: %secret}\n", "line 1:8: a value that begins with a character of YAML's own"},
		{"bar", "b: |secret\n", "line 1:4: a value that begins with a character of YAML's own"},
		{"dash", "b: - secret\n", "line 1:4: a value that begins with a character of YAML's own"},
		{"question", "b: ? secret\n", "line 1:4: a value that begins with a character of YAML's own"},
		{"indented too little", "b:\n  - c: d\n   e: secret\n", "line 3:4: a line that is indented like none above it"},
		{"no blank after the colon", "b: c\nd:secret\n", "line 2: a line without a key"},
		{"a key in a list", "a:\n  - b\n  secret: c\n", "line 2: a list that begins here is not a list to its end"},
		{"what is no fault", "a: what? yes\nb: &c {d: e, f: g}\nh: |\n  i: j: [\nk: \"l\n  m: n\" # '\no: {\n", "line 7:4: a brace that is not closed"},
		{"bomb", bomb, "line 8:8: aliases that expand to too much"},
	}
	for _, test := range tests {
		_, err := Parse([]byte(test.text))
		var broken *Error
		if !errors.As(err, &broken) || err.Error() != test.want || broken.Hint == "" && !strings.Contains(test.want, "anchor") {
			t.Errorf("%s: got %v, want %s and a hint", test.name, err, test.want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error shows the text: %v", test.name, err)
		}
	}
}

func TestParseNothing(t *testing.T) {
	for _, text := range []string{"", "\n", "# comment\n"} {
		if root, err := Parse([]byte(text)); root != nil || err != nil {
			t.Errorf("%q: got %v, %v", text, root, err)
		}
	}
}

// TestSharedDefaults checks that a value that many users share is no bomb.
func TestSharedDefaults(t *testing.T) {
	text := "all:\n  - &a {x: 1, y: 2, z: 3}\n" + strings.Repeat("  - *a\n", 5000)
	root, err := Parse([]byte(text))
	if err != nil || len(root.Content[1].Content) != 5001 {
		t.Errorf("got %v, %v", root, err)
	}
}

// TestScanCut scans texts that end anywhere, in each of the states there are.
func TestScanCut(t *testing.T) {
	text := "a: &b !c [d, {e: \"f\\n\", 'g''h': *b}]\r\ni: |-\n  j\n\n k: l\n- - m: >\n    n\n    o # p\n? q\n: \"r\n  s\"\n\t"
	for from := range text {
		for to := from; to <= len(text); to++ {
			scan([]byte(text[from:to]))
		}
	}
}
