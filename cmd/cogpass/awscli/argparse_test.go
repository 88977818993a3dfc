package awscli

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestArguments takes command lines apart as the argparse of the AWS CLI
// 2.9.19 did.
func TestArguments(t *testing.T) {
	data, err := os.ReadFile("testdata/arguments.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		var c struct {
			Args []string
			Want string
		}
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		if got := apart(c.Args); got != c.Want {
			t.Errorf("%q\n got %s\nwant %s", c.Args, got, c.Want)
		}
	}
}

// apart is the global options, the command and its own options, or what else
// becomes of a command line.
func apart(args []string) string {
	top, err := globals().parse(args)
	switch {
	case errors.Is(err, errVersion):
		return "VERSION"
	case err != nil:
		return "ERR"
	case top.values.text("command") == "help":
		return "HELP"
	case top.values.text("command") != service:
		return "ERR" // the short form is cogpass's own
	}
	below, err := operationWords().parse(top.rest)
	if err != nil {
		return "ERR"
	}
	op, ok := operationOf(below.values.text("operation"))
	if !ok || len(below.rest) == 1 && below.rest[0] == "help" {
		return "HELP"
	}
	c := &invocation{op: op}
	own, err := c.parser(below.rest).parse(below.rest)
	if err != nil {
		return "ERR"
	}
	switch word := own.values.text("help"); word {
	case "help":
		return "HELP"
	case "":
	default:
		own.rest = append(own.rest, word)
	}
	if len(own.rest) > 0 {
		rest, _ := json.Marshal(own.rest)
		return "UNKNOWN " + string(rest)
	}
	delete(own.values, "help")
	delete(top.values, "command")
	return options(top.values) + "|" + op.command + "|" + options(own.values)
}

func options(v values) string {
	isFlag := func(name string) bool {
		return strings.HasPrefix(name, "--no-") || slices.Contains([]string{"--debug", "--permanent", "--cli-auto-prompt"}, name)
	}
	var b []byte
	for _, name := range slices.Sorted(maps.Keys(v)) {
		value, _ := json.Marshal(v.text(name))
		if isFlag(name) {
			value = []byte(v.text(name))
		}
		b = append(append(append(b, name+"="...), value...), ';')
	}
	return string(b)
}
