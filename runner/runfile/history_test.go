package runfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

var staff = HistoryPool{ID: "us-west-2_aaaaaaaaa"}

func newLedger(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "state", "ledger.db")
	h, err := CreateHistory(path)
	mustDo(t, err)
	mustDo(t, h.Close())
	return path
}

func openLedger(t testing.TB, path string) *History {
	t.Helper()
	h, err := OpenHistory(path)
	mustDo(t, err)
	t.Cleanup(func() { h.Close() })
	return h
}

func deed(name, sub string, action jobs.Action, at time.Time) Deed {
	return Deed{Username: name, Sub: sub, Action: action, At: at}
}

func day(n int) time.Time { return start.AddDate(0, 0, n).Truncate(time.Second) }

// all lists a ledger, a line a row.
func all(t testing.TB, path string) string {
	t.Helper()
	h := openLedger(t, path)
	mustDo(t, h.Check())
	pools, err := h.Pools()
	mustDo(t, err)
	var out strings.Builder
	for _, p := range pools {
		fmt.Fprintf(&out, "%s%s\n", p.ID, p.Port)
		for d, err := range h.Each(p) {
			mustDo(t, err)
			fmt.Fprintln(&out, d.Username, d.Sub, d.Action, d.At.Format(time.RFC3339), filepath.Base(d.RunFile))
		}
	}
	return out.String()
}

const (
	anaSub = "0f8fad5b-d9cb-469f-a165-70867728950e"
	benSub = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
)

// TestHistoryLast is by what a user is known again.
func TestHistoryLast(t *testing.T) {
	path := newLedger(t)
	mustDo(t, AppendHistory(path, staff, "r1", "/runs/one.run", []Deed{
		deed("Ana", "", jobs.Reset, day(1)),
		deed("ana@example.com", anaSub, jobs.Reset, day(2)),
		deed("ana@example.com", "", jobs.SetPermanent, day(3)),
		deed("Ben", benSub, jobs.SetPermanent, day(4)),
		deed("e\u0301va", "", jobs.Reset, day(5)),
		deed("straße", "", jobs.Reset, day(6)),
		deed("'; DROP TABLE done; --", "", jobs.Reset, day(7)),
	}))
	mustDo(t, AppendHistory(path, HistoryPool{staff.ID, ":9229"}, "r2", "two.run", []Deed{deed("zoe", "", jobs.Reset, day(9))}))
	h := openLedger(t, path)
	tests := []struct {
		who    string
		names  []string
		sub    string
		exact  bool
		action jobs.Action
		want   int // day; 0: never
	}{
		{"by its name", []string{"Ana"}, "", true, jobs.Reset, 1},
		{"in another case", []string{"ana"}, "", false, jobs.Reset, 1},
		{"in another case", []string{"ANA"}, "", false, jobs.Reset, 1},
		{"in another case, where that counts", []string{"ana"}, "", true, jobs.Reset, 0},
		{"by an alias, and the later counts", []string{"ana", "ana@example.com"}, "", false, jobs.Reset, 2},
		{"by its sub", []string{"somebody"}, anaSub, true, jobs.Reset, 2},
		{"by its sub as a name", []string{anaSub}, "", true, jobs.Reset, 2},
		{"by a name, of a user whose sub is another", []string{"Ben"}, anaSub, false, jobs.SetPermanent, 0},
		{"by a name that was used without a sub", []string{"ana@example.com"}, anaSub, false, jobs.SetPermanent, 3},
		{"another action", []string{"Ben"}, benSub, false, jobs.Reset, 0},
		{"in another form", []string{"\u00c9va"}, "", false, jobs.Reset, 5},
		{"in another form, where that counts", []string{"\u00e9va"}, "", true, jobs.Reset, 0},
		{"folded", []string{"STRASSE"}, "", false, jobs.Reset, 6},
		{"as a name that would do harm", []string{"'; drop table DONE; --"}, "", false, jobs.Reset, 7},
		{"in another pool", []string{"zoe"}, "", false, jobs.Reset, 0},
		{"without a name", nil, "", false, jobs.Reset, 0},
		{"of no name, by its sub", nil, benSub, false, jobs.SetPermanent, 4},
	}
	for _, test := range tests {
		got, found, err := h.Last(staff, Person{test.names, test.sub, test.exact}, test.action)
		if mustDo(t, err); found != (test.want > 0) || found && !got.At.Equal(day(test.want)) {
			t.Errorf("%s (%q): got %v, %v; want day %d", test.who, test.names, got.At, found, test.want)
		}
		if found && got.RunFile != "/runs/one.run" {
			t.Errorf("%s: got the run %q", test.who, got.RunFile)
		}
	}
	if _, found, err := h.Last(HistoryPoolAt(staff.ID, "http://[::1]:9229"), Person{Names: []string{"zoe"}}, jobs.Reset); !found || err != nil {
		t.Errorf("at its endpoint: got %v, %v", found, err)
	}
}

