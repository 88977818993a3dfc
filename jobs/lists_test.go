package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cogpass/jobs"
)

// TestLineEnds holds lists as other programs write them: each is read as it is
// meant, or refused with its place; no user is swallowed.
func TestLineEnds(t *testing.T) {
	const mapped = ", columns: {username: id}"
	tests := []struct {
		name, kind, columns, text string
		want                      string // the users, or the fault
	}{
		{"LF", "csv", "", "username\nana\nkim\n", "ana kim"},
		{"CR", "csv", "", "username\rana\rkim\r", "ana kim"},
		{"CR, the last line open", "csv", "", "username\rana\rkim", "ana kim"},
		{"CR, mapped", "csv", mapped, "id,why\rana,x\rkim,y\r", "ana kim"},
		{"CRLF and CR", "csv", mapped, "id,why\r\nana,x\rkim,y\r\nlee,z", "ana kim lee"},
		{"a lone CR in a column that is not read", "csv", mapped, "why,id\nx,ana\ny\rz,kim\n", "users:3:1: 1 field in this row, and 2 columns in the header"},
		{"CR and LF on two sides of a window", "csv", mapped, "why,id\r\n" + strings.Repeat("x", 65536-len("why,id\r\n")-5) + ",ana\r\ny,kim\r\n", "ana kim"},
		{"BOM and CR", "csv", "", "\ufeffusername\rana\r", "ana"},
		{"NEL", "csv", mapped, "id,why\u0085ana,x\u0085kim,y\u0085", "users:1:7: the line end U+0085 (NEL), which few programs know"},
		{"NEL in a row", "csv", mapped, "id,why\nana,x\u0085kim,y\n", "users:2:6: the line end U+0085 (NEL), which few programs know"},
		{"VT", "csv", mapped, "id,why\vana,x\vkim,y\v", "users:1:7: the control character U+000B"},
		{"FF", "csv", mapped, "id,why\nana,x\fkim,y\n", "users:2:6: the control character U+000C"},
		{"LS", "csv", mapped, "id,why\nä,x\u2028kim,y\n", "users:2:4: the line end U+2028, which few programs know"},
		{"PS", "csv", mapped, "id,why\u2029ana,x\n", "users:1:7: the line end U+2029, which few programs know"},
		{"letters whose last byte is NEL's", "csv", mapped, "id,why\nÅÅ,…\nkimÅ,x\n", "ÅÅ kimÅ"},
		{"UTF-16", "csv", "", "\xff\xfeu\x00s\x00e\x00r\x00", "users:1:1: this is UTF-16, not UTF-8"},
		{"UTF-16, the other way round", "csv", mapped, "\xfe\xff\x00u\x00s", "users:1:1: this is UTF-16, not UTF-8"},
		{"NUL", "csv", mapped, "id,why\nana,x\x00\n", "users:2:6: a NUL: this is no text"},
		{"CR in JSONL", "jsonl", "", "\"ana\"\r{\"username\": \"kim\"}\r", "ana kim"},
		{"UTF-16 in JSONL", "jsonl", "", "\xff\xfe\"\x00", "users:1:1: this is UTF-16, not UTF-8"},
		{"a header alone", "csv", "", "username\n", "users: this list names no user"},
		{"blank lines", "csv", "", "username\n\n\r\n\n", "users: this list names no user"},
		{"blank lines in JSONL", "jsonl", "", "\n\n", "users: this list names no user"},
		{"no byte in JSONL", "jsonl", "", "", "users: this list names no user"},
		{"semicolons between quotes", "csv", "", "\"username\";\"password\"\n", "users:1:1: a quoted field that does not end, or goes on after its end"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			source := "{" + test.kind + ": users" + test.columns + "}"
			path := jobIn(t, head+"action: reset\nusers: ["+source+"]\n", archiveFile{"users", test.text})
			if got := usersOrFault(t, path); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if strings.HasPrefix(test.want, "users:") {
				path := jobIn(t, head+"action: reset\nusers: [ana]\nexclude: ["+source+"]\n", archiveFile{"users", test.text})
				if got := usersOrFault(t, path); got != test.want {
					t.Errorf("as exclude: got %s, want %s", got, test.want)
				}
			}
		})
	}
}

