package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func testRoot() *cobra.Command {
	return newRoot(&system{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, LookupEnv: func(string) (string, bool) { return "", false }})
}

// everyCommand returns the root and all commands below it.
func everyCommand() []*cobra.Command {
	root := testRoot()
	return append([]*cobra.Command{root}, root.Commands()...)
}

func helpOf(t *testing.T, cmd *cobra.Command) string {
	t.Helper()
	var b strings.Builder
	if err := manualOf(cmd).write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestHelpOfEveryCommand(t *testing.T) {
	examples := regexp.MustCompile(`(?m)^Examples:?\n(  .*\n)+`)
	exits := regexp.MustCompile(`(?m)^Exit codes:?\n  0 +\S`)
	for _, cmd := range everyCommand() {
		t.Run(cmd.Name(), func(t *testing.T) {
			text := helpOf(t, cmd)
			if cmd.HasSubCommands() && cmd.HasParent() {
				t.Error("has commands below it, which the pages and this test do not know")
			}
			if shown := examples.FindString(text); !strings.Contains(shown, "cogpass "+strings.TrimPrefix(cmd.Name(), "cogpass")) {
				t.Errorf("got examples %q, want one that calls it", shown)
			}
			if !exits.MatchString(text) {
				t.Error("its exit codes are not in its help: exitsOf has them")
			}
			if last := strings.TrimRight(cmd.Short, "."); cmd.Short == "" || last != cmd.Short || len(cmd.Short) > 75 {
				t.Errorf("got %q, want a short line without a full stop", cmd.Short)
			}
			if strings.Contains(text, "string  ") || strings.Contains(text, "stringArray") {
				t.Error("a flag's value has no name: put it between backquotes in its usage")
			}
			for line := range strings.Lines(text) {
				if len([]rune(line)) > 101 {
					t.Errorf("too long for a terminal: %q", line)
				}
			}
		})
	}
}

func TestHelpTables(t *testing.T) {
	root := testRoot()
	grouped := map[string]bool{}
	for _, g := range commandGroups {
		for _, name := range g.Names {
			if grouped[name] {
				t.Errorf("%s is in two groups", name)
			}
			grouped[name] = true
		}
	}
	for _, cmd := range root.Commands() {
		if !cmd.Hidden && !grouped[cmd.Name()] {
			t.Errorf("%s is in none of commandGroups, so the help does not list it", cmd.Name())
		}
		titles, _ := manualOf(cmd).flags()
		if count := flagCount(cmd); count > 8 && len(titles) < 2 {
			t.Errorf("%s has %d flags: flagGroups should put them in order", cmd.Name(), count)
		}
		for _, e := range exitsOf[cmd.Name()] {
			if !slices.ContainsFunc(exitCodes, func(all exitCode) bool { return all.Code == e.Code }) {
				t.Errorf("%s ends with %d, which is no exit code", cmd.Name(), e.Code)
			}
		}
	}
}

// The README has the same table.
func TestExitCodesOfREADME(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, e := range exitCodes {
		fmt.Fprintf(&want, "| %d | %s |\n", e.Code, strings.ReplaceAll(e.Meaning, "run RUN_FILE", "`run RUN_FILE`"))
	}
	if !strings.Contains(string(text), want.String()) {
		t.Errorf("the README does not have the exit codes as the help has them:\n%s", &want)
	}
}

func flagCount(cmd *cobra.Command) (n int) {
	cmd.LocalFlags().VisitAll(func(*pflag.Flag) { n++ })
	return n
}

// TestManPages has groff look at every page.
func TestManPages(t *testing.T) {
	dir := t.TempDir()
	root := testRoot()
	root.SetArgs([]string{"man", dir})
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	pages, _ := filepath.Glob(filepath.Join(dir, "*.1"))
	var visible int
	for _, cmd := range everyCommand() {
		if !cmd.Hidden {
			visible++
		}
	}
	if len(pages) != visible {
		t.Errorf("got %d pages, want one for each of %d commands", len(pages), visible)
	}
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff is not installed")
	}
	for _, page := range pages {
		out, err := exec.Command(groff, "-man", "-ww", "-z", page).CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", filepath.Base(page), err, out)
		}
	}
	text, err := exec.Command(groff, "-man", "-Tutf8", "-P-cbou", filepath.Join(dir, "cogpass-run.1")).Output()
	for _, want := range []string{"cogpass-run - Carry a job out", "--expect-users N", "\n       130    interrupted; run RUN_FILE goes on", "\n       cogpass run --dry-run --format cli job.yaml\n"} {
		if err != nil || !strings.Contains(strings.ReplaceAll(string(text), "\n         ", "\n       "), want) {
			t.Errorf("%v: cogpass-run.1 does not have %q:\n%s", err, want, text)
		}
	}
}

func TestRoffEscape(t *testing.T) {
	for text, want := range map[string]string{
		".TH x": `\&.TH x`, "'quote": `\&'quote`, `a\b`: `a\eb`, "--flag": `\-\-flag`, "age1…": `age1\[u2026]`, "it's": `it\(aqs`, "": "",
	} {
		if got := roffEscape(text); got != want {
			t.Errorf("roffEscape(%q) = %q, want %q", text, got, want)
		}
	}
}
