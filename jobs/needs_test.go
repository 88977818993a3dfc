package jobs_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"cogpass/jobs"
)

// needed describes what a job needs of the pool.
func needed(n jobs.Needs, all bool) string {
	var parts []string
	if n.LookUp {
		parts = append(parts, "look up")
	}
	for _, sweep := range n.Sweeps(all) {
		s := "all"
		if sweep.Group != "" {
			s = "group " + sweep.Group
		} else if sweep.Filter != "" {
			s = sweep.Filter
		}
		for _, of := range sweep.Sources {
			s += fmt.Sprintf(" %d", of.Index)
			if of.Guard {
				s += "!"
			}
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, "; ")
}

// TestNeeds holds what of the pool has to be known for a job: a plain one needs
// nothing.
func TestNeeds(t *testing.T) {
	tests := []struct{ job, want, all string }{
		{"users: [ana, {username: kim, signOut: always}]\nexclude: [kim]", "", "all"},
		{"users: [ana]\nsignOut: true\nallowFederated: true\nlimits: {canary: 1}", "", "all"},
		{"users: [ana]\nwhere: {enabled: true}", "look up", "look up; all"},
		{"users: [ana]\nonImpossible: fail", "look up", "look up; all"},
		{"users: [ana, {username: kim, enable: true}]", "look up", "look up; all"},
		{"users: [{jsonl: u}]", "look up", "look up; all"},
		{"users: [ana]\nifMissing: create", "", "all"}, // for no reset
		{"users: [ana]\nexclude: [ana, {group: admins}]", "group admins 1!", "all; group admins 1!"},
		{"users: [ana]\nexclude: [{group: admins}]", "look up; group admins 1!", "look up; all; group admins 1!"},
		{"users: [pool: {}]", "all 1", "all 1"},
		{"users: [ana, pool: {}]", "look up; all 1", "look up; all 1"},
		{"users: [pool: {status: [CONFIRMED]}]", `cognito:user_status = "CONFIRMED" 1`, "all 1"},
		{"users: [pool: {enabled: true}]", `status = "Enabled" 1`, "all 1"},
		{"users: [pool: {enabled: false}]", `status = "Disabled" 1`, "all 1"},
		{"users: [pool: {status: [CONFIRMED, UNCONFIRMED], createdAfter: 9d}]", "all 1", "all 1"},
		{"users: [pool: {status: CONFIRMED}, pool: {status: CONFIRMED, enabled: true}]", `cognito:user_status = "CONFIRMED" 1 2`, "all 1 2"},
		{"users: [pool: {status: CONFIRMED}, pool: {status: UNCONFIRMED}]", "all 1 2", "all 1 2"},
		{"users: [pool: {group: a}, pool: {group: b}, pool: {group: a, enabled: true}]\nexclude: [{group: b}]", "group a 1 3; group b 2 4!", "all; group a 1 3; group b 2 4!"},
		{"users: [pool: {filter: 'email ^= \"a\"'}, pool: {}, pool: {group: a, filter: 'email ^= \"a\"'}]\nexclude: [{filter: 'sub = \"x\"'}]",
			`all 2; email ^= "a" 1; group a 3; sub = "x" 4!`, `all 2; email ^= "a" 1; group a 3; sub = "x" 4!`},
	}
	schema := compileSchema(t)
	for _, test := range tests {
		text := head + "action: reset\n" + test.job + "\n"
		if err := schema.Validate(asJSON(t, text)); err != nil {
			t.Errorf("the schema refuses %s: %v", test.job, err)
		}
		path := jobIn(t, text, archiveFile{"u", `{"username": "x", "action": "reset"}` + "\n" + `{"username": "y", "enable": true}` + "\n"})
		tasks, _ := readTasks(t, path, jobs.Options{})
		needs := tasks.Needs()
		if got := needed(needs, false); got != test.want {
			t.Errorf("%s\ngot %s, want %s", test.job, got, test.want)
		}
		if got := needed(needs, true); got != test.all {
			t.Errorf("%s, of a whole pool\ngot %s, want %s", test.job, got, test.all)
		}
		if needs.Any() != (test.want != "") {
			t.Errorf("%s: got %v", test.job, needs.Any())
		}
	}
}

// TestMatches holds which of the users listed for a query are its users.
func TestMatches(t *testing.T) {
	tests := []struct {
		pool, user string
		want       bool
	}{
		{"{}", "EXTERNAL_PROVIDER disabled timeless", true},
		{"{status: CONFIRMED}", "CONFIRMED", true},
		{"{status: CONFIRMED}", "UNCONFIRMED", false},
		{"{enabled: true}", "CONFIRMED disabled", false},
		{"{createdBefore: 2026-01-11}", "CONFIRMED", true},
		{"{createdBefore: 2026-01-11}", "CONFIRMED timeless", false},
		{"{modifiedAfter: 2026-03-10T00:00:00Z}", "CONFIRMED", false},
		{"{filter: 'email = \"other\"'}", "CONFIRMED", true}, // the pool has looked at it
		{"{group: a, filter: 'email = \"Ana@Example.com\"'}", "CONFIRMED", true},
		{"{group: a, filter: 'email ^= \"Ana\"'}", "CONFIRMED", true},
		{"{group: a, filter: 'email ^= \"ana\"'}", "CONFIRMED", false},
		{"{group: a, filter: 'name ^= \"\"'}", "CONFIRMED", false},
		{"{group: a, filter: 'sub = \"s-1\"'}", "CONFIRMED", true},
		{"{group: a, filter: 'username ^= \"u\"', enabled: false}", "CONFIRMED", false},
		{"{group: a, filter: 'status = \"Enabled\"'}", "CONFIRMED disabled", false},
		{"{group: a, filter: '\"cognito:user_status\"=\"confirmed\"'}", "CONFIRMED", true},
	}
	for _, test := range tests {
		tasks, _ := readTasks(t, jobIn(t, head+"action: reset\nusers: [pool: "+test.pool+"]\n"), jobs.Options{Now: april})
		needs := tasks.Needs()
		if got := needs.Sources[0].Query.Matches(pooled(test.user)); got != test.want {
			t.Errorf("%s of %s: got %v", test.user, test.pool, got)
		}
	}
}

// TestOfPool holds the tasks of pool sources: after those of the job, with the
// settings of their source.
func TestOfPool(t *testing.T) {
	path := jobIn(t, head+`
action: reset
signOut: true
clientMetadata: {a: job}
limits: {maxUsers: 2}
users:
  - ana
  - pool: {status: CONFIRMED}
    clientMetadata: {b: source}
    signOut: always
  - pool: {group: staff}
    action: set-permanent
    password: Pa55word!
    enable: true
  - pool: {group: nobody}
exclude: [{group: admins}, {filter: 'email ^= "x"'}]
`)
	tasks, list := readTasks(t, path, jobs.Options{})
	tasks.Guard(4, &jobs.User{Username: "Root", Sub: "s-9"})
	list = append(list, tasks.OfPool(1, pooled("CONFIRMED")), tasks.OfPool(2, &jobs.User{Username: "u-2", Status: jobs.Confirmed}),
		tasks.OfPool(2, &jobs.User{Username: "ROOT", Status: jobs.Confirmed}))
	users := []*jobs.User{pooled("CONFIRMED"), pooled("CONFIRMED"), {Username: "u-2", Status: jobs.Confirmed}, {Username: "ROOT", Enabled: true, Status: jobs.Confirmed}}
	var got []string
	for i := range list {
		tasks.Judge(&list[i], users[i], jobs.PoolFacts{})
		got = append(got, describe(list[i])+": "+decided(&list[i]))
	}
	want := []string{
		"1 ana reset a=job at job.yaml:9:5: send +metadata +signOut",
		"2 u-1 reset a=job b=source at job.yaml:10:5: send +metadata +signOutAlways",
		"3 u-2 set-permanent literal@15:15 at job.yaml:13:5: send +enable +signOut",
		"4 ROOT set-permanent literal@15:15 excluded by the job at job.yaml:13:5: skip: excluded by the job",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if err := tasks.End(); err == nil || err.Error() != path+":7:20: limits, maxUsers: the job has 3 users, more than maxUsers, 2" {
		t.Errorf("got %v", err)
	}
	if got := tasks.Sources()[0].Passwords; got != 2 {
		t.Errorf("got %d passwords of the job, want 2", got)
	}
	var warned []string
	for _, w := range tasks.Warnings()[1:] {
		warned = append(warned, strings.TrimPrefix(w.String(), path+":"))
	}
	if want := []string{"18:28: the pool has no such user, so this keeps nobody out", "17:5: no user of the pool is like this, or others before claim them all"}; !slices.Equal(warned, want) {
		t.Errorf("got %q, want %q", warned, want)
	}
}

// TestUnreachable holds the warning of users that no code will ever reach.
func TestUnreachable(t *testing.T) {
	for attributes, want := range map[string]int{
		"{}": 1, "{email: a@example.com}": 1, "{email_verified: true}": 1, "{email: a@example.com, email_verified: true}": 0,
		"{phone_number: +15551234567, phone_number_verified: True}": 0, "{phone_number: +15551234567, email_verified: true}": 1,
	} {
		path := jobIn(t, head+"action: set-permanent\npassword: {env: PW}\nusers: [ana]\nifMissing: create\nattributes: "+attributes+"\n")
		tasks, list := readTasks(t, path, jobs.Options{LookupEnv: environment})
		tasks.Judge(&list[0], nil, jobs.PoolFacts{})
		if got := len(tasks.Warnings()); got != want {
			t.Errorf("%s: got %d warnings, want %d", attributes, got, want)
		}
	}
}