// usersOrFault returns the users of a job, or the first line of what is wrong
// with it.
func usersOrFault(t *testing.T, path string) string {
	t.Helper()
	if got := faultsOf(t, path, jobs.Options{}); got != "" {
		first, _, _ := strings.Cut(got, "\n")
		return first
	}
	var names []string
	_, tasks := mustTasks(t, path, jobs.Options{})
	for _, task := range tasks {
		names = append(names, task.Username)
	}
	return strings.Join(names, " ")
}

// TestSemicolonHint holds that people are told what to do about it.
func TestSemicolonHint(t *testing.T) {
	path := jobIn(t, head+"action: reset\nusers: [{csv: users}]\n", archiveFile{"users", "\"username\";\"password\"\n\"ana\";\"hunter2\"\n"})
	if got := faultsOf(t, path, jobs.Options{}); !strings.Contains(got, "hint: this looks separated by semicolons") {
		t.Errorf("got %s", got)
	}
}

// TestListRewrittenInPlace changes a list after it was opened, as cp does, with
// rows of the same lengths: a user gets the planned password or the run stops.
func TestListRewrittenInPlace(t *testing.T) {
	const users = 300
	changes := map[string]func(rows []string){
		"rows in another order": func(rows []string) { slices.Reverse(rows) },
		"rows moved up":         func(rows []string) { copy(rows, rows[1:]) },
		"passwords moved up": func(rows []string) {
			last := rows[len(rows)-1]
			for i := range rows[1:] {
				rows[i] = strings.Replace(rows[i], fmt.Sprintf("Pw-%08d", i), fmt.Sprintf("Pw-%08d", i+1), 1)
			}
			rows[len(rows)-1] = last
		},
	}
	for _, kind := range []string{"csv", "jsonl"} {
		for name, change := range changes {
			t.Run(kind+", "+name, func(t *testing.T) {
				path := manyUsers(t, kind, users)
				job, tasks := mustTasks(t, path, jobs.Options{})
				p := job.passwords(t, jobs.Options{})
				for i, task := range tasks[:10] {
					if got, err := p.Get(task); err != nil || got.Reveal() != fmt.Sprintf("Pw-%08d-x", i) {
						t.Fatalf("%s: got %v", task.Username, err)
					}
				}
				list := filepath.Join(filepath.Dir(path), "users")
				text, err := os.ReadFile(list)
				if err != nil {
					t.Fatal(err)
				}
				rows := strings.SplitAfter(string(text), "\n")
				from := len(rows) - 1 - users
				change(rows[from : from+users])
				if err := os.WriteFile(list, []byte(strings.Join(rows, "")), 0o600); err != nil {
					t.Fatal(err)
				}
				refused, wrong := 0, 0
				for i, task := range tasks {
					got, err := p.Get(task) // the first is further up, so reading begins anew
					var fault jobs.Fault
					switch {
					case errors.As(err, &fault) && fault.Hint != "" && fault.Line == task.Place.Line:
						refused++
					case err != nil:
						t.Errorf("%s: got %v, want a fault with its place and a hint", task.Username, err)
					case got.Reveal() != fmt.Sprintf("Pw-%08d-x", i):
						wrong++
					}
				}
				most := 0 // where the row names another user
				if strings.HasPrefix(name, "passwords") {
					most = 2 // a mark has 16 bits: three of 300 that agree come once in a hundred million times
				}
				if wrong > most {
					t.Errorf("%d of %d got the password of another, want %d at most", wrong, users, most)
				}
				if refused < users/2 {
					t.Errorf("%d of %d were refused", refused, users)
				}
			})
		}
	}
}

