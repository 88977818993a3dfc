package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cogpass/report"
	"cogpass/runner"
	"cogpass/runner/cognito"
)

// adviceReference is a chapter of the page on troubleshooting.
func adviceReference(topic report.Topic) string {
	var b strings.Builder
	for i, a := range report.AllAdvice() {
		if a.Topic != topic {
			continue
		}
		if i > 0 && b.Len() > 0 {
			b.WriteString("\n")
		}
		title := strings.NewReplacer("<", "&lt;", "*", `\*`).Replace(a.Title)
		fmt.Fprintf(&b, "### %s\n\n%s\n\n**To do:** %s\n", title, a.Means, a.Do)
	}
	return b.String()
}

// Whatever the service may answer, somebody has thought of what to say of it: as
// a user's failure, or as what stops the run.
func TestAdviceHasEveryCode(t *testing.T) {
	said := func(step runner.Step, code string) string { return report.Advise(step, runner.Failed, code, "").Title }
	for code, class := range cognito.Codes() {
		failed := false
		for _, step := range []runner.Step{runner.Act, runner.Prepare, runner.Check} {
			failed = failed || said(step, code) != said(step, "NobodyKnowsException")
		}
		stopped := report.AdviseStop(code+": something").Title != ""
		stops := class == runner.Fatal || class == runner.Budget
		if stops && !stopped || !stops && !failed {
			t.Errorf("%s, class %d: there is no advice", code, class)
		}
	}
}

// A message that the table looks for, and that is not the service's own, has to
// be one that the program says.
func TestAdviceIsOnWhatTheProgramSays(t *testing.T) {
	var source strings.Builder
	err := filepath.WalkDir(repository, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") || filepath.Base(path) == "advicetable.go" {
			return err
		}
		text, err := os.ReadFile(path)
		source.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	all := strings.ToLower(source.String())
	for _, a := range report.AllAdvice() {
		for _, part := range a.Messages() {
			if !strings.Contains(all, part) {
				t.Errorf("%s: nothing in the program says %q", a.Title, part)
			}
		}
	}
}
