package pyval

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
	"unicode/utf8"
)

// TestJSON reads and writes what Python's json module was given.
func TestJSON(t *testing.T) {
	data, err := os.ReadFile("testdata/json.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		var c [3]string // the text, json.dumps of what it reads as, and its str
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		v, err := ParseJSON(c[0])
		if err != nil {
			if c[1] != "ERR" {
				t.Errorf("%q: %v, want %s", c[0], err, c[1])
			}
			continue
		}
		if got := ASCII(v); got != c[1] {
			t.Errorf("%q: got %s, want %s", c[0], got, c[1])
		}
		if got := Str(v); c[2] != "" && got != c[2] {
			t.Errorf("%q: got str %s, want %s", c[0], got, c[2])
		}
	}
}

func TestParseJSONBytes(t *testing.T) {
	const want = `{"k": "\u00e9"}`
	for name, data := range map[string]string{
		"UTF-8":          "{\"k\": \"é\"}",
		"with a mark":    "\xef\xbb\xbf{\"k\": \"é\"}",
		"UTF-16LE, mark": "\xff\xfe{\x00\"\x00k\x00\"\x00:\x00\"\x00\xe9\x00\"\x00}\x00",
		"UTF-16BE":       "\x00{\x00\"\x00k\x00\"\x00:\x00\"\x00\xe9\x00\"\x00}",
		"UTF-32LE":       "{\x00\x00\x00\"\x00\x00\x00k\x00\x00\x00\"\x00\x00\x00:\x00\x00\x00\"\x00\x00\x00\xe9\x00\x00\x00\"\x00\x00\x00}\x00\x00\x00",
	} {
		v, err := ParseJSONBytes([]byte(data))
		if err != nil || ASCII(v) != want {
			t.Errorf("%s: got %s, %v", name, ASCII(v), err)
		}
	}
	if _, err := ParseJSONBytes([]byte("\"\xff\"")); err == nil {
		t.Error("no error of what is no encoding")
	}
}

func TestArgumentsThatAreNotUTF8(t *testing.T) {
	text := FromArgument("a\xffé")
	if got, want := ASCII(text), `"a\udcff\u00e9"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := Text(Runes(text)); got != text || utf8.ValidString(got) {
		t.Errorf("got %q, want %q", got, text)
	}
}

func TestStr(t *testing.T) {
	v, err := ParseJSON(`{"a'b": [1, 1.5, null, true, "x\ty", "it's", "\"'"], "c": {}}`)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := Str(v), `{"a'b": [1, 1.5, None, True, 'x\ty', "it's", '"\''], 'c': {}}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
