package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// invocation is a call of the program in a text.
var invocation = regexp.MustCompile("(?:^|[\\s`(/$;|&'\"])cogpass((?: +[^\\s`|;&)]+)+)")

// silentRoot is the tree of commands, for looking things up.
func silentRoot() *cobra.Command {
	return newRoot(&system{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, LookupEnv: os.LookupEnv})
}

// TestDocsCommands holds that every command line in pages, examples and help
// texts names a command and flags that there are.
func TestDocsCommands(t *testing.T) {
	root := silentRoot()
	calls := 0
	check := func(place, text string) {
		for _, found := range invocation.FindAllStringSubmatch(text, -1) {
			calls++
			if fault := wrongCall(root, strings.Fields(found[1])); fault != "" {
				t.Errorf("%s: cogpass%s: %s", place, found[1], fault)
			}
		}
	}
	for _, p := range readPages(t) {
		for _, b := range p.blocks {
			if slices.Contains([]string{"console", "sh", ""}, b.lang) {
				check(p.path, strings.Join(b.text, "\n"))
			}
		}
		for _, line := range p.lines {
			for _, span := range codeSpan.FindAllString(line.text, -1) {
				if strings.HasPrefix(span, "`cogpass ") {
					check(p.path, span)
				}
			}
		}
	}
	for _, pattern := range []string{"*.yaml", "*.sh", "cron/*"} {
		paths, err := filepath.Glob(filepath.Join(repository, "examples", pattern))
		if err != nil || len(paths) == 0 {
			t.Fatalf("got examples %v, %v", paths, err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range strings.Split(string(text), "\n") {
				if _, call, is := strings.Cut(line, "#   cogpass "); is { // a line of its own in a comment
					check(path, " cogpass "+call)
				}
			}
		}
	}
	eachCommand(root, func(cmd *cobra.Command) {
		for _, line := range strings.Split(cmd.Long+"\n"+cmd.Example, "\n") {
			if strings.HasPrefix(line, "  cogpass ") {
				check("help of "+cmd.CommandPath(), line)
			}
		}
	})
	if calls < 100 {
		t.Errorf("got %d calls, want 100 at least", calls)
	}
}

// eachCommand calls f for a command and all below it.
func eachCommand(cmd *cobra.Command, f func(*cobra.Command)) {
	f(cmd)
	for _, sub := range cmd.Commands() {
		eachCommand(sub, f)
	}
}

// wrongCall returns what is wrong with the words of a call, or nothing.
func wrongCall(root *cobra.Command, words []string) string {
	if words[0] == "cognito-idp" { // as after aws
		words = words[1:]
	}
	if len(words) == 0 || strings.HasPrefix(words[0], "#") {
		return ""
	}
	cmd, _, err := root.Find(words[:1])
	if err != nil || cmd == root && !strings.HasPrefix(words[0], "-") && !isPlaceholder(words[0]) {
		return "there is no such command"
	}
	if cmd.DisableFlagParsing {
		return "" // the AWS CLI's options are held elsewhere
	}
	for _, sub := range words[1:] { // of a command that has commands
		if next, _, err := cmd.Find([]string{sub}); err == nil && next != cmd {
			cmd = next
		}
	}
	cmd.InitDefaultHelpFlag()
	cmd.InitDefaultVersionFlag()
	for _, word := range words {
		name, _, _ := strings.Cut(strings.TrimRight(word, ".,:"), "=")
		switch {
		case word == "#":
			return ""
		case strings.HasPrefix(name, "--") && len(name) > 2:
			if cmd.Flag(strings.TrimPrefix(name, "--")) == nil {
				return "there is no flag " + name
			}
		case len(name) == 2 && name[0] == '-' && name != "--":
			if cmd.Flags().ShorthandLookup(name[1:]) == nil {
				return "there is no flag " + name
			}
		}
	}
	return ""
}

// isPlaceholder reports whether a word stands for others.
func isPlaceholder(word string) bool { return word == strings.ToUpper(word) || word == "…" }

// TestDocsNameEverything holds that docs/commands.md names every command, and
// the README every exit code. TestDocsReference has the flags.
func TestDocsNameEverything(t *testing.T) {
	var spans []string
	for _, line := range readPage(t, "docs/commands.md").lines {
		for _, span := range codeSpan.FindAllString(line.text, -1) {
			spans = append(spans, strings.Trim(span, "`")+" ")
		}
	}
	for _, cmd := range silentRoot().Commands() {
		if !cmd.Hidden && !slices.ContainsFunc(spans, func(span string) bool { return strings.HasPrefix(span, cmd.Name()+" ") }) {
			t.Errorf("docs/commands.md does not name the command %s", cmd.Name())
		}
	}
	readme := readAll(t, "README.md")
	for _, code := range []int{0, exitSomeFailed, exitUsage, exitFatal, exitLimit, exitHeld, exitInterrupted} {
		if !strings.Contains(readme, "\n| "+strconv.Itoa(code)+" | ") {
			t.Errorf("README.md does not tell of exit code %d", code)
		}
	}
}

func readAll(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
