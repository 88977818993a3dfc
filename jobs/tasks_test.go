package jobs_test

import (
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cogpass/jobs"
)

const head = "version: 1\nuserPoolId: us-west-2_aaaaaaaaa\n"

// jobIn writes the files of a job, the first of which is the job file, into a
// folder of their own, and returns its path.
func jobIn(t testing.TB, text string, files ...archiveFile) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "job.yaml")
	write(t, path, text)
	for _, f := range files {
		write(t, filepath.Join(filepath.Dir(path), f.name), f.text)
	}
	return path
}

// describe returns a task as a line.
func describe(task jobs.Task) string {
	s := fmt.Sprintf("%d %s %s", task.Seq, task.Username, task.Action)
	switch p := task.Password; p.Kind {
	case jobs.LiteralPassword:
		s += fmt.Sprintf(" literal@%d:%d", p.Line, p.Column)
	case jobs.EnvPassword:
		s += " env=" + p.Name
	case jobs.FilePassword:
		s += " file=" + p.Name
	case jobs.GeneratedPassword:
		s += " generate(" + p.Name + ")"
	case jobs.RowPassword:
		s += fmt.Sprintf(" row=%d", task.Source)
	}
	for _, key := range slices.Sorted(maps.Keys(task.ClientMetadata)) {
		s += " " + key + "=" + task.ClientMetadata[key]
	}
	if task.Skip != "" {
		s += " " + task.Skip
	}
	if c := task.Create; c != nil {
		s += fmt.Sprintf(" create%v%v", c.Invite, c.Attributes)
	}
	return s + " at " + filepath.Base(task.Place.String())
}