// TestNamesOfOneUser holds names that differ in case or Unicode form.
func TestNamesOfOneUser(t *testing.T) {
	for _, pair := range [][2]string{{"Ana", "ana"}, {"Å", "A\u030a"}, {"STRASSE", "straße"}, {"Éva", "e\u0301VA"}, {"\u212a", "k"}, {"Σ", "ς"}} {
		text := head + "action: reset\nusers: [" + pair[0] + "]\nexclude: [" + pair[1] + "]\n"
		if _, tasks := mustTasks(t, jobIn(t, text), jobs.Options{}); tasks[0].Skip == "" {
			t.Errorf("%q lets %q through", pair[1], pair[0])
		}
		if _, tasks := mustTasks(t, jobIn(t, text+"caseSensitive: true\n"), jobs.Options{}); tasks[0].Skip != "" {
			t.Errorf("caseSensitive: %q excludes %q", pair[1], pair[0])
		}
		text = head + "action: reset\nusers: [x, " + pair[0] + ", " + pair[1] + "]\n"
		got := faultsOf(t, jobIn(t, text), jobs.Options{})
		if !strings.Contains(got, "this user was named before, at job.yaml:4:12") || !strings.Contains(got, "caseSensitive: true") {
			t.Errorf("%q: got %s", pair, got)
		}
		if _, tasks := mustTasks(t, jobIn(t, text+"caseSensitive: true\n"), jobs.Options{}); len(tasks) != 3 {
			t.Errorf("caseSensitive, %q: got %d tasks", pair, len(tasks))
		}
	}
}

func TestSpreadsheetGuard(t *testing.T) {
	path := jobIn(t, head+"action: reset\nusers: [+1]\nexclude: [{csv: u}]\n", archiveFile{"u", "username\n'bob\n'+1\n'+2\n"})
	job, tasks := mustTasks(t, path, jobs.Options{})
	if len(job.Warnings) != 2 || !strings.HasPrefix(job.Warnings[0].String(), "u:3:1: this username begins with an apostrophe") || tasks[0].Skip != "" {
		t.Errorf("got %v, %v", job.Warnings, tasks)
	}
	path = jobIn(t, head+"action: reset\nusers: [{csv: u}]\n", archiveFile{"u", jobs.ReportColumns + ",code\n1,'+1,,reset,ok,\n"})
	if got := faultsOf(t, path, jobs.Options{}); !strings.Contains(got, "hint: add columns: {username: username}") {
		t.Errorf("got %s", got)
	}
}

// TestGuardThatMatchesNobody holds that a list that protects nobody is told of.
func TestGuardThatMatchesNobody(t *testing.T) {
	path := jobIn(t, head+"action: reset\nusers: [ana, kim]\nexclude: [{csv: a}, {csv: b}, {csv: c}, {csv: d}, nobody, list.csv, 'ana,kim']\n",
		archiveFile{"a", "username\nana@example.com\n"}, archiveFile{"b", "username\nANA\n"}, archiveFile{"c", "username\nana\n"}, archiveFile{"d", "username\nx\nx\n"})
	job, _ := mustTasks(t, path, jobs.Options{})
	var got []string
	for _, w := range job.Warnings {
		got = append(got, strings.TrimPrefix(w.String(), filepath.Dir(path)+string(filepath.Separator)))
	}
	want := []string{
		"job.yaml:5:59: this is taken for a username",
		"job.yaml:5:69: this is taken for one username",
		"job.yaml:5:17: none of the users is in this list, so it keeps nobody out",
		"job.yaml:5:47: none of the users is in this list, so it keeps nobody out",
		"job.yaml:5:51: 3 names here, of which this is the first, are of none of the users, so they keep nobody out",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestEndedByContext holds that reading ends with the cause of its context,
// also where standard input says nothing.
func TestEndedByContext(t *testing.T) {
	path := manyUsers(t, "csv", 1000)
	testEnded(t, path, jobs.Options{}, 10)
	path = jobIn(t, head+"action: reset\nusers: [{csv: \"-\"}]\n")
	from, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	defer to.Close()
	testEnded(t, path, jobs.Options{Stdin: from}, 0)
}

func testEnded(t *testing.T, path string, opt jobs.Options, after int) {
	t.Helper()
	job, err := jobs.Open(path, opt)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	cause := errors.New("interrupted")
	if after == 0 {
		cancel(cause)
	}
	seen, ended := 0, error(nil)
	for _, err := range job.Tasks(ctx).All() {
		if ended = err; err != nil {
			break
		}
		if seen++; seen == after {
			cancel(cause)
		}
	}
	if ended != cause || seen != after {
		t.Errorf("got %d tasks, %v, want %d, %v", seen, ended, after, cause)
	}
}
