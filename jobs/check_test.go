package jobs_test

import (
	"encoding/json"
	"testing"

	"cogpass/jobs"
)

// TestCheck: the tasks that set a permanent password are checked, and no others.
func TestCheck(t *testing.T) {
	job, tasks := mustTasks(t, jobIn(t, head+`
check: {clientId: 1example23456789, clientSecret: {file: secret}, admin: true}
password: {env: PW}
action: set-permanent
users: [ana, {username: kim, action: reset}, {username: lee, action: set-temporary}, max]
exclude: [max]
`, archiveFile{"secret", "s3cret\n"}), jobs.Options{LookupEnv: environment})
	for i, want := range []bool{true, false, false, false} {
		if tasks[i].Check != want {
			t.Errorf("%s: got %v, want %v", tasks[i].Username, tasks[i].Check, want)
		}
	}
	text, err := json.Marshal(job.Check)
	if want := `{"ClientID":"1example23456789","ClientSecret":{"Kind":3,"Name":"secret","Line":0,"Column":0,"Mark":0},"Admin":true}`; string(text) != want {
		t.Errorf("got %s, %v, want %s", text, err, want)
	}
	passwords := job.passwords(t, jobs.Options{LookupEnv: environment})
	if secret, err := passwords.Read(job.Check.ClientSecret); err != nil || secret.Reveal() != "s3cret" {
		t.Errorf("got %q, %v", secret.Reveal(), err)
	}
}

// TestCheckIsDropped: who is not acted on signs in nowhere.
func TestCheckIsDropped(t *testing.T) {
	job, err := jobs.Open(jobIn(t, head+"action: set-permanent\npassword: {env: PW}\ncheck: {clientId: a}\nwhere: {enabled: true}\nusers: [ana, kim, lee]\n"),
		jobs.Options{LookupEnv: environment})
	if err != nil {
		t.Fatal(err)
	}
	tasks := job.Tasks(t.Context())
	users := []*jobs.User{{Username: "ana", Enabled: true}, {Username: "kim"}, nil}
	for task, err := range tasks.All() {
		if err != nil {
			t.Fatal(err)
		}
		tasks.Judge(&task, users[task.Seq-1], jobs.PoolFacts{})
		if want := task.Username == "ana"; task.Check != want {
			t.Errorf("%s: got %v, want %v", task.Username, task.Check, want)
		}
	}
}
