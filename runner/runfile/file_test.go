package runfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

var start = time.Date(2026, 3, 1, 9, 30, 0, 123_000_000, time.UTC)

func examplePlan() Plan {
	return Plan{
		Name: "spring", UserPoolID: "us-west-2_aaaaaaaaa", Region: "us-west-2", JobPath: "jobs/spring.yaml", JobDir: "/srv/jobs",
		JobDigest: "sha256:00", ToolVersion: "v1.2.3", CreatedAt: start, AskedRate: 10, Concurrency: 64, Attempts: 8,
		MaxDelay: 30 * time.Second, Timeout: 1500 * time.Millisecond, Report: []string{"out/report.json"}, Salt: []byte("salt"),
	}
}

var sharedMetadata = map[string]string{"reason": "INC-42", "<b>": "\u2028"}

// exampleTask is the task of that number, of many kinds.
func exampleTask(seq int64) jobs.Task {
	t := jobs.Task{
		Seq: seq, Username: fmt.Sprintf("user-%06d@example.com", seq), Action: jobs.Action(seq%3 + 1),
		Source: 0, Place: jobs.Place{File: "new-hires.csv", Line: int(seq + 1)},
	}
	switch {
	case t.Action == jobs.Reset && seq%2 == 0:
		t.ClientMetadata = sharedMetadata
	case t.Action == jobs.Reset:
		t.ClientMetadata = map[string]string{"user": fmt.Sprint(seq % 10)}
	case seq%5 == 0:
		t.Password = jobs.PasswordRef{Kind: jobs.LiteralPassword, Line: int(seq), Column: 7}
	case seq%7 == 0:
		t.Password = jobs.PasswordRef{Kind: jobs.EnvPassword, Name: "SVC_PASSWORD", Mark: uint32(seq)}
	default:
		t.Password = jobs.PasswordRef{Kind: jobs.RowPassword, Mark: uint32(seq*7919%65536 + 1)}
	}
	if seq%50 == 0 {
		t.Skip = "excluded by the job"
	}
	return t
}

var exampleSources = []jobs.Source{{Kind: jobs.CSVSource, Path: "new-hires.csv", Digest: []byte{0x11}, Size: 1234, Columns: []jobs.Column{{Field: "username", Header: "email"}}, Passwords: 2}}

// makeFile plans n example tasks and returns the run file's path.
func makeFile(t testing.TB, n int64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "spring.run")
	d, err := Create(path, examplePlan())
	if err != nil {
		t.Fatal(err)
	}
	for seq := int64(1); seq <= n; seq++ {
		if err := d.Add(exampleTask(seq)); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Commit(exampleSources); err != nil {
		t.Fatal(err)
	}
	return path
}

