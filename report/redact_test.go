package report

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cogpass/jobs"
	"cogpass/runner"
)

func redacted(t testing.TB, key string, run Run, list []runner.Result) (Run, []runner.Result) {
	t.Helper()
	run, results, err := Redact([]byte(key), run, sequence(list))
	if err != nil {
		t.Fatal(err)
	}
	var got []runner.Result
	for r, err := range results {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	return run, got
}

// A name is nowhere in a redacted report, wherever it was repeated.
func TestRedact(t *testing.T) {
	names := []string{"ana", "diego@example.com", "+15551234567", "Zoë Ömer", "6b1a2c3d-0000-4000-8000-123456789abc", "a.b+c@x.example", `O'Brien "Kim"`, "ana@example.com"}
	var list []runner.Result
	for i, name := range names {
		list = append(list, runner.Result{
			Seq: int64(i + 1), Username: name, Sub: fmt.Sprintf("00000000-0000-4000-8000-%012d", i), Action: jobs.Reset, Outcome: runner.Failed, Code: "UserLambdaValidationException",
			Reason: "PreSignUp failed for " + strings.ToUpper(name) + " (" + name + "), as bob@corp.example and +4930123456 did.",
			Source: "lists/" + name + ".csv:3",
			Beside: []runner.StepResult{{Step: runner.SignOut, Outcome: runner.Failed, Reason: "no session of " + name + "."}},
		})
	}
	run := sampleRun()
	run.StopReason = "too many failed, the last was diego@example.com"
	gotRun, got := redacted(t, "key", run, list)
	for _, f := range Formats() {
		text := strings.ToLower(string(render(t, f, gotRun, sequence(got))))
		for _, name := range append(names, "bob@corp.example", "+4930123456", "00000000-0000-4000", `Kim`, "Ömer") {
			if name == "ana" { // assumed-role/admin/ana is who carried the run out
				continue
			}
			if strings.Contains(text, strings.ToLower(name)) || strings.Contains(text, strings.ToLower(strings.ReplaceAll(name, "+", "&#43;"))) {
				t.Errorf("%s: %s is in it", f, name)
			}
		}
	}
	if want := "no session of " + got[0].Username + "."; got[0].Beside[0].Reason != want {
		t.Errorf("got %q, want %q", got[0].Beside[0].Reason, want)
	}
	if !strings.Contains(gotRun.StopReason, got[1].Username) || strings.Count(got[1].Reason, got[1].Username) != 2 {
		t.Errorf("%s: got %q and %q: one digest for one name", got[1].Username, gotRun.StopReason, got[1].Reason)
	}
	if list[0].Beside[0].Reason != "no session of ana." {
		t.Error("the results themselves were changed")
	}
}

// Words that are no names stay, and so does what a report is read for.
func TestRedactLeaves(t *testing.T) {
	list := []runner.Result{{Seq: 1, Username: "use", Action: jobs.Reset, Outcome: runner.Failed, Code: "UserNotFoundException", Reason: "User does not exist.", RequestID: "7d6c4f5e-0000-4000-8000-123456789abc", Source: "users.csv:3"}}
	_, got := redacted(t, "key", Run{}, list)
	want := list[0]
	want.Username = got[0].Username
	if fmt.Sprint(got[0]) != fmt.Sprint(want) {
		t.Errorf("got %+v\nwant %+v", got[0], want)
	}
}

// A reason may have been cut in the middle of a name.
func TestRedactCut(t *testing.T) {
	list := []runner.Result{{Seq: 1, Username: "diego-the-first", Action: jobs.Reset, Outcome: runner.Failed, Reason: "a long story of diego-the-f…"}}
	_, got := redacted(t, "key", Run{}, list)
	if want := "a long story of " + got[0].Username + "…"; got[0].Reason != want {
		t.Errorf("got %q, want %q", got[0].Reason, want)
	}
}

// A digest tells nothing to who has not the key: it is another with another
// key, and another for another name.
func TestRedactDigest(t *testing.T) {
	list := []runner.Result{{Username: "ana", Action: jobs.Reset}, {Username: "Ana", Action: jobs.Reset}, {Username: "ana", Action: jobs.Reset}}
	_, one := redacted(t, "one", Run{}, list)
	_, two := redacted(t, "two", Run{}, list)
	if one[0].Username != one[2].Username || one[0].Username == one[1].Username || one[0].Username == two[0].Username {
		t.Errorf("got %v and %v", one, two)
	}
	if _, _, err := Redact(nil, Run{}, sequence(list)); err == nil {
		t.Error("without a key: got no error")
	}
}

func TestRedactProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(drawResult), 1, 5).Draw(t, "results")
		for i := range list {
			list[i].Username = rapid.StringMatching(`[a-z]{5,9}[0-9]{2}(@example\.com)?`).Draw(t, "name")
			list[i].Reason = rapid.SampledFrom([]string{"", "%s", "no %s.", "(%s)", "%s and %s", "«%s»"}).Draw(t, "reason")
			list[i].Reason = strings.ReplaceAll(list[i].Reason, "%s", list[i].Username)
		}
		run, results, err := Redact([]byte("key"), sampleRun(), sequence(list))
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := Write(&out, HTML, run, results); err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			if bytes.Contains(out.Bytes(), []byte(r.Username)) {
				t.Errorf("%s is in it", r.Username)
			}
		}
	})
}

func BenchmarkRedact(b *testing.B) {
	list := make([]runner.Result, 0, 1000)
	for r := range generated(1000) {
		list = append(list, r)
	}
	rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	for b.Loop() {
		_, results, _ := Redact([]byte("key"), Run{}, sequence(list))
		for range results {
		}
	}
}
