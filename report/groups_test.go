package report

import (
	"fmt"
	"testing"

	"cogpass/runner"
)

func failing(seq int64, user, code, reason string) runner.Result {
	return runner.Result{Seq: seq, Username: user, Outcome: runner.Failed, Code: code, Reason: reason}
}

func TestGroupsPutTogetherWhatDiffersInAUserOnly(t *testing.T) {
	var g Groups
	beside := func(step runner.Step, o runner.Outcome, reason string) []runner.StepResult {
		return []runner.StepResult{{Step: step, Outcome: o, Reason: reason}}
	}
	for _, r := range []runner.Result{
		{Seq: 1, Username: "ok", Outcome: runner.OK},
		failing(2, "ana", "UserLambdaValidationException", "PreX failed with error ana is not 12 years old."),
		failing(3, "bo", "UserLambdaValidationException", "PreX failed with error bo is not 13 years old."),
		failing(4, "leo", "UserLambdaValidationException", "PreX failed with error no leo here."),
		{Seq: 5, Username: "sid", Outcome: runner.Unknown, Reason: "no answer came; the user was modified since and is CONFIRMED"},
		{Seq: 6, Username: "out", Outcome: runner.OK, Beside: beside(runner.SignOut, runner.Failed, "gave up after 8 attempts: HTTP status 503")},
		{Seq: 7, Username: "two", Outcome: runner.OK, Beside: beside(runner.SignOut, runner.Failed, "gave up after 3 attempts: HTTP status 500")},
		{Seq: 8, Username: "not", Outcome: runner.Failed, Reason: "not sent, for the user could not be made", Beside: beside(runner.Create, runner.Failed, "no")},
		{Seq: 9, Username: "left", Outcome: runner.Skipped, Reason: "excluded by the job"},
	} {
		g.Add(&r)
	}
	var got []string
	for _, of := range g.Failures() {
		got = append(got, fmt.Sprintf("%d %v %v %s %s %s", of.Count, of.Step, of.Outcome, of.Code, of.First, of.Advice.Title))
	}
	want := []string{
		"2 0 failed UserLambdaValidationException ana UserLambdaValidationException, InvalidLambdaResponseException",
		"1 0 failed UserLambdaValidationException leo UserLambdaValidationException, InvalidLambdaResponseException",
		"1 0 unknown  sid no answer came; the user was modified since",
		fmt.Sprintf("1 %v failed  out gave up after several attempts", runner.SignOut),
		fmt.Sprintf("1 %v failed  two gave up after several attempts", runner.SignOut),
		fmt.Sprintf("1 %v failed  not any other failure", runner.Create),
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	if n := len(g.List()); n != len(want)+1 {
		t.Errorf("%d groups, want the skipped one too", n)
	}
}

// A trigger may give each of a million users a reason of its own.
func TestGroupsAreBounded(t *testing.T) {
	var g Groups
	const tasks = 100_000
	for i := range int64(tasks) {
		word := fmt.Sprintf("%c%c%c%c", 'a'+i%26, 'a'+i/26%26, 'a'+i/676%26, 'a'+i/17576%26)
		r := failing(i+1, word, word+"Exception", "it "+word[1:]+" and "+word)
		g.Add(&r)
	}
	total := int64(0)
	for _, of := range g.List() {
		total += of.Count
	}
	if n := len(g.List()); n != maxKinds+1 || total != tasks {
		t.Errorf("%d groups of %d tasks, want %d of %d", n, total, maxKinds+1, tasks)
	}
	if first := g.List()[0]; first.Code != "" || first.Reason != "" || first.Advice.Title == "" {
		t.Errorf("the rest is %+v", first)
	}
}