func openFile(t testing.TB, path string) *File {
	t.Helper()
	f, err := Open(path, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func openReadOnly(t testing.TB, path string) *File {
	t.Helper()
	f, err := OpenReadOnly(path, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func pending(t testing.TB, f *File, retryFailed, retryUnknown bool) []Row {
	t.Helper()
	var rows []Row
	for row, err := range f.Pending(retryFailed, retryUnknown) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

func results(t testing.TB, f *File) []runner.Result {
	t.Helper()
	var all []runner.Result
	for r, err := range f.Results() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

func intentOf(seq int64) runner.Intent {
	return runner.Intent{Seq: seq, Attempts: 1, StartedAt: start, Began: start.Add(1234567), Slack: time.Second}
}

func resultOf(seq int64, outcome runner.Outcome) runner.Result {
	t := exampleTask(seq)
	r := runner.Result{
		Seq: seq, Username: t.Username, Action: t.Action, Outcome: outcome, Attempts: 2, Throttled: 1,
		RequestID: fmt.Sprintf("6b8d5b9e-7c2f-4a55-9d5e-%012x", seq), StartedAt: start, FinishedAt: start.Add(150 * time.Millisecond),
		Latency: 5 * time.Millisecond, Source: fmt.Sprintf("new-hires.csv:%d", seq+1),
	}
	if outcome == runner.Failed {
		r.Code, r.Reason, r.StatusBefore = "UserNotFoundException", "User does not exist.", runner.Confirmed
		r.RequestID, r.Sub = "not-a-uuid", "0f8fad5b-d9cb-469f-a165-70867728950e"
	}
	return r
}

func TestPlanComesBackAsItWasAdded(t *testing.T) {
	const n = 2345
	path := makeFile(t, n)
	f := openFile(t, path)
	rows := pending(t, f, false, false)
	if len(rows) != n {
		t.Fatalf("got %d tasks, want %d", len(rows), n)
	}
	for i, row := range rows {
		if want := (Row{Task: exampleTask(int64(i + 1))}); !reflect.DeepEqual(row, want) {
			t.Fatalf("got %+v, want %+v", row, want)
		}
	}
	info, err := f.Info()
	if err != nil {
		t.Fatal(err)
	}
	want := Info{Plan: examplePlan()}
	want.Tasks, want.Skipped, want.Sources, want.PlanDigest, want.RunID = n, 46, exampleSources, info.PlanDigest, info.RunID
	want.Skips = map[string]int64{"excluded by the job": 46}
	want.Counts = map[jobs.Action]int64{}
	for seq := int64(1); seq <= n; seq++ {
		if task := exampleTask(seq); task.Skip == "" {
			want.Counts[task.Action]++
		}
	}
	if !reflect.DeepEqual(info, want) {
		t.Errorf("got %+v, want %+v", info, want)
	}
	if !Is(makeFile(t, 0)) || Is("file.go") || Is("no-such-file") {
		t.Error("Is does not tell a run file from another")
	}
}

// TestDigestIsOfWhatThePlanDoes: two plans that do the same have one digest,
// wherever their passwords come from.
func TestDigestIsOfWhatThePlanDoes(t *testing.T) {
	digest := func(plan func(*Plan), change func(*jobs.Task), sources []jobs.Source) string {
		path := filepath.Join(t.TempDir(), "a.run")
		p, task := examplePlan(), exampleTask(1)
		plan(&p)
		change(&task)
		d, err := Create(path, p)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(d.Add(task), d.Commit(sources)); err != nil {
			t.Fatal(err)
		}
		info, err := openReadOnly(t, path).Info()
		if err != nil {
			t.Fatal(err)
		}
		return info.PlanDigest
	}
	same := digest(func(*Plan) {}, func(*jobs.Task) {}, exampleSources)
	tests := []struct {
		name   string
		plan   func(*Plan)
		task   func(*jobs.Task)
		differ bool
	}{
		{name: "nothing"},
		{name: "pool", plan: func(p *Plan) { p.UserPoolID += "b" }, differ: true},
		{name: "username", task: func(t *jobs.Task) { t.Username += "x" }, differ: true},
		{name: "action", task: func(t *jobs.Task) { t.Action = jobs.Reset }, differ: true},
		{name: "metadata", task: func(t *jobs.Task) { t.ClientMetadata = map[string]string{"a": "b"} }, differ: true},
		{name: "excluded", task: func(t *jobs.Task) { t.Skip = "excluded" }, differ: true},
		{name: "salt", plan: func(p *Plan) { p.Salt = []byte("other") }},
		{name: "job", plan: func(p *Plan) { p.JobDigest, p.JobPath, p.CreatedAt = "hmac:01", "b.yaml", start.Add(1e9) }},
		{name: "password", task: func(t *jobs.Task) { t.Password = jobs.PasswordRef{Kind: jobs.EnvPassword, Name: "A", Mark: 3} }},
		{name: "mark", task: func(t *jobs.Task) { t.Password.Mark++ }},
		{name: "place", task: func(t *jobs.Task) { t.Place.Line++ }},
	}
	for _, test := range tests {
		if test.plan == nil {
			test.plan = func(*Plan) {}
		}
		if test.task == nil {
			test.task = func(*jobs.Task) {}
		}
		if got := digest(test.plan, test.task, nil); (got != same) != test.differ {
			t.Errorf("%s: got %s, want another than %s: %v", test.name, got, same, test.differ)
		}
	}
}

// TestUnknownActionIsAnErrorEverywhere: in a plan that is made, and in a file
// of a later version, whose sums are right.
func TestUnknownActionIsAnErrorEverywhere(t *testing.T) {
	unknown := jobs.Action(200)
	d, err := Create(filepath.Join(t.TempDir(), "a.run"), examplePlan())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Discard()
	task := exampleTask(1)
	task.Action = unknown
	if d.Add(task) == nil {
		t.Error("a task of an action that there is not is taken")
	}
	tests := map[string]func(*File) error{
		"task": func(f *File) error {
			return f.update(func(s *session) error {
				task := exampleTask(3)
				task.Seq, task.Action = 1, unknown
				b := appendRest(appendDeed(nil, &task, "", &extras{}), &task, refOf(task.Password))
				return join(s.exec("UPDATE task SET action = ? WHERE seq = 3", int64(unknown)),
					s.exec("DELETE FROM task WHERE seq <> 3"), s.exec("UPDATE task SET seq = 1"), s.exec("UPDATE block SET tasks = 1, sum = ?", sum(b)))
			})
		},
		"count": func(f *File) error {
			f.w.sql.progress.tallies[0].action = unknown
			return f.update(func(*session) error { return nil })
		},
	}
	for name, change := range tests {
		f := openFile(t, makeFile(t, 3))
		if err := change(f); err != nil {
			t.Fatal(err)
		}
		_, counted := f.Count()
		var read error
		for _, err := range f.Pending(false, false) {
			read = err
		}
		if name == "count" && !errors.Is(counted, ErrNewer) || name == "task" && !errors.Is(read, ErrNewer) {
			t.Errorf("%s: got %v and %v, want ErrNewer", name, counted, read)
		}
	}
}

// TestViewNamesEveryAction: what SQL shows are the words of the table of
// actions.
func TestViewNamesEveryAction(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.run")
	d, err := Create(path, examplePlan())
	if err != nil {
		t.Fatal(err)
	}
	want := ""
	for i, a := range jobs.Actions() {
		if err := d.Add(jobs.Task{Seq: int64(i + 1), Username: "ana", Action: a}); err != nil {
			t.Fatal(err)
		}
		want += a.String() + "\n"
	}
	if err := d.Commit(nil); err != nil {
		t.Fatal(err)
	}
	if got := query(t, path, "SELECT action FROM result ORDER BY seq"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDraftLeavesNothingBehind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.run")
	d, err := Create(path, examplePlan())
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Add(exampleTask(1)); err != nil {
		t.Fatal(err)
	}
	if err := d.Add(exampleTask(3)); err == nil {
		t.Error("a plan with a gap is taken")
	}
	if err := d.Discard(); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 0 {
		t.Errorf("got %v, want an empty folder", left)
	}
}

// TestDraftOfAKilledPlan is removed by the next plan in its folder, and not
// before its process has died.
func TestDraftOfAKilledPlan(t *testing.T) {
	dir := t.TempDir()
	drafts := func() int {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	discard := func(path string) {
		d, err := Create(path, examplePlan())
		if err == nil {
			err = d.Discard()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	cmd, out := child(t, "plan", filepath.Join(dir, "a.run"))
	expect(t, out, "writing")
	discard(filepath.Join(dir, "b.run"))
	if n := drafts(); n != 1 {
		t.Fatalf("there are %d files, want that of the other process", n)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	discard(filepath.Join(dir, "b.run"))
	if n := drafts(); n != 0 {
		t.Errorf("there are %d files, want none", n)
	}
}

func TestCreateOverwritesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.run")
	d, err := Create(path, examplePlan())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Commit(nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v, want fs.ErrExist", err)
	}
	if err := d.Discard(); err != nil {
		t.Error(err)
	}
	if _, err := Create(path, examplePlan()); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v, want fs.ErrExist", err)
	}
	if b, _ := os.ReadFile(path); string(b) != "mine" {
		t.Errorf("the file became %q", b)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("got %v, want the one file", left)
	}
}

func TestFileHasModeOfItsOwner(t *testing.T) {
	path := makeFile(t, 1)
	f := openFile(t, path)
	if err := f.Begin(context.Background(), []runner.Intent{intentOf(1)}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm", path + ".lock"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", filepath.Base(name), info.Mode())
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("got %v, want the run file alone", left)
	}
}
