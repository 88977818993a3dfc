package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"cogpass/jobs"
)

// folder writes files for an example, and returns where they are.
func folder(files map[string]string) (dir string, remove func()) {
	dir, err := os.MkdirTemp("", "jobs")
	if err != nil {
		log.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			log.Fatal(err)
		}
	}
	return dir, func() { os.RemoveAll(dir) }
}

// A program reads a job and all that its sources name.
func ExampleOpen() {
	dir, remove := folder(map[string]string{
		"job.yaml": `
version: 1
name: spring
userPoolId: us-west-2_aaaaaaaaa
action: reset
users:
  - csv: people.csv
    columns: {username: email}
  - {username: reception, action: sign-out}
exclude: [bo@example.com]
`,
		"people.csv": "email,team\nana@example.com,Sales\nbo@example.com,Sales\n",
	})
	defer remove()

	job, err := jobs.Open(filepath.Join(dir, "job.yaml"), jobs.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(job.Name, "in", job.Region, "at", float64(job.Limits.Rate), "a second")
	for task, err := range job.Tasks(context.Background()).All() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d %s %s, line %d of %s %q\n",
			task.Seq, task.Username, task.Action, task.Place.Line, filepath.Base(task.Place.File), task.Skip)
	}
	// Output:
	// spring in us-west-2 at 10 a second
	// 1 ana@example.com reset, line 2 of people.csv ""
	// 2 bo@example.com reset, line 3 of people.csv "excluded by the job"
	// 3 reception sign-out, line 9 of job.yaml ""
}

// All faults of a job and its sources come at once, each with its place and,
// where there is one, a hint.
func ExampleFaults() {
	dir, remove := folder(map[string]string{"job.yaml": `
version: 1
userPoolId: us-west-2_aaaaaaaaa
action: reest
users:
  - {usernme: ana, action: reset}
`})
	defer remove()

	job, err := jobs.Open(filepath.Join(dir, "job.yaml"), jobs.Options{})
	for _, each := range job.Tasks(context.Background()).All() {
		if each != nil {
			err = each
		}
	}
	if faults := new(jobs.Faults); errors.As(err, &faults) {
		for _, f := range faults.List {
			fmt.Printf("%d:%d %s: %s\n", f.Line, f.Column, f.Message, f.Hint)
		}
	}
	// Output:
	// 4:9 unknown action "reest": did you mean "reset"?
	// 6:6 unknown key "usernme": did you mean "username"?
}

// A recipe makes passwords that satisfy a policy, each as likely as any other.
func ExampleRecipe() {
	generator, err := jobs.Recipe{Length: 16}.Generator(jobs.DefaultPolicy)
	if err != nil {
		log.Fatal(err)
	}
	secret := generator.Password()
	fmt.Println(secret, "has", len(secret.Reveal()), "characters, and", int(generator.Entropy()), "bits")
	// Output:
	// [secret] has 16 characters, and 92 bits
}
