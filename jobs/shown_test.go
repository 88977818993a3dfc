package jobs_test

import (
	"strings"
	"testing"

	"cogpass/jobs"
)

// TestNothingIsShown puts a password where a slip may put it. Each is a fault,
// or a warning, and shows nothing of it.
func TestNothingIsShown(t *testing.T) {
	jobsOf := map[string]string{
		"no blank after the colon":   "users:\n  - {username: a, password:\"hunter2\"}\n",
		"no blank, block":            "users:\n  - username: a\n    password:hunter2\n",
		"a comma within":             "users:\n  - {username: a, password: Xy9!,hunter2}\n",
		"an equals sign":             "users:\n  - username: a\n    password=hunter2\n",
		"an equals sign, flow":       "users:\n  - {username: a, password=hunter2}\n",
		"a misspelt key, no colon":   "users:\n  - username: a\n    pasword hunter2\n",
		"a misspelt key":             "users:\n  - {username: a, passwrod: hunter2}\n",
		"as action":                  "users:\n  - {username: a, action: hunter2}\n",
		"as env":                     "users:\n  - {username: a, password: {env: hunter2}}\n",
		"as file":                    "users:\n  - {username: a, password: {file: hunter2}}\n",
		"as generate":                "users:\n  - {username: a, password: {generate: hunter2}}\n",
		"as a key of password":       "users:\n  - {username: a, password: {hunter2}}\n",
		"in a comment":               "users:\n  - {username: a, password: } # hunter2\n",
		"a user commented out":       "users:\n  - {username: a, acton: reset}\n#  - {username: b, password: hunter2}\n",
		"as username":                "users:\n  - {username: hunter2 x}\n",
		"as a list":                  "users:\n  - {csv: hunter2}\n",
		"as version":                 "version: hunter2\nusers: [a]\n",
		"as name":                    "name: Hunter hunter2\nusers: [a]\n",
		"as region":                  "region: hunter2\nusers: [a]\n",
		"as rate":                    "limits: {rate: hunter2, concurrency: hunter2}\nusers: [a]\n",
		"as delay":                   "retry: {maxDelay: hunter2}\nusers: [a]\n",
		"as report":                  "report: [hunter2, \"{hunter2}.csv\"]\nusers: [a]\n",
		"as a key of clientMetadata": "users:\n  - {username: a, action: reset, clientMetadata: {hunter2: null}}\n",
		"as a key twice":             "users:\n  - {username: a, hunter2: x, hunter2: y}\n",
		"as a column":                "users:\n  - {csv: u, columns: {username: hunter2, hunter2: x}}\n",
		"as an alias":                "users:\n  - {username: a, password: *hunter2}\n",
		"as a tag":                   "users:\n  - {username: a, password: !hunter2 x}\n",
		"as caseSensitive":           "caseSensitive: hunter2\nusers: [a]\n",
		"cut at a comment":           "action: set-permanent\nusers:\n  - {username: a, password: Zq7 #hunter2\n }\n  - {acton: 1}\n",
	}
	for name, text := range jobsOf {
		if !strings.HasPrefix(text, "version") {
			text = "version: 1\n" + text
		}
		path := jobIn(t, "userPoolId: us-west-2_aaaaaaaaa\n"+text, archiveFile{"u", "a,b\nx,y\n"})
		if got := faultsOf(t, path, jobs.Options{LookupEnv: environment}); got == "" { // which looks for the password
			t.Errorf("%s: got no fault", name)
		}
	}
	lists := map[string]string{
		"a CSV on one line":           "username,password,ana,hunter2,kim,hunter3",
		"a stray quote":               "username,password\nana,\"hunter2\nkim,hunter3\n",
		"a stray quote in the header": "username,\"password\nana,hunter2\nkim,hunter3\n",
		"no header":                   "ana,hunter2\nkim,hunter3\n",
		"semicolons":                  "ana;hunter2\nkim;hunter3\n",
		"as action":                   "username,action\nana,hunter2\n",
		"columns that have moved":     "username,action,password\nana smith,hunter2,reset\nhunter 2,reset,\n",
		"one field more":              "username,password\nana,Xy9!,hunter2\n",
		"a header that is misspelt":   "username,passwordhunter2\nana,x\n",
		"NEL":                         "username,password\u0085ana,hunter2\u0085",
	}
	for name, text := range lists {
		for _, columns := range []string{"", ", columns: {username: mail, password: initial}"} {
			path := jobIn(t, head+"action: set-permanent\nusers: [{csv: u"+columns+"}]\n", archiveFile{"u", text})
			if got := faultsOf(t, path, jobs.Options{}); got == "" {
				t.Errorf("%s: got no fault", name)
			}
		}
	}
	for _, text := range []string{
		`{"username": "a", "password": "hunter2"`, `{"username": "a", "passwordhunter2": 1}`, `{"username": "a", "password": {"hunter2": 1}}`,
		`{"username": "a", "action": "hunter2"}`, `{"username": "hunter 2"}`, `{"username": "a", "password": {"env": "hunter2"}}`,
		`{"UserPoolId": "hunter2", "Username": "a"}`, `{"username": "a", "clientMetadata": {"hunter2": 1}}`, `hunter2`,
	} {
		path := jobIn(t, head+"action: set-permanent\nusers: [{jsonl: u}]\n", archiveFile{"u", text})
		if got := faultsOf(t, path, jobs.Options{LookupEnv: environment}); got == "" {
			t.Errorf("%s: got no fault", text)
		}
	}
}

// TestDigestsAreKeyed holds that two readings of one job have nothing in common
// that stands in a report or a run file and was made of its bytes.
func TestDigestsAreKeyed(t *testing.T) {
	path := jobIn(t, head+"action: set-permanent\nusers: [{username: a, password: hunter2}, {csv: u}]\n", archiveFile{"u", "username,password\nb,hunter2\n"})
	first, tasks := mustTasks(t, path, jobs.Options{})
	second, _ := mustTasks(t, path, jobs.Options{})
	if first.Digest == second.Digest {
		t.Errorf("got the digest %s twice", first.Digest)
	}
	for i := range first.Sources {
		if a, b := first.Sources[i].Digest, second.Sources[i].Digest; len(a) != 32 || string(a) == string(b) {
			t.Errorf("source %d: got %x and %x", i, a, b)
		}
	}
	if m := tasks[1].Password.Mark; m == 0 || m > 1<<16 {
		t.Errorf("got the mark %d, want 16 bits", m)
	}
}