func TestTasks(t *testing.T) {
	csv := func(text string) archiveFile { return archiveFile{"users.csv", text} }
	tests := []struct {
		name, job string
		files     []archiveFile
		want      []string
	}{
		{name: "scalars as written", job: head + `
action: reset
users: [0123, +15551234567, 1e3, 0x1F, yes, "null", 2001-01-01, ~x, '#1', ünï]
`, want: []string{
			"1 0123 reset at job.yaml:5:9", "2 +15551234567 reset at job.yaml:5:15", "3 1e3 reset at job.yaml:5:29",
			"4 0x1F reset at job.yaml:5:34", "5 yes reset at job.yaml:5:40", "6 null reset at job.yaml:5:45",
			"7 2001-01-01 reset at job.yaml:5:53", "8 ~x reset at job.yaml:5:65", "9 #1 reset at job.yaml:5:69",
			"10 ünï reset at job.yaml:5:75",
		}},
		{name: "the nearest level wins", job: head + `
password: {env: PW}
clientMetadata: {a: job, b: job, c: job}
users:
  - {username: ana, action: set-temporary}
  - {username: kim, action: reset, clientMetadata: {b: user}}
  - csv: users.csv
    password: {file: pw}
    clientMetadata: {b: source}
`, files: []archiveFile{{"pw", "Pa55word!\n"},
			csv("username,action,password,clientMetadata.c\nlee,reset,,\nmax,reset,,row\nnoa,set-permanent,,\nora,set-permanent,pw with space,\n")},
			want: []string{
				"1 ana set-temporary env=PW at job.yaml:7:16", "2 kim reset a=job b=user c=job at job.yaml:8:16",
				"3 lee reset a=job b=source c=job at users.csv:2:1", "4 max reset a=job b=source c=row at users.csv:3:1",
				"5 noa set-permanent file=pw at users.csv:4:1", "6 ora set-permanent row=1 at users.csv:5:1",
			}},
		{name: "columns, quoting and line ends", job: head + `
users:
  - csv: users.csv
    columns: {username: "e,mail", action: what, clientMetadata.team: team}
`, files: []archiveFile{csv("\ufeffteam,\"e,mail\",junk,what\r\n\"the \"\"A\"\"\r\nteam\",ana,\xff,reset\r\n\r\nb,\"kim\",,reset")},
			want: []string{"1 ana reset team=the \"A\"\nteam at users.csv:3:7", "2 kim reset team=b at users.csv:5:3"}},
		{name: "both forms of jsonl", job: head + "users: [{jsonl: v, action: reset}, {jsonl: u}]", files: []archiveFile{{"v", `
"ana"
{"username": "k\u00efm", "clientMetadata": {"a": "\"1\""}}
{"Username": "lou", "UserPoolId": "us-west-2_aaaaaaaaa"}`}, {"u", `
{ "password" : "pw" , "username":"lee","action":"set-permanent"}
{"username": "max", "action": "set-temporary", "password": {"env": "PW"}}
{"UserPoolId": "us-west-2_aaaaaaaaa", "Username": "noa", "Password": "pw", "Permanent": true}
{"Username": "ora", "Password": "pw", "Permanent": false}
{"Username": "pia", "ClientMetadata": {"b": "2"}}`}},
			want: []string{
				"1 ana reset at v:2:1", `2 kïm reset a="1" at v:3:14`, "3 lou reset at v:4:14", "4 lee set-permanent row=2 at u:2:34",
				"5 max set-temporary env=PW at u:3:14", "6 noa set-permanent row=2 at u:4:51",
				"7 ora set-temporary row=2 at u:5:14", "8 pia reset b=2 at u:6:14",
			}},
		{name: "exclude", job: head + `
action: reset
users: [Ana, kim, lee, max]
exclude: [ana, nobody, {csv: users.csv, columns: {username: who}}, {jsonl: j}]
`, files: []archiveFile{csv("who,why\nkim,x\nkim,x\n"), {"j", `{"username": "lee"}`}},
			want: []string{"1 Ana reset excluded by the job at job.yaml:5:9", "2 kim reset excluded by the job at job.yaml:5:14",
				"3 lee reset excluded by the job at job.yaml:5:19", "4 max reset at job.yaml:5:24"}},
		{name: "generated", job: head + `
action: set-permanent
password: {generate: {}}
handoff: none
users:
  - ana
  - {username: kim, password: {generate: {words: 6, symbols: none}}}
  - {username: lee, action: reset}
  - {username: max, password: {env: PW}}
  - {jsonl: u, password: {generate: {length: 12, exclude: zx-}}}
`, files: []archiveFile{{"u", `
"noa"
{"username": "ora", "password": {"generate": {"length": 30, "symbols": "any"}}}
{"username": "pia", "password": "Pa55word!"}`}},
			want: []string{"1 ana set-permanent generate(symbols=safe) at job.yaml:8:5",
				"2 kim set-permanent generate(symbols=none words=6) at job.yaml:9:16", "3 lee reset at job.yaml:10:16",
				"4 max set-permanent env=PW at job.yaml:11:16", "5 noa set-permanent generate(symbols=safe length=12 exclude=-xz) at u:2:1",
				"6 ora set-permanent generate(symbols=any length=30) at u:3:14", "7 pia set-permanent row=1 at u:4:14"}},
		{name: "users that may be made", job: head + `
action: set-permanent
password: {env: PW}
ifMissing: create
invite: email
attributes: {a: job, b: job, email_verified: true}
users:
  - {username: ana, attributes: {b: user}}
  - {username: kim, ifMissing: fail}
  - {username: lee, invite: none}
  - {username: max, action: reset}
  - csv: users.csv
    invite: sms
    attributes: {b: source}
  - jsonl: j
`, files: []archiveFile{csv("username,attributes.a,clientMetadata.k\nnoa,row,\nora,,v\n"),
			{"j", `{"username": "pia", "ifMissing": "fail"}` + "\n" + `{"username": "quy", "attributes": {"a": "row"}, "invite": "none"}`}},
			want: []string{
				"1 ana set-permanent env=PW create1map[a:job b:user email_verified:true] at job.yaml:10:16",
				"2 kim set-permanent env=PW at job.yaml:11:16",
				"3 lee set-permanent env=PW create0map[a:job b:job email_verified:true] at job.yaml:12:16",
				"4 max reset at job.yaml:13:16",
				"5 noa set-permanent env=PW create2map[a:row b:source email_verified:true] at users.csv:2:1",
				"6 ora set-permanent env=PW k=v create2map[a:job b:source email_verified:true] at users.csv:3:1",
				"7 pia set-permanent env=PW at j:1:14",
				"8 quy set-permanent env=PW create0map[a:row b:job email_verified:true] at j:2:14",
			}},
		{name: "pool sources find nobody yet", job: head + "action: reset\nusers: [ana, pool: {}, kim]\n",
			want: []string{"1 ana reset at job.yaml:4:9", "2 kim reset at job.yaml:4:24"}},
		{name: "aliases", job: head + `
users:
  - {username: ana, action: &a set-permanent, password: &p {env: PW}}
  - {username: kim, action: *a, password: *p}
  - {username: lee, action: *a, password: &s hunter2}
  - {username: max, action: *a, password: *s}
`, want: []string{"1 ana set-permanent env=PW at job.yaml:5:16", "2 kim set-permanent env=PW at job.yaml:6:16",
			"3 lee set-permanent literal@7:43 at job.yaml:7:16", "4 max set-permanent literal@7:43 at job.yaml:8:16"}},
		{name: "a reset takes no default password", job: head + "password: {env: MISSING}\nusers: [{username: ana, action: reset}]",
			want: []string{"1 ana reset at job.yaml:4:20"}},
	}
	schema := compileSchema(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := schema.Validate(asJSON(t, test.job)); err != nil {
				t.Errorf("the schema refuses it: %v", err)
			}
			_, tasks := mustTasks(t, jobIn(t, test.job, test.files...), jobs.Options{LookupEnv: environment})
			var got []string
			for _, task := range tasks {
				got = append(got, describe(task))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

func TestSettings(t *testing.T) {
	path := jobIn(t, head+`
name: rotation
region: us-west-2
action: reset
users: [ana]
limits: {rate: 300/m, rates: {UserUpdate: 20/s}, concurrency: 8, maxUsers: 5, maxFailures: 5%, canary: 3, messages: 50/day}
account: "111122223333"
retry: {attempts: 3, maxDelay: 1m, timeout: 500ms, outage: 1h}
report: ["out/{name}-{time}.json", a.csv, b.jsonl, c.txt]
`)
	job, _ := mustTasks(t, path, jobs.Options{})
	if job.Name != "rotation" || job.Account != "111122223333" || job.UserPoolID != "us-west-2_aaaaaaaaa" || job.Region != "us-west-2" {
		t.Errorf("got %q, %q, %q", job.Name, job.UserPoolID, job.Region)
	}
	if want := (jobs.Limits{Rate: 5, Rates: map[jobs.Category]jobs.Rate{jobs.UserUpdate: 20}, Concurrency: 8, MaxUsers: 5,
		MaxFailures: jobs.MaxFailures{Given: true, Share: 5}, Canary: 3, Messages: 50}); !reflect.DeepEqual(job.Limits, want) {
		t.Errorf("got %v, want %v", job.Limits, want)
	}
	if want := (jobs.Retry{Attempts: 3, MaxDelay: time.Minute, Timeout: 500 * time.Millisecond, Outage: time.Hour}); job.Retry != want {
		t.Errorf("got %v, want %v", job.Retry, want)
	}
	if want := []string{"out/{name}-{time}.json", "a.csv", "b.jsonl", "c.txt"}; !slices.Equal(job.Report, want) {
		t.Errorf("got %q, want %q", job.Report, want)
	}
}

func TestDefaults(t *testing.T) {
	path := jobIn(t, head+"action: reset\nusers: [ana]\n")
	renamed := filepath.Join(filepath.Dir(path), "Spring Onboarding (2).yaml")
	if err := os.Rename(path, renamed); err != nil {
		t.Fatal(err)
	}
	job, _ := mustTasks(t, renamed, jobs.Options{})
	if job.Name != "spring-onboarding-2" {
		t.Errorf("got name %q", job.Name)
	}
	if want := (jobs.Limits{Rate: 10, Concurrency: 64}); !reflect.DeepEqual(job.Limits, want) {
		t.Errorf("got %v, want %v", job.Limits, want)
	}
	if want := (jobs.Retry{Attempts: 8, MaxDelay: 30 * time.Second, Timeout: 30 * time.Second, Outage: 5 * time.Minute}); job.Retry != want {
		t.Errorf("got %v, want %v", job.Retry, want)
	}
	if len(job.Warnings) > 0 || len(job.Sources) != 1 || !strings.HasPrefix(job.Digest, "hmac-sha256:") {
		t.Errorf("got %v, %v, %q", job.Warnings, job.Sources, job.Digest)
	}
}

func TestPoolFlags(t *testing.T) {
	const users = "action: reset\nusers: [ana]\n"
	tests := []struct {
		name, job    string
		opt          jobs.Options
		pool, region string
		want         string
	}{
		{"the job's", head, jobs.Options{}, "us-west-2_aaaaaaaaa", "us-west-2", ""},
		{"the flag's", "version: 1\n", jobs.Options{UserPoolID: "eu-west-1_b"}, "eu-west-1_b", "eu-west-1", ""},
		{"the flag beats the job", head, jobs.Options{UserPoolID: "eu-west-1_b"}, "eu-west-1_b", "eu-west-1", ""},
		{"a Region that is not the flag's", head + "region: us-west-2\n", jobs.Options{UserPoolID: "eu-west-1_b"}, "", "", "job.yaml:3:9: region: this is not the Region of the pool, eu-west-1"},
		{"the same Region twice", head, jobs.Options{Region: "us-west-2"}, "us-west-2_aaaaaaaaa", "us-west-2", ""},
		{"another Region", head, jobs.Options{Region: "us-west-1"}, "", "", "--region: this is not the Region of the pool, us-west-2"},
		{"not a pool", head, jobs.Options{UserPoolID: "bbbb"}, "", "", "--user-pool-id: this is not a user pool ID"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := jobIn(t, test.job+users)
			if test.want != "" {
				if got := faultsOf(t, path, test.opt); !strings.HasPrefix(got, test.want) {
					t.Errorf("got %s, want %s", got, test.want)
				}
				return
			}
			if job, _ := mustTasks(t, path, test.opt); job.UserPoolID != test.pool || job.Region != test.region {
				t.Errorf("got %q, %q", job.UserPoolID, job.Region)
			}
		})
	}
}

func TestLiteralPasswordWarns(t *testing.T) {
	path := jobIn(t, head+"action: set-permanent\nusers:\n  - {username: ana, password: a}\n  - {username: kim, password: b}\n")
	job, _ := mustTasks(t, path, jobs.Options{})
	want := path + ":5:31: 2 passwords stand in the job file; this is the first"
	if len(job.Warnings) != 1 || job.Warnings[0].String() != want {
		t.Errorf("got %v, want %s", job.Warnings, want)
	}
}

// TestFaultEndsTasks checks that nothing is yielded after a fault but the
// faults, and that a caller who leaves early is not called again.
func TestFaultEndsTasks(t *testing.T) {
	path := jobIn(t, head+"action: reset\nusers: [{csv: u}]\n", archiveFile{"u", "username\nana\nk m\nlee\nm x\n"})
	job, err := jobs.Open(path, jobs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // each call reads anew
		var got []string
		for task, err := range job.Tasks(t.Context()).All() {
			if err != nil {
				got = append(got, fmt.Sprint(err.(*jobs.Faults).Len()))
				continue
			}
			got = append(got, task.Username)
		}
		if want := []string{"ana", "2"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for range job.Tasks(t.Context()).All() {
		break
	}
}

func TestSharedMetadata(t *testing.T) {
	path := jobIn(t, head+"action: reset\nclientMetadata: {a: b}\nusers: [{csv: u, clientMetadata: {c: d}}]\n", archiveFile{"u", "username\nana\nkim\n"})
	_, tasks := mustTasks(t, path, jobs.Options{})
	a, b := tasks[0].ClientMetadata, tasks[1].ClientMetadata
	if len(a) != 2 || reflect.ValueOf(a).Pointer() != reflect.ValueOf(b).Pointer() {
		t.Errorf("got %v and %v, want one map", a, b)
	}
}

func TestParseRate(t *testing.T) {
	for text, want := range map[string]jobs.Rate{"10/s": 10, "300/m": 5, "90/m": 1.5, "7/m": 7.0 / 60, "0.5/s": 0.5, "max": jobs.MaxRate} {
		got, err := jobs.ParseRate(text)
		if err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", text, float64(got), err, float64(want))
		}
		if again, err := jobs.ParseRate(got.String()); err != nil || again != got {
			t.Errorf("%s: got %v from %s", text, again, got)
		}
	}
	for _, text := range []string{"", "0/s", "-1", "-1/s", "fast", "NaN", "Inf", "1e3/s", "10", "10/h", "10/s ", "1000001/s", "0.0000000001/s", ".5/s", "1./s"} {
		if got, err := jobs.ParseRate(text); err == nil || math.IsInf(float64(got), 0) {
			t.Errorf("%q: got %v, want an error", text, got)
		}
	}
}

// TestPasswordCutAtComment holds that a password is not cut without a word.
func TestPasswordCutAtComment(t *testing.T) {
	for text, warned := range map[string]bool{
		"password: Zq7!canary #1":         true,
		"password: Zq7!canary#1":          false,
		`password: "Zq7!canary #1" # why`: false,
		"password: {env: PW} # why":       false,
		"name: a # password: x":           false,
	} {
		path := jobIn(t, head+"action: set-permanent\nusers: [{username: ana, password: {env: PW}}]\n"+text+"\n")
		job, _ := mustTasks(t, path, jobs.Options{LookupEnv: environment})
		got := slices.ContainsFunc(job.Warnings, func(f jobs.Fault) bool { return f.Message == "a comment follows this password" })
		if got != warned {
			t.Errorf("%s: got %v, want %v", text, job.Warnings, warned)
		}
	}
	path := jobIn(t, head+"action: set-permanent\nusers:\n  - {username: ana, password: Zq7 #1\n    }\n  - username: kim\n    password: Zq7 #1\n")
	if job, _ := mustTasks(t, path, jobs.Options{}); len(job.Warnings) != 3 {
		t.Errorf("got %v, want three warnings", job.Warnings)
	}
}

// TestPasswordNamesPlace holds that a place written as text is told of: everyone
// would get its name as a password.
func TestPasswordNamesPlace(t *testing.T) {
	for text, warned := range map[string]bool{"env:ANA_PW": true, "'file: pw.txt'": true, "Env:X1": true, "{env: PW}": false, "environ:x": false, "file-1": false} {
		path := jobIn(t, head+"action: set-permanent\nusers: [ana]\npassword: "+text+"\n")
		job, _ := mustTasks(t, path, jobs.Options{LookupEnv: environment})
		got := slices.ContainsFunc(job.Warnings, func(f jobs.Fault) bool { return f.Message == "this password is taken as it is written" })
		if got != warned {
			t.Errorf("%s: got %v, want %v", text, job.Warnings, warned)
		}
	}
}
