package report

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"html/template"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

var update = flag.Bool("update", false, "write the golden files anew")

func sampleRun() Run {
	return Run{
		Name: "spring-onboarding", UserPoolID: "us-west-2_aaaaaaaaa", PoolName: "Staff", Region: "us-west-2",
		Account: "123456789012", Actor: "arn:aws:sts::123456789012:assumed-role/admin/ana",
		JobDigest: "sha256:1111", PlanDigest: "sha256:2222", ToolVersion: "cogpass 0.1.0",
		CreatedAt:  time.Date(2026, 3, 1, 8, 59, 58, 0, time.UTC),
		StartedAt:  time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC),
		FinishedAt: time.Date(2026, 3, 1, 9, 0, 2, 345_678_000, time.UTC),
		State:      "stopped", StopReason: "LimitExceededException: the e-mails of the day are used up", AskedRate: 10, Tasks: 7,
	}
}

func sampleResults() []runner.Result {
	at := func(ms int) time.Time {
		zone := time.FixedZone("far", 5*3600)
		return time.Date(2026, 3, 1, 9, 0, 0, 123_456_789, time.UTC).Add(time.Duration(ms) * time.Millisecond).In(zone)
	}
	return []runner.Result{
		{Seq: 1, Username: "diego@example.com", Action: jobs.SetTemporary, Outcome: runner.OK, Attempts: 1,
			RequestID: "req-1", StartedAt: at(0), FinishedAt: at(80), Latency: 80 * time.Millisecond, Source: "job.yaml:9"},
		{Seq: 2, Username: "+15551234567", Action: jobs.SetPermanent, Outcome: runner.OK, Attempts: 3, Throttled: 2,
			Code: "TooManyRequestsException", RequestID: "req-2", StartedAt: at(100), FinishedAt: at(700), Latency: 95 * time.Millisecond, Source: "new-hires.csv:2"},
		{Seq: 3, Username: `=HYPERLINK("http://x","y")`, Action: jobs.Reset, Outcome: runner.Failed, Attempts: 1,
			Code: "UserNotFoundException", Reason: "User does not exist.", RequestID: "req-3",
			StartedAt: at(200), FinishedAt: at(290), Latency: 90 * time.Millisecond, Source: "new-hires.csv:3"},
		{Seq: 4, Username: "kim\u202e\x1b[31m\nroot", Sub: "6b1a", Action: jobs.Reset, Outcome: runner.Unknown, Attempts: 1,
			Reason: "no answer, and the user has changed since", StartedAt: at(300), FinishedAt: at(30_300), StatusBefore: runner.Confirmed, Source: "new-hires.csv:4"},
		{Seq: 5, Username: "bad\xffutf8", Action: jobs.Reset, Outcome: runner.Failed, Attempts: 1,
			Code: "InvalidParameterException", Reason: "a, \"b\"; c", RequestID: "req-5",
			StartedAt: at(400), FinishedAt: at(500), Latency: 100 * time.Millisecond, Source: "new-hires.csv:5"},
		{Seq: 6, Username: "break-glass", Action: jobs.Reset, Outcome: runner.Skipped, Reason: "excluded by the job", Source: "new-hires.csv:6"},
		{Seq: 7, Username: "'quoted", Action: jobs.Reset, Source: "new-hires.csv:7"},
	}
}

// besideResults are of tasks that are more than their action.
func besideResults() []runner.Result {
	at := func(ms int) time.Time {
		return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC).Add(time.Duration(ms) * time.Millisecond)
	}
	step := func(s runner.Step, o runner.Outcome, code, reason string) runner.StepResult {
		return runner.StepResult{Step: s, Outcome: o, Attempts: 1, Code: code, Reason: reason, StartedAt: at(400), FinishedAt: at(500)}
	}
	return []runner.Result{
		{Seq: 1, Username: "ana", Action: jobs.SetPermanent, Outcome: runner.OK, Attempts: 1, StartedAt: at(0), FinishedAt: at(80), Source: "job.yaml:9",
			Beside: []runner.StepResult{step(runner.Create, runner.OK, "", ""), step(runner.SignOut, runner.OK, "", "")}},
		{Seq: 2, Username: "+1555", Sub: "6b1a", Action: jobs.Reset, Outcome: runner.OK, Attempts: 2, Throttled: 1, Code: "TooManyRequestsException",
			StartedAt: at(100), FinishedAt: at(180), StatusBefore: runner.Confirmed, Source: "job.yaml:10", Beside: []runner.StepResult{
				step(runner.Recheck, runner.OK, "", ""), step(runner.SignOut, runner.Failed, "InternalErrorException", "=1+1, \"often\"")}},
		{Seq: 3, Username: "kim", Action: jobs.SetPermanent, Outcome: runner.Failed, Reason: "not sent, for it is not so that the user was created",
			FinishedAt: at(900), Source: "job.yaml:11", Beside: []runner.StepResult{
				step(runner.Create, runner.Failed, "UserLambdaValidationException", "UserLambdaValidationException: PreSignUp failed")}},
		{Seq: 4, Username: "lee", Action: jobs.Reset, Outcome: runner.Failed, Attempts: 1, Code: "UserNotFoundException", Reason: "User does not exist.",
			StartedAt: at(100), FinishedAt: at(190), StatusBefore: runner.ForceChangePassword, Source: "job.yaml:12", Beside: []runner.StepResult{
				step(runner.Enable, runner.OK, "", ""), step(runner.SignOut, runner.Unknown, "", "")}},
		{Seq: 5, Username: "max", Action: jobs.Reset, Source: "job.yaml:13", Beside: []runner.StepResult{step(runner.Enable, runner.OK, "", "")}},
	}
}