// The latest stays, whatever comes when; and of one person, by sub, one name.
func TestHistoryKeepsTheLatest(t *testing.T) {
	path := newLedger(t)
	mustDo(t,
		AppendHistory(path, staff, "r2", "b.run", []Deed{deed("ana", "", jobs.Reset, day(2)), deed("ben", benSub, jobs.Reset, day(2)), deed("ben@example.com", benSub, jobs.Reset, day(3))}),
		AppendHistory(path, staff, "r1", "a.run", []Deed{deed("ana", anaSub, jobs.Reset, day(1))}))
	want := staff.ID + "\nana " + anaSub + " reset " + day(2).Format(time.RFC3339) + " b.run\nben@example.com " + benSub + " reset " + day(3).Format(time.RFC3339) + " b.run\n"
	if got := all(t, path); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	info, err := os.Stat(path)
	mustDo(t, err)
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("its mode is %v", mode)
	}
	h := openLedger(t, path)
	if n, err := h.Changes(staff); n != 2 || err != nil {
		t.Errorf("got %d changes, %v; want 2", n, err)
	}
}

// A ledger that is not there is told apart, and nothing is made.
func TestHistoryThatIsNotThere(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "ledger.db")
	_, opened := OpenHistory(path)
	f := openFile(t, makeFile(t, 3))
	for what, err := range map[string]error{
		"opening": opened, "appending": AppendHistory(path, staff, "r", "a.run", nil), "beginning": BeginRun(path, staff, f), "the dead": TakeDead(path),
	} {
		if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "ledger ") {
			t.Errorf("%s: got %v", what, err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("got %v, %v", left, err)
	}
}

// A ledger that cannot be used is refused, with a way on, and is not changed by
// the attempt.
func TestHistoryThatCannotBeUsed(t *testing.T) {
	tests := []struct {
		name, hint string
		kind       error
		spoil      func([]byte) []byte
	}{
		{"empty", "--rebuild", ErrDamaged, func([]byte) []byte { return nil }},
		{"a text", "--rebuild", ErrNotLedger, func([]byte) []byte { return []byte(strings.Repeat("not a ledger\n", 1000)) }},
		{"a run file", "--rebuild", ErrNotLedger, func([]byte) []byte {
			b, err := os.ReadFile(makeFile(t, 3))
			mustDo(t, err)
			return b
		}},
		{"cut", "--rebuild", ErrDamaged, func(b []byte) []byte { return b[:len(b)/2] }},
		{"a page of zeros", "--rebuild", ErrDamaged, func(b []byte) []byte { clear(b[len(b)-4096:]); return b }},
		{"another time", "--rebuild", ErrDamaged, func(b []byte) []byte {
			i := strings.Index(string(b), "user-000123@example.com")
			b[i] ^= 1
			return b
		}},
		{"newer", "newer", ErrNewer, func(b []byte) []byte { b[63] = 9; return b }},
		{"without a version", "--rebuild", ErrDamaged, func(b []byte) []byte { b[63] = 0; return b }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := newLedger(t)
			var deeds []Deed
			for n := range 3000 {
				deeds = append(deeds, Deed{Username: fmt.Sprintf("user-%06d@example.com", n), Action: jobs.Reset, At: day(n % 90)})
			}
			mustDo(t, AppendHistory(path, staff, "r", "a.run", deeds))
			b, err := os.ReadFile(path)
			mustDo(t, err)
			b = test.spoil(b)
			mustDo(t, os.WriteFile(path, b, 0o600))
			err = useAll(path)
			var known *Error
			if !errors.Is(err, test.kind) || !errors.As(err, &known) || !strings.Contains(known.Hint, test.hint) || !strings.HasPrefix(err.Error(), "ledger "+path) {
				t.Errorf("got %v (hint %q), want %v", err, known.Hint, test.kind)
			}
			if after, err := os.ReadFile(path); err != nil || string(after) != string(b) {
				t.Errorf("it was changed, or %v", err)
			}
		})
	}
}

