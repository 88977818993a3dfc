package jobs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cogpass/jobs"
)

// A password outside the sources that has changed since the plan was made is
// refused by name, and nothing of it shown.
func TestChangedPasswordOutside(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("secret", "Old-Passw0rd\n")
	write("job.yaml", `version: 1
userPoolId: us-west-2_aaaaaaaaa
action: set-permanent
users:
  - {username: ana, password: {env: ANA}}
  - {username: bo, password: {file: secret}}
`)
	env := map[string]string{"ANA": "Old-Passw0rd"}
	opt := jobs.Options{LookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok }}
	job, tasks := mustTasks(t, filepath.Join(dir, "job.yaml"), opt)
	opt.Salt = job.Salt
	get := func(task jobs.Task) error {
		t.Helper()
		p, err := jobs.OpenPasswords(t.Context(), []string{dir}, job.Sources, opt)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		_, err = p.Get(task)
		return err
	}
	for _, task := range tasks {
		if err := get(task); err != nil {
			t.Errorf("%s: %v, want no error while nothing has changed", task.Username, err)
		}
	}
	env["ANA"] = "New-Passw0rd"
	write("secret", "New-Passw0rd\n")
	for i, name := range []string{"ANA", "secret"} {
		err := get(tasks[i])
		if err == nil || !strings.Contains(err.Error(), name+": the password has changed") || strings.Contains(err.Error(), "Passw0rd") {
			t.Errorf("%s: got %v, want a fault that names %s", tasks[i].Username, err, name)
		}
	}
}
