package jobs_test

import (
	"path/filepath"
	"strings"
	"testing"

	"cogpass/jobs"
)

// fuzzed reads a job whatever it is, and checks that its faults have places
// and do not show the password, and that what they print is harmless.
func fuzzed(t *testing.T, path string) {
	job, err := jobs.Open(path, jobs.Options{LookupEnv: environment})
	if err != nil {
		checkFaults(t, err)
		return
	}
	var tasks []jobs.Task
	reading := job.Tasks(t.Context())
	for task, fault := range reading.All() {
		if fault != nil {
			checkFaults(t, fault)
			return
		}
		tasks = append(tasks, task)
	}
	p, err := jobs.OpenPasswords(t.Context(), []string{filepath.Dir(path)}, reading.Sources(), jobs.Options{LookupEnv: environment, Salt: job.Salt})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for _, task := range tasks {
		if got, err := p.Get(task); err != nil || got.IsZero() == task.Action.Sets() {
			t.Errorf("%s: got %v, %v", describe(task), got, err)
		}
	}
}

func seed(f *testing.F, archive, file string) {
	for _, a := range readArchive(f, filepath.Join("testdata", archive)) {
		if strings.HasSuffix(a.name, "/"+file) {
			f.Add(a.text)
		}
	}
}

func FuzzYAML(f *testing.F) {
	for _, archive := range []string{"yaml.txtar", "job.txtar", "users.txtar", "steps.txtar"} {
		seed(f, archive, "job.yaml")
	}
	f.Fuzz(func(t *testing.T, text string) {
		fuzzed(t, jobIn(t, text))
	})
}

func FuzzCSV(f *testing.F) {
	seed(f, "csv.txtar", "users.csv")
	seed(f, "steps.txtar", "users.csv")
	f.Fuzz(func(t *testing.T, text string) {
		job := head + "users: [{csv: users.csv, action: set-permanent, password: {env: PW}}]\n"
		fuzzed(t, jobIn(t, job, archiveFile{"users.csv", text}))
		job = head + "users: [{csv: users.csv, action: set-temporary, ifMissing: create, password: {env: PW}}]\n"
		fuzzed(t, jobIn(t, job, archiveFile{"users.csv", text}))
		job = head + "users: [{csv: users.csv, action: reset, columns: {username: username}}]\n"
		fuzzed(t, jobIn(t, job, archiveFile{"users.csv", text}))
	})
}

func FuzzJSONL(f *testing.F) {
	seed(f, "jsonl.txtar", "users.jsonl")
	f.Fuzz(func(t *testing.T, text string) {
		job := head + "users: [{jsonl: users.jsonl, action: set-permanent, password: {env: PW}}]\n"
		fuzzed(t, jobIn(t, job, archiveFile{"users.jsonl", text}))
	})
}

// FuzzProtect reads a list for all jobs whatever it is.
func FuzzProtect(f *testing.F) {
	for _, text := range []string{"version: 1\nprotect: [root, {group: a}, {filter: 'email = \"x\"'}, {csv: u}]\n", "version: 1\nprotect: [&a {group: b}, *a]\n", "[]", "version: 1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		protect, err := jobs.ParseProtect(jobIn(t, text))
		if err != nil {
			checkFaults(t, err)
			return
		}
		job, err := jobs.Open(jobIn(t, head+"action: reset\nusers: [ana]\n"), jobs.Options{Protect: protect})
		if err != nil {
			t.Fatal(err)
		}
		tasks := job.Tasks(t.Context())
		for _, err := range tasks.All() {
			if err != nil {
				checkFaults(t, err)
				return
			}
		}
		needs := tasks.Needs()
		needs.Sweeps(false)
		tasks.Warnings()
	})
}

// FuzzSecret puts a password next to anything.
func FuzzSecret(f *testing.F) {
	for _, s := range []string{"", " ", "\"", ": ", "\n", "}", "ana", "\\", "#", "&a ", "*", "!", "|\n  ", "> \n", "'", "[", "\t", "\u2028", "\u0085"} {
		f.Add(s, "action", s)
		f.Add("x", s, s)
	}
	f.Fuzz(func(t *testing.T, before, key, after string) {
		key = strings.Map(onlyLetters, key)
		secret := before + "hunter" + after
		for _, quoted := range []string{secret, `"` + secret, `"` + secret + `"`, "|\n      " + secret, "{" + secret} {
			fuzzed(t, jobIn(t, head+"users:\n  - username: a b\n    "+key+": x\n    password: "+quoted+"\n    action: 5\n"))
			fuzzed(t, jobIn(t, head+"users:\n  - username: a b\n    pasword: "+quoted+"\n    action: 5\n"))
			fuzzed(t, jobIn(t, head+"users: [{csv: u}]\n", archiveFile{"u", "username,action,password\na b," + key + "," + quoted + "\n"}))
		}
		fuzzed(t, jobIn(t, head+"users: [{jsonl: u}]\n", archiveFile{"u", `{"username": "a b", "` + key + `": 1, "password": "` + secret + `"}` + "\n"}))
	})
}

func onlyLetters(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
		return r
	}
	return -1
}
