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
		{"two documents", "a: 1\n---\nb: 2\n", "line 2: a second YAML document"},
		{"a second that is broken", "a: 1\n---\nb: [\n", "line 4: did not find expected node content"},
		{"tab", "a:\n\tb: 1\n", "line 2: a tab in the indentation"},
		{"unknown anchor", "a: 1\nb: *secret\n", "line 2: an alias without its anchor"},
		{"flow that does not end", "a: 1\nb: [c\n", "line 2: did not find expected ',' or ']'"},
		{"first line", "a: b: c\n", "line 1: mapping values are not allowed in this context"},
		{"anchor in itself", "a: &a [*a]\n", "line 1: an anchor that contains itself"},
		{"bomb", bomb, "line 8: aliases that expand to too much"},
	}
	for _, test := range tests {
		_, err := Parse([]byte(test.text))
		var broken *Error
		if !errors.As(err, &broken) || err.Error() != test.want || broken.Column == 0 {
			t.Errorf("%s: got %v, want %s and a column", test.name, err, test.want)
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
