package bulk_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"cogpass/cmd/bulk"
	"cogpass/runner"
)

// counter is a screen that keeps nothing but how far the run is.
type counter struct{ done, failed int64 }

func (c *counter) Say(m bulk.Message) {
	if m.Level == bulk.Warning {
		fmt.Println("warning:", m.Text)
	}
}

func (c *counter) Show(p bulk.Progress) { c.done, c.failed = p.Done, p.Failed }

// A program carries a job out with a screen of its own, here against the
// stand-in of Cognito.
func ExampleRun() {
	dir, err := os.MkdirTemp("", "bulk")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	job := filepath.Join(dir, "job.yaml")
	err = os.WriteFile(job, []byte(`
version: 1
name: lost-laptop
userPoolId: us-west-2_aaaaaaaaa
action: reset
users: [ana, bo, chidi]
exclude: [chidi]
limits: {rate: max}
report: [report.jsonl]
`), 0o600)
	if err != nil {
		log.Fatal(err)
	}

	screen := new(counter)
	ended, err := bulk.Run(context.Background(), job, bulk.Options{StateDir: dir, Sandbox: true, Screen: screen})
	if err != nil {
		log.Fatal(err)
	}
	report, err := os.ReadFile(filepath.Join(dir, "report.jsonl"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(screen.done, "done,", screen.failed, "failed")
	fmt.Println(ended.Counts.ByOutcome[runner.OK], "ok,", ended.Info.State)
	fmt.Println(strings.Count(string(report), "\n"), "lines of report")
	// Output:
	// 3 done, 0 failed
	// 2 ok, done
	// 3 lines of report
}
