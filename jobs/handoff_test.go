package jobs_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"cogpass/jobs"
)

// handoffs are hand-offs as a job says them, and as a run file keeps them.
var handoffs = []struct{ text, json string }{
	{`none`, `{"None":true}`},
	{`{age: [age1aaa, "ssh-ed25519 AAAA ana@host"]}`, `{"Age":{"Recipients":["age1aaa","ssh-ed25519 AAAA ana@host"]}}`},
	{`{age: {recipients: [age1aaa], file: recipients.txt}}`, `{"Age":{"Recipients":["age1aaa"],"File":"recipients.txt"}}`},
	{`{age: {file: recipients.txt}}`, `{"Age":{"File":"recipients.txt"}}`},
	{`{age: {passphrase: {env: PW}}}`, `{"Age":{"PassphraseEnv":"PW"}}`},
	{`{secretsManager: {}}`, `{"SecretsManager":{"Name":"cognito/{pool}/{username}"}}`},
	{`{secretsManager: {name: "x/{username}", kmsKeyId: alias/a, region: eu-west-1, tags: {team: a b, n: 5}}}`,
		`{"SecretsManager":{"Name":"x/{username}","KMSKeyID":"alias/a","Tags":{"n":"5","team":"a b"},"Region":"eu-west-1"}}`},
	{`{command: [store, --pool, 007, ""]}`, `{"Command":{"Args":["store","--pool","007",""],"Timeout":30000000000}}`},
	{`{command: [store], timeout: 5s}`, `{"Command":{"Args":["store"],"Timeout":5000000000}}`},
}

func TestHandoff(t *testing.T) {
	for _, tt := range handoffs {
		path := jobIn(t, head+"action: set-permanent\npassword: {generate: {}}\nusers: [ana]\nhandoff: "+tt.text+"\n",
			archiveFile{"recipients.txt", "\ufeff# who may read\r\n\r\nage1aaa\r\nssh-rsa AAAA\n"})
		job, tasks := mustTasks(t, path, jobs.Options{})
		text, err := json.Marshal(job.Handoff)
		if err != nil || string(text) != tt.json || len(tasks) != 1 {
			t.Errorf("%s: got %s, %v, want %s", tt.text, text, err, tt.json)
		}
		var again jobs.Handoff
		if err := json.Unmarshal(text, &again); err != nil || !reflect.DeepEqual(again, job.Handoff) {
			t.Errorf("%s: got %+v, %v", tt.text, again, err)
		}
		if kind := again.Kind(); kind == "" || !strings.Contains(tt.text, kind) {
			t.Errorf("%s: got the kind %q", tt.text, kind)
		}
	}
	if kind := new(jobs.Handoff).Kind(); kind != "" {
		t.Errorf("the zero value: got %q", kind)
	}
}

func TestHandoffWarns(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"action: reset\nusers: [ana]\nhandoff: none\npassword: {generate: {}}\n", "job.yaml:5:1: a handoff, and no password is generated"},
		{"action: set-permanent\nusers: [ana]\nhandoff: none\npassword: {generate: {}}\n", ""},
		{"action: set-permanent\nusers: [{pool: {}}]\nhandoff: none\npassword: {generate: {}}\n", ""},
		{"action: set-permanent\nusers: [ana]\nhandoff: {age: {passphrase: {env: PW}}}\npassword: {generate: {}}\n",
			"job.yaml:5:17: passwords are sealed with a passphrase, which takes a second for each: it is for tests: use recipients"},
	} {
		job, _ := mustTasks(t, jobIn(t, head+tt.text), jobs.Options{})
		var got []string
		for _, w := range job.Warnings {
			got = append(got, w.Advice()[strings.LastIndex(w.Advice(), "job.yaml"):])
		}
		if strings.Join(got, "\n") != tt.want {
			t.Errorf("%s: got %q, want %q", tt.text, got, tt.want)
		}
	}
}

// TestCheckRecipient: whoever knows age says more of a recipient, in the job and
// in a file.
func TestCheckRecipient(t *testing.T) {
	path := jobIn(t, head+"action: reset\nusers: [ana]\nhandoff: {age: {recipients: [age1aaa, age1bbb], file: r}}\n", archiveFile{"r", "age1aaa\nage1bbb\n"})
	got := faultsOf(t, path, jobs.Options{CheckRecipient: func(text string) (message, hint string) {
		if text == "age1bbb" {
			return "it is malformed", "was it copied whole?"
		}
		return "", ""
	}})
	want := `r:2: it is malformed
    hint: was it copied whole?
job.yaml:5:39: handoff, age, recipients #2: it is malformed
    hint: was it copied whole?
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestPasswordPolicy(t *testing.T) {
	for text, want := range map[string]*jobs.Policy{
		"": nil,
		"passwordPolicy: {minLength: 12, upper: true, lower: false, symbol: true}\n": {MinLength: 12, Upper: true, Symbol: true},
		"passwordPolicy: {digit: true}\n":                                            {MinLength: 6, Digit: true},
	} {
		job, _ := mustTasks(t, jobIn(t, head+"action: reset\nusers: [ana]\n"+text), jobs.Options{})
		if !reflect.DeepEqual(job.PasswordPolicy, want) {
			t.Errorf("%s: got %+v, want %+v", text, job.PasswordPolicy, want)
		}
	}
}

// TestGeneratedIsNotThere: what is yet to be made is read from nowhere, and no
// policy is held against it.
func TestGeneratedIsNotThere(t *testing.T) {
	job, tasks := mustTasks(t, jobIn(t, head+"action: set-permanent\nusers: [ana]\nhandoff: none\npassword: {generate: {}}\n"), jobs.Options{})
	passwords, err := jobs.OpenPasswords(t.Context(), nil, job.Sources, jobs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer passwords.Close()
	for _, task := range tasks {
		if task.Password.Kind != jobs.GeneratedPassword {
			t.Errorf("got %v", task)
		}
		if s, err := passwords.Get(task); err != nil || !s.IsZero() {
			t.Errorf("got %v, %v", s.IsZero(), err)
		}
	}
	if err := jobs.DefaultPolicy.CheckAll(job.Tasks(t.Context()).All(), passwords); err != nil {
		t.Error(err)
	}
}