// useAll reads all of a ledger.
func useAll(path string) error {
	h, err := OpenHistory(path)
	if err != nil {
		return err
	}
	defer h.Close()
	if err := h.Check(); err != nil {
		return err
	}
	for _, err := range h.Each(staff) {
		if err != nil {
			return err
		}
	}
	return nil
}

const appendedBatches = 30

// batchOf are deeds of users whom every process has, and of one's own.
func batchOf(process, n int) []Deed {
	return []Deed{
		deed(fmt.Sprint("shared-", n), "", jobs.Reset, day(n)),
		deed(fmt.Sprintf("own-%d-%d", process, n), "", jobs.SetPermanent, day(n)),
	}
}

// Processes that append at once lose nothing.
func TestHistoryIsShared(t *testing.T) {
	path := newLedger(t)
	var outs []func()
	for range 3 {
		cmd, out := child(t, "append", path)
		outs = append(outs, func() { expect(t, out, fmt.Sprint("appended ", cmd.Process.Pid)) })
	}
	for _, ended := range outs {
		ended()
	}
	if rows := strings.Count(all(t, path), "\n") - 1; rows != appendedBatches*4 {
		t.Errorf("got %d rows, want %d", rows, appendedBatches*4)
	}
}

// recorded carries out a run in which the first tasks are ok, and returns its
// path.
func recorded(t *testing.T, dir, name string, oks int64, outcome runner.Outcome, also func(*File)) string {
	t.Helper()
	path := filepath.Join(dir, name)
	mustDo(t, os.Rename(makeFile(t, 300), path))
	f := openFile(t, path)
	for seq := range oks {
		mustDo(t, f.Record(resultOf(seq+1, outcome)))
	}
	mustDo(t, f.Flush())
	if also != nil {
		also(f)
	}
	mustDo(t, f.Close())
	return path
}

// TestHistoryOfRuns has runs that say what they do, die before they do, or
// were before there was a ledger; and a ledger that is made anew, twice.
func TestHistoryOfRuns(t *testing.T) {
	path := newLedger(t)
	dir := filepath.Dir(path)
	rows := func() int { return max(0, strings.Count(all(t, path), "\n")-1) }
	want := func(n int) {
		t.Helper()
		if got := rows(); got != n {
			t.Fatalf("got %d rows, want %d", got, n)
		}
	}
	first := recorded(t, dir, "first.run", 40, runner.OK, func(f *File) { mustDo(t, BeginRun(path, staff, f)) })
	want(40)
	recorded(t, dir, "failed.run", 70, runner.Failed, func(f *File) { mustDo(t, BeginRun(path, staff, f), EndRun(path, staff, f)) })
	want(40)

	// The first goes on, and dies before it can say so.
	f := openFile(t, first)
	mustDo(t, BeginRun(path, staff, f))
	for seq := int64(41); seq <= 60; seq++ {
		mustDo(t, f.Record(resultOf(seq, runner.OK)))
	}
	mustDo(t, f.Close())
	want(40)
	mustDo(t, TakeDead(path))
	want(60)

	// It goes on, and says it in batches; what it had said already is not read again.
	f = openFile(t, first)
	mustDo(t, BeginRun(path, staff, f))
	info, err := f.Info()
	mustDo(t, err)
	r := resultOf(61, runner.OK)
	mustDo(t, f.Record(r), f.Flush(), AppendHistory(path, staff, info.RunID, first, []Deed{DeedOf(&r)}), EndRun(path, staff, f), f.Close())
	want(61)

	before := all(t, path)
	elsewhere := recorded(t, t.TempDir(), "before.run", 61, runner.OK, func(f *File) { mustDo(t, f.SetEndpoint("http://localhost:8080")) })
	mustDo(t, os.WriteFile(filepath.Join(dir, "none.run"), []byte("none"), 0o600))
	files := []string{first, first, filepath.Join(dir, "failed.run"), elsewhere, filepath.Join(dir, "none.run")}
	rebuilt, err := RebuildHistory(path, files, func(i *Info) bool { return false }, false)
	mustDo(t, err)
	if rebuilt.Runs != 3 || len(rebuilt.Faults) != 1 || rebuilt.Faults[filepath.Join(dir, "none.run")] == nil {
		t.Errorf("got %+v", rebuilt)
	}
	after := all(t, path)
	if !strings.HasPrefix(after, before) || strings.Count(after, "\n") != 2*62 || !strings.Contains(after, staff.ID+":8080\n") {
		t.Errorf("a ledger of %d bytes is %d after it was made anew", len(before), len(after))
	}
	// What the ledger knew is not forgotten, wherever it is; nor is damage an end.
	mustDo(t, os.WriteFile(path+"-journal", []byte("of another time"), 0o600))
	if rebuilt, err = RebuildHistory(path, nil, func(i *Info) bool { return false }, false); err != nil || all(t, path) != after {
		t.Errorf("made anew from what it knew: got %+v, %v", rebuilt, err)
	}
	mustDo(t, os.WriteFile(path, []byte("x"), 0o600))
	if rebuilt, err = RebuildHistory(path, files[:1], func(i *Info) bool { return i.Name == "nothing" }, false); err != nil || all(t, path) != before {
		t.Errorf("made anew from a ruin: got %+v, %v", rebuilt, err)
	}
	if rebuilt, err = RebuildHistory(path, files, func(*Info) bool { return true }, false); !errors.Is(err, ErrNoRuns) || all(t, path) == "" {
		t.Errorf("of no run: got %v, want the ledger as it was", err)
	}
	if rebuilt, err = RebuildHistory(path, files, func(*Info) bool { return true }, true); err != nil || rebuilt.Runs != 0 || all(t, path) != "" {
		t.Errorf("made anew from nothing: got %+v, %v", rebuilt, err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "ledger*"))
	if mustDo(t, err); len(left) != 2 {
		t.Errorf("left behind: %q", left)
	}
}

