package jobs_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cogpass/jobs"
)

func protectOf(t *testing.T, text string, files ...archiveFile) *jobs.Protect {
	t.Helper()
	p, err := jobs.ParseProtect(jobIn(t, text, files...))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestProtect holds that no job acts on those of the list for all jobs, by any
// of their names, unless it is said of each.
func TestProtect(t *testing.T) {
	protect := protectOf(t, "version: 1\nprotect: [ROOT, {csv: vips.csv}, {group: admins}, nobody]\n", archiveFile{"vips.csv", "username\nAna@example.com\n"})
	const (
		byName  = "skip: protected from all jobs"
		byGroup = "skip: protected from all jobs"
	)
	tests := []struct {
		user    string
		allowed []string
		more    string
		want    string
	}{
		{"root", nil, "", byName},
		{"root", []string{"Root"}, "", "send"},
		{"root", []string{"roo"}, "", byName},
		{"root", []string{"root"}, "exclude: [root]", "skip: excluded by the job"},
		{"u-1", nil, "", byName},
		{"u-1", []string{"u-1"}, "", "send"},
		{"u-1", []string{"ANA@EXAMPLE.COM"}, "", "send"},
		{"u-7", nil, "", byGroup},
		{"u-7", []string{"s-7"}, "", "send"},
		{"kim", nil, "", "send"},
	}
	users := map[string]*jobs.User{
		"root": {Username: "root"}, "u-1": pooled("CONFIRMED"), "u-7": {Username: "u-7", Sub: "s-7"}, "kim": {Username: "kim"},
	}
	for _, u := range users {
		u.Enabled, u.Status, u.VerifiedEmail = true, jobs.Confirmed, true
	}
	for _, test := range tests {
		path := jobIn(t, head+"action: reset\nusers: ["+test.user+"]\n"+test.more+"\n")
		tasks, list := readTasks(t, path, jobs.Options{Protect: protect, AllowProtected: test.allowed})
		needs := tasks.Needs()
		if at := len(needs.Sources) - 1; at != 0 || !needs.Sources[0].Guard {
			t.Fatalf("got %v, want the group", needs.Sources)
		}
		tasks.Guard(needs.Sources[0].Index, users["u-7"])
		tasks.Judge(&list[0], users[test.user], jobs.PoolFacts{})
		if got := decided(&list[0]); got != test.want {
			t.Errorf("%v: got %s", test, got)
		}
	}
}

// TestProtectOffline holds that a name is known without the pool.
func TestProtectOffline(t *testing.T) {
	protect := protectOf(t, "version: 1\nprotect:\n  - root\n  - nobody\n")
	job, list := mustTasks(t, jobIn(t, head+"action: reset\nusers: [ana, ROOT]\n"), jobs.Options{Protect: protect})
	if list[0].Skip != "" || list[1].Skip != "protected from all jobs" {
		t.Errorf("got %v", list)
	}
	if len(job.Warnings) != 1 || job.Warnings[0].String() != protect.Path+":4:5: none of the users has this name, so it keeps nobody out" {
		t.Errorf("got %v", job.Warnings)
	}
}

func TestProtectFaults(t *testing.T) {
	tests := []struct{ text, want string }{
		{"protect: [ana]", "job.yaml:1:1: no version"},
		{"version: 1", "job.yaml:1:1: no protect"},
		{"version: 1\nprotect: {ana: kim}", "job.yaml:2:10: protect is a mapping, not a list"},
		{"version: 1\nprotect: [{pool: {}}]", "job.yaml:2:11: this is neither a username nor a source"},
		{"version: 1\nprotect: [{csv: '-'}]", "job.yaml:2:17: standard input is read by one source only"},
		{"version: 1\nprotect: ['a b']", "job.yaml:2:11: username holds white space"},
		{"version: 1\nprotect: [{group: a, filter: 'email = \"x\"'}]", "job.yaml:2:11: group and filter in one entry"},
		{"version: 1\nprotects: [x]", "job.yaml:1:1: no protect"},
		{"", "job.yaml: the protect file is empty"},
	}
	for _, test := range tests {
		path := jobIn(t, test.text)
		_, err := jobs.ParseProtect(path)
		if err == nil {
			t.Errorf("%q: got no fault", test.text)
			continue
		}
		checkFaults(t, err)
		var got []string
		for _, f := range err.(*jobs.Faults).List {
			got = append(got, strings.TrimPrefix(f.String(), filepath.Dir(path)+string(filepath.Separator)))
		}
		if !slices.Contains(got, test.want) {
			t.Errorf("%q: got %q, want %q", test.text, got, test.want)
		}
	}
	if _, err := jobs.ParseProtect(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want one that says that there is no such file", err)
	}
}

// TestNaming holds what becomes of names that differ in case only, by what the
// pool makes of them.
func TestNaming(t *testing.T) {
	path := jobIn(t, head+"action: reset\nusers: [Ana, kim, ana, KIM]\nexclude: [KIM]\n")
	tasks := openTasks(t, path)
	tasks.Naming = jobs.NamesUnknown
	list := listOf(t, tasks)
	if tasks.Alike() != 2 || len(list) != 4 || len(tasks.Warnings()) != 2 {
		t.Errorf("nobody asked: got %d alike, %d tasks, %v", tasks.Alike(), len(list), tasks.Warnings())
	}
	tasks.Naming = jobs.NamesExact
	list = listOf(t, tasks)
	if tasks.Alike() != 0 || len(tasks.Warnings()) != 0 || list[1].Skip != "excluded by the job" || list[3].Skip != "excluded by the job" {
		t.Errorf("two users: got %d alike, %v, %v", tasks.Alike(), tasks.Warnings(), list)
	}
	if tasks.Key("Ana") == tasks.Key("ana") {
		t.Error("the keys of two users are one")
	}
	tasks.Naming = jobs.NamesFolded
	if tasks.Key("Ana") != tasks.Key("ana") {
		t.Error("the keys of one user are two")
	}
	for task, err := range tasks.All() {
		if err == nil && task.Seq == 4 {
			continue
		} else if err != nil {
			if faults := err.(*jobs.Faults); faults.Len() != 2 {
				t.Errorf("got %v, want two faults", err)
			}
			return
		}
	}
	t.Error("one user: got no fault")
}

// TestExactRepeats holds that a name that is there twice is a fault whatever the
// pool says.
func TestExactRepeats(t *testing.T) {
	for _, naming := range []jobs.Naming{jobs.NamesFolded, jobs.NamesUnknown, jobs.NamesExact} {
		tasks := openTasks(t, jobIn(t, head+"action: reset\nusers: [Ana, ana, ana]\n"))
		tasks.Naming = naming
		var last error
		for _, err := range tasks.All() {
			last = err
		}
		if last == nil || !strings.Contains(last.Error(), "job.yaml:4:19: users #3: this user was named before, at ") {
			t.Errorf("%d: got %v", naming, last)
		}
	}
}

// TestReadTwice holds that a list that changes between two readings is refused.
func TestReadTwice(t *testing.T) {
	path := jobIn(t, head+"action: reset\nusers: [{csv: u}]\n", archiveFile{"u", "username\nana\n"})
	tasks := openTasks(t, path)
	listOf(t, tasks)
	listOf(t, tasks)
	write(t, filepath.Join(filepath.Dir(path), "u"), "username\nkim\n")
	var last error
	for _, err := range tasks.All() {
		last = err
	}
	if last == nil || !strings.Contains(last.Error(), "u: it was changed while it was read") {
		t.Errorf("got %v", last)
	}
}

func openTasks(t *testing.T, path string) *jobs.Tasks {
	t.Helper()
	job, err := jobs.Open(path, jobs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return job.Tasks(t.Context())
}
