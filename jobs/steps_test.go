package jobs_test

import (
	"slices"
	"strings"
	"testing"

	"cogpass/jobs"
)

// TestSteps holds the levels at which steps beside the action may be asked for.
func TestSteps(t *testing.T) {
	path := jobIn(t, head+`
action: reset
signOut: true
enable: true
where: {status: [CONFIRMED], recheck: true}
users:
  - ana
  - {username: kim, signOut: false, enable: false}
  - {username: lee, signOut: always}
  - {csv: u, signOut: always, enable: false}
  - jsonl: j
exclude: [ana]
`, archiveFile{"u", "username,signOut\nmax,\nnoa,true\nora,false\n"},
		archiveFile{"j", `{"username": "pia"}` + "\n" + `{"username": "quy", "signOut": false, "enable": false}` + "\n" + `{"username": "rob", "signOut": "always"}`})
	_, tasks := mustTasks(t, path, jobs.Options{})
	var got []string
	for _, task := range tasks {
		got = append(got, task.Username+" "+decided(&task))
	}
	want := []string{"ana skip: excluded by the job", "kim send +recheck", "lee send +enable +recheck +signOutAlways",
		"max send +recheck +signOutAlways", "noa send +recheck +signOut", "ora send +recheck",
		"pia send +enable +recheck +signOut", "quy send +recheck", "rob send +enable +recheck +signOutAlways"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestSharedCreation holds that consecutive users share what is the same.
func TestSharedCreation(t *testing.T) {
	path := jobIn(t, head+"action: set-permanent\npassword: {env: PW}\nifMissing: create\nattributes: {a: b}\nusers: [{csv: u, attributes: {c: d}}]\n", archiveFile{"u", "username,attributes.e\nana,\nkim,\nlee,x\n"})
	_, tasks := mustTasks(t, path, jobs.Options{LookupEnv: environment})
	if tasks[0].Create != tasks[1].Create || tasks[1].Create == tasks[2].Create {
		t.Errorf("got %p, %p, %p", tasks[0].Create, tasks[1].Create, tasks[2].Create)
	}
}

func TestMaxFailures(t *testing.T) {
	tests := []struct {
		text         string
		failed, done int64
		want         bool
	}{
		{"0", 0, 1, false}, {"0", 1, 1, true}, {"20", 20, 20, false}, {"20", 21, 1000, true},
		{"5%", 99, 99, false}, {"5%", 5, 100, false}, {"5%", 6, 100, true}, {"0.5%", 5, 1000, false}, {"0.5%", 6, 1000, true},
		{"100%", 1000, 1000, false}, {"0%", 1, 1, true},
	}
	for _, test := range tests {
		m, err := jobs.ParseMaxFailures(test.text)
		if err != nil || m.Exceeded(test.failed, test.done) != test.want {
			t.Errorf("%s: got %v, %v of %d failed of %d", test.text, err, !test.want, test.failed, test.done)
		}
		if again, err := jobs.ParseMaxFailures(m.String()); err != nil || again != m {
			t.Errorf("%s: got %v, %v from %s", test.text, again, err, m)
		}
	}
	for _, text := range []string{"", "-1", "1.5", "101%", "5 %", "%", "1e3", "05", "NaN%"} {
		if m, err := jobs.ParseMaxFailures(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, m)
		}
	}
	if (jobs.MaxFailures{}).Exceeded(1000, 1000) || (jobs.MaxFailures{}).String() != "" {
		t.Error("no limit is one")
	}
}

// TestRatesOverTheQuota holds that one is told of a rate that AWS does not
// grant, with the name of the quota.
func TestRatesOverTheQuota(t *testing.T) {
	for limits, want := range map[string]string{
		"{rate: 30/s, rates: {UserUpdate: 25/s, UserList: max}}": "",
		"{rate: max}":                   "",
		"{rate: 31/s}":                  "more than the quota of UserAccountRecovery, which is 30/s where AWS has not changed it",
		"{rates: {UserUpdate: 1501/m}}": "more than the quota of UserUpdate, which is 25/s where AWS has not changed it",
	} {
		job, _ := mustTasks(t, jobIn(t, head+"action: reset\nusers: [ana]\nlimits: "+limits+"\n"), jobs.Options{})
		got := ""
		for _, w := range job.Warnings {
			got += w.Message
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", limits, got, want)
		}
	}
}

// TestStepsThatTheActionIs holds that an action is not asked for beside itself,
// and that a job whose other users need the step may ask for it.
func TestStepsThatTheActionIs(t *testing.T) {
	tests := []struct{ action, users, want string }{
		{"sign-out", "signOut: true\nusers: [ana]", "job.yaml:4:1: signOut beside sign-out, which does nothing else"},
		{"reset", "signOut: true\nusers: [{username: ana, action: sign-out}]", ""},
		{"reset", "users: [{username: ana, action: sign-out, signOut: always}]", "job.yaml:4:43: users #1: signOut beside sign-out, which does nothing else"},
		{"sign-out", "users: [{jsonl: u}]", "u:1:14: signOut beside sign-out, which does nothing else"},
		{"disable", "signOut: true\nusers: [ana]", ""},
		{"disable", "users: [{username: ana, enable: true}]", "job.yaml:4:20: users #1, username: disable takes no enable"},
		{"disable", "enable: true\nusers: [ana]", ""},
		{"disable", "users: [{username: ana, ifMissing: create}]", "job.yaml:4:25: users #1: disable makes no user"},
	}
	for _, test := range tests {
		path := jobIn(t, head+"action: "+test.action+"\n"+test.users+"\n", archiveFile{"u", `{"username": "ana", "signOut": true}` + "\n"})
		got, _, _ := strings.Cut(faultsOf(t, path, jobs.Options{}), "\n")
		if got != test.want {
			t.Errorf("%s, %s\ngot %s, want %s", test.action, test.users, got, test.want)
		}
	}
}