func sequence(list []runner.Result) Results {
	return func(yield func(runner.Result, error) bool) {
		for _, r := range list {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func render(t testing.TB, f Format, run Run, results Results) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, f, run, results); err != nil {
		t.Fatalf("Write(%s): %v", f, err)
	}
	return out.Bytes()
}

func checkGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	for _, same := range []string{pageStyle, pageScript, template.HTMLEscapeString(pagePolicy)} { // files of their own
		got = bytes.Replace(got, []byte(same), []byte("…"), 1)
	}
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (go test -update writes it anew); got:\n%s\nwant:\n%s", name, got, want)
	}
}

func TestGolden(t *testing.T) {
	for _, f := range Formats() {
		checkGolden(t, "run."+string(f), render(t, f, sampleRun(), sequence(sampleResults())))
	}
	for _, f := range Formats() {
		checkGolden(t, "beside."+string(f), render(t, f, sampleRun(), sequence(besideResults())))
	}
	allOK := Run{Name: "rotation", State: "done", AskedRate: math.Inf(1), Tasks: 1}
	for _, f := range []Format{JSON, HTML, Text} {
		checkGolden(t, "all-ok."+string(f), render(t, f, allOK, sequence(sampleResults()[:1])))
		checkGolden(t, "empty."+string(f), render(t, f, Run{}, sequence(nil)))
	}
}

// No view may let a username act on the terminal it is shown on.
func TestTextIsPrintable(t *testing.T) {
	for _, f := range []Format{JSON, JSONL, HTML, Text} {
		for line := range strings.Lines(string(render(t, f, sampleRun(), sequence(sampleResults())))) {
			if line = strings.TrimSuffix(line, "\n"); !isVisible(line) {
				t.Errorf("%s: line %q has characters that do not print", f, line)
			}
		}
	}
}

func TestResultsError(t *testing.T) {
	broken := errors.New("run file: disk I/O error")
	results := func(yield func(runner.Result, error) bool) {
		_ = yield(sampleResults()[0], nil) && yield(runner.Result{}, broken)
	}
	for _, f := range Formats() {
		if err := Write(&bytes.Buffer{}, f, Run{}, results); !errors.Is(err, broken) {
			t.Errorf("%s: got error %v, want %v", f, err, broken)
		}
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// What no view knows is no view's to show.
func TestUnknownAction(t *testing.T) {
	last := jobs.Actions()[len(jobs.Actions())-1]
	for _, a := range []jobs.Action{0, last + 1} {
		want := fmt.Sprintf("task 3: unknown action %d", a)
		results := sequence([]runner.Result{{Seq: 3, Username: "ana", Action: a}})
		for _, f := range Formats() {
			if err := Write(io.Discard, f, Run{}, results); errorText(err) != want {
				t.Errorf("%s: got error %v, want %s", f, err, want)
			}
		}
		if _, err := Summarize(results); errorText(err) != want {
			t.Errorf("summary: got error %v, want %s", err, want)
		}
		s := Skeletons{W: io.Discard, Format: SkeletonText}
		if err := s.Write(runner.Task{Seq: 3, Username: "ana", Action: a}); errorText(err) != want {
			t.Errorf("skeleton: got error %v, want %s", err, want)
		}
	}
}

func TestWriterError(t *testing.T) {
	for _, f := range Formats() {
		for _, n := range []int{1, 10_000} {
			if err := Write(fullDisk{}, f, Run{}, generated(n)); err == nil {
				t.Errorf("%s of %d tasks: got no error, want that of the writer", f, n)
			}
		}
	}
}

func TestFormats(t *testing.T) {
	const unsaid = "the name of a report ends in .json, .jsonl, .csv, .html or .txt: that says its format"
	tests := []struct {
		path    string
		want    Format
		wantErr string // of CheckPath
	}{
		{"out/report.json", JSON, ""},
		{"REPORT.JSONL", JSONL, ""},
		{"a.b.csv", CSV, ""},
		{"a.txt", Text, ""},
		{"{name}-{time}.csv", CSV, ""},
		{"{date}.csv", CSV, "the name of a report holds {…} that is none of {name}, {pool} and {time}"},
		{"out/report.html", HTML, ""},
		{"REPORT.HTM", HTML, ""},
		{"report", "", unsaid},
		{"json", "", unsaid},
	}
	for _, tt := range tests {
		got, _ := FormatOf(tt.path)
		if err := CheckPath(tt.path); got != tt.want || errorText(err) != tt.wantErr {
			t.Errorf("%s: got %q, %v, want %q, %q", tt.path, got, err, tt.want, tt.wantErr)
		}
	}
	for _, f := range Formats() {
		if got, err := ParseFormat(string(f)); got != f || err != nil {
			t.Errorf("ParseFormat(%q): got %q, %v", f, got, err)
		}
	}
	for name, want := range map[Format]string{
		"xml": `unknown report format "xml": use json, jsonl, csv, html or text`,
	} {
		if err := Write(io.Discard, name, Run{}, sequence(nil)); errorText(err) != want {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
