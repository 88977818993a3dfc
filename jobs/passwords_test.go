package jobs_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cogpass/jobs"
)

const passwordsJob = head + `
action: set-permanent
password: {env: PW}
users:
  - {username: a, password: lit-a}
  - {username: b, password: {file: secret}}
  - c
  - {csv: users.csv}
  - {jsonl: users.jsonl}
  - {csv: plain.csv}
exclude: [{csv: plain.csv}]
`

var passwordsFiles = []archiveFile{
	{"secret", "\ufefffile-b\r\n"},
	{"users.csv", "\ufeffpassword,username\r\n\"csv \"\"d\"\"\",d\r\n\r\n,e\r\ncsv-f,f\r\n"},
	{"users.jsonl", "\"g\"\n\n{\"username\": \"h\", \"password\": \"json \\\"h\\\"\"}\n{\"Password\": \"json-i\", \"Username\": \"i\", \"Permanent\": true}"},
	{"plain.csv", "username\nj\n"},
}

var passwordsWant = map[string]string{
	"a": "lit-a", "b": "file-b", "c": "Pa55word!", "d": `csv "d"`, "e": "Pa55word!", "f": "csv-f",
	"g": "Pa55word!", "h": `json "h"`, "i": "json-i", "j": "Pa55word!",
}

func TestPasswords(t *testing.T) {
	path := jobIn(t, passwordsJob, passwordsFiles...)
	opt := jobs.Options{LookupEnv: environment}
	job, tasks := mustTasks(t, path, opt)
	if len(tasks) != len(passwordsWant) {
		t.Fatalf("got %d tasks, want %d", len(tasks), len(passwordsWant))
	}
	if err := os.Remove(filepath.Join(filepath.Dir(path), "plain.csv")); err != nil { // no password comes from it
		t.Fatal(err)
	}
	opt.Salt = job.Salt
	p, err := jobs.OpenPasswords(t.Context(), []string{t.TempDir(), filepath.Dir(path)}, job.Sources, opt)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for range 5 {
		for _, task := range tasks {
			got, err := p.Get(task)
			if err != nil || got.Reveal() != passwordsWant[task.Username] {
				t.Errorf("%s: got %q, %v, want %q", task.Username, got.Reveal(), err, passwordsWant[task.Username])
			}
		}
		rand.Shuffle(len(tasks), func(i, j int) { tasks[i], tasks[j] = tasks[j], tasks[i] })
	}
}

func TestPasswordsOfManyRows(t *testing.T) {
	for _, kind := range []string{"csv", "jsonl"} {
		path := manyUsers(t, kind, 5_000)
		job, tasks := mustTasks(t, path, jobs.Options{})
		p := job.passwords(t, jobs.Options{})
		for i := range 550 {
			n := i * 10 // in order, with gaps; then at random
			if i >= 500 {
				n = rand.IntN(len(tasks))
			}
			got, err := p.Get(tasks[n])
			if want := fmt.Sprintf("Pw-%08d-x", n); err != nil || got.Reveal() != want {
				t.Fatalf("%s %d: got %q, %v, want %q", kind, n, got.Reveal(), err, want)
			}
		}
	}
}

func TestChangedSource(t *testing.T) {
	opt := jobs.Options{LookupEnv: environment}
	for _, name := range []string{"users.csv", "users.jsonl", "job.yaml"} {
		path := jobIn(t, passwordsJob, passwordsFiles...)
		dirs := []string{filepath.Dir(path)}
		job, _ := mustTasks(t, path, opt)
		opt.Salt = job.Salt
		source := filepath.Join(dirs[0], name)
		f, err := os.OpenFile(source, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(f, "\n")
		f.Close()
		wantFault(t, dirs, job.Sources, opt, name+": the source has changed since the plan was made")
		if err := os.Remove(source); err != nil {
			t.Fatal(err)
		}
		wantFault(t, dirs, job.Sources, opt, name+": the source is missing")
	}
}

func wantFault(t *testing.T, dirs []string, sources []jobs.Source, opt jobs.Options, want string) {
	t.Helper()
	_, err := jobs.OpenPasswords(t.Context(), dirs, sources, opt)
	var fault jobs.Fault
	if !errors.As(err, &fault) || fault.String() != want || fault.Hint == "" {
		t.Errorf("got %v, want %s and a hint", err, want)
	}
}

func TestPasswordsFromStandardInput(t *testing.T) {
	const text = "username,password\nana,pw-1\nkim,pw-2\n"
	path := jobIn(t, head+"action: set-permanent\nusers: [{csv: \"-\"}]\n")
	job, tasks := mustTasks(t, path, jobs.Options{Stdin: strings.NewReader(text)})
	if tasks[1].Place.String() != "-:3:1" {
		t.Errorf("got %s", tasks[1].Place)
	}
	open := func(opt jobs.Options) string {
		opt.Salt = job.Salt
		p, err := jobs.OpenPasswords(t.Context(), nil, job.Sources, opt)
		if err != nil {
			return err.Error()
		}
		defer p.Close()
		got, err := p.Get(tasks[1])
		if err != nil {
			return err.Error()
		}
		return got.Reveal()
	}
	if got := open(jobs.Options{Stdin: job.Stdin()}); got != "pw-2" {
		t.Errorf("in the same process: got %s", got)
	}
	if got := open(jobs.Options{Stdin: strings.NewReader(text)}); got != "pw-2" {
		t.Errorf("piped again: got %s", got)
	}
	if got := open(jobs.Options{Stdin: strings.NewReader("other")}); got != "-: the source has changed since the plan was made" {
		t.Errorf("something else: got %s", got)
	}
	if got := open(jobs.Options{}); !strings.Contains(got, "no standard input") {
		t.Errorf("nothing: got %s", got)
	}
	if got, want := faultsOf(t, path, jobs.Options{}), "cannot read the file that csv names: there is no standard input"; !strings.Contains(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSecretStaysHidden(t *testing.T) {
	type holder struct{ s jobs.Secret }
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if got := fmt.Sprintf(verb, holder{jobs.NewSecret("hunter2")}); strings.Contains(got, "hunter2") || strings.Contains(got, "68756e74") {
			t.Errorf("%s: got %s", verb, got)
		}
	}
}