// What runs have done whose files are gone is not forgotten, and is told; and it does
// not matter in which folder the ledger was told of a run, or which it is in now.
func TestHistoryOfRunsThatAreGone(t *testing.T) {
	path := newLedger(t)
	dir := t.TempDir()
	t.Chdir(dir)
	begun := func(f *File) { mustDo(t, BeginRun(path, staff, f)) }
	recorded(t, ".", "kept.run", 4, runner.OK, begun)
	moved := recorded(t, ".", "moved.run", 12, runner.OK, begun)
	gone := recorded(t, ".", "gone.run", 14, runner.OK, begun)
	who := func() string { // was done when, whatever run did it
		var b strings.Builder
		for line := range strings.Lines(all(t, path)) {
			line, _, _ = strings.Cut(line, "Z ")
			b.WriteString(line + "\n")
		}
		return b.String()
	}
	before := who()
	mustDo(t, os.Remove(gone), os.Rename(moved, "elsewhere.run"))
	t.Chdir(t.TempDir())
	for i, given := range [][]string{{filepath.Join(dir, "elsewhere.run")}, nil} {
		rebuilt, err := RebuildHistory(path, given, nil, false)
		if err != nil || rebuilt.Runs != 2-i || rebuilt.Gone != 1+i || rebuilt.Kept < 2 || len(rebuilt.Faults) > 0 {
			t.Errorf("got %+v, %v", rebuilt, err)
		}
		if after := who(); after != before {
			t.Errorf("it was\n%s, and is\n%s", before, after)
		}
		_ = os.Remove(filepath.Join(dir, "elsewhere.run"))
	}
}

// Whose reader has not got the password is due again.
func TestWasDone(t *testing.T) {
	step := func(s runner.Step, o runner.Outcome) []runner.StepResult {
		return []runner.StepResult{{Step: s, Outcome: o}}
	}
	for name, tt := range map[string]struct {
		outcome runner.Outcome
		beside  []runner.StepResult
		want    bool
	}{
		"ok": {runner.OK, nil, true}, "failed": {runner.Failed, nil, false}, "unknown": {runner.Unknown, nil, false},
		"told": {runner.OK, step(runner.Conclude, runner.OK), true}, "not told": {runner.OK, step(runner.Conclude, runner.Failed), false},
		"not signed out": {runner.OK, step(runner.SignOut, runner.Failed), true}, "not checked": {runner.OK, step(runner.Check, runner.Unknown), true},
	} {
		if got := WasDone(&runner.Result{Outcome: tt.outcome, Beside: tt.beside}); got != tt.want {
			t.Errorf("%s: got %t, want %t", name, got, tt.want)
		}
	}
}
