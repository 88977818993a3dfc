// Package peers runs the program against servers that others wrote.
package peers

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const members = 200

// TestCognitoLocal runs the program against cognito-local, a stand-in of
// Cognito that others wrote. It needs COGPASS_COGNITO_LOCAL, the path of its
// start.js, and COGPASS_PROGRAM, the program to test: make test-peers sets both.
func TestCognitoLocal(t *testing.T) {
	program, server := os.Getenv("COGPASS_PROGRAM"), os.Getenv("COGPASS_COGNITO_LOCAL")
	if program == "" || server == "" {
		t.Skip("make test-peers runs this: COGPASS_PROGRAM and COGPASS_COGNITO_LOCAL are not set")
	}
	peer := startCognitoLocal(t, server)
	run := func(t *testing.T, job string, args ...string) ending {
		return runProgram(t, program, peer, job, args...)
	}

	t.Run("permanent passwords", func(t *testing.T) {
		rows := "username,password\n"
		for i := range members {
			rows += fmt.Sprintf("%s,%s\n", member(i), memberPassword(i))
		}
		got := run(t, setJob(pool), "members.csv", rows)
		got.wants(t, 0, map[string]int{"ok": members})
		got.hides(t, memberPassword(0))
		for i := range members {
			if reason := signIn(t, peer, member(i), memberPassword(i)); reason != "" {
				t.Errorf("%s cannot sign in: %s", member(i), reason)
			}
		}
		if reason := signIn(t, peer, member(0), memberPassword(1)); reason == "" {
			t.Errorf("%s signs in with the password of another", member(0))
		}
	})
	t.Run("unknown users", func(t *testing.T) {
		rows := "username,password\nnobody," + memberPassword(0) + "\n" + member(1) + "," + memberPassword(2) + "\n"
		got := run(t, setJob(pool), "members.csv", rows)
		got.wants(t, 1, map[string]int{"ok": 1, "failed": 1})
		if row := got.rows[0]; row["username"] != "nobody" || row["code"] != "UserNotFoundException" || row["attempts"] != "1" {
			t.Errorf("got %v, want nobody as UserNotFoundException after 1 attempt", row)
		}
	})
	t.Run("unknown pool", func(t *testing.T) {
		rows := "username,password\n" + bystander + "," + memberPassword(0) + "\n"
		got := run(t, setJob("us-west-2_nosuchpool"), "members.csv", rows)
		if got.code != 3 || !strings.Contains(got.stderr, "ResourceNotFoundException") {
			t.Errorf("got exit %d, want 3 and ResourceNotFoundException in:\n%s", got.code, got.stderr)
		}
		if reason := signIn(t, peer, bystander, seededPassword); reason != "" {
			t.Errorf("%s cannot sign in any more: %s", bystander, reason)
		}
	})
	t.Run("users of the pool, and one that is made", func(t *testing.T) {
		job := "version: 1\nname: peers\nuserPoolId: " + pool + "\naction: set-permanent\npassword: {file: pw}\nifMissing: create\n" +
			"attributes: {email: new@example.com, email_verified: 'true'}\nwhere: {status: [CONFIRMED]}\n" +
			"users: [newcomer, {pool: {}}]\nexclude: [" + bystander + "]\nlimits: {rate: max, concurrency: 16}\n"
		got := run(t, job, "pw", memberPassword(7))
		got.wants(t, 0, map[string]int{"ok": members + 1, "skipped": 1})
		if row := got.rows[0]; row["username"] != "newcomer" || row["created"] != "ok" {
			t.Errorf("got %v, want newcomer to be made", row)
		}
		for _, name := range []string{"newcomer", member(0), member(members - 1)} {
			if reason := signIn(t, peer, name, memberPassword(7)); reason != "" {
				t.Errorf("%s cannot sign in: %s", name, reason)
			}
		}
		if reason := signIn(t, peer, bystander, seededPassword); reason != "" {
			t.Errorf("%s, who was excluded, cannot sign in any more: %s", bystander, reason)
		}
	})
	// cognito-local has no AdminResetUserPassword and says so with HTTP 500.
	t.Run("reset it does not know", func(t *testing.T) {
		job := "version: 1\nname: peers\nuserPoolId: " + pool + "\naction: reset\n" +
			"users: [" + bystander + "]\nretry: {attempts: 2, maxDelay: 1s, timeout: 5s}\n"
		got := run(t, job)
		got.wants(t, 1, map[string]int{"failed": 1})
		if row := got.rows[0]; row["attempts"] != "2" || row["reason"] == "" {
			t.Errorf("got %v, want a reason after 2 attempts", row)
		}
	})
}

func setJob(poolID string) string {
	return "version: 1\nname: peers\nuserPoolId: " + poolID + "\naction: set-permanent\n" +
		"users: [{csv: members.csv}]\nlimits: {rate: max, concurrency: 16}\n"
}

func member(i int) string         { return fmt.Sprintf("member-%03d", i) }
func memberPassword(i int) string { return fmt.Sprintf("Peer-%03d-Tulip!", i) }

// ending is how the program ended.
type ending struct {
	code           int
	stdout, stderr string
	rows           []map[string]string // of its CSV report
	report         string
}

// runProgram runs a job at the peer, with files beside it given as name and
// text in turn.
func runProgram(t *testing.T, program, url, job string, files ...string) ending {
	t.Helper()
	folder := t.TempDir()
	jobFile, report := filepath.Join(folder, "job.yaml"), filepath.Join(folder, "report.csv")
	writeFile(t, jobFile, job)
	for i := 0; i < len(files); i += 2 {
		writeFile(t, filepath.Join(folder, files[i]), files[i+1])
	}
	command := exec.CommandContext(t.Context(), program, "run", "--yes", "--endpoint-url", url,
		"--report", report, "--run-file", filepath.Join(folder, "peers.run"), jobFile)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	command.Env = append(os.Environ(), "AWS_PROFILE=", "AWS_ACCESS_KEY_ID=peer", "AWS_SECRET_ACCESS_KEY=peer", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "XDG_STATE_HOME="+folder)
	start := time.Now()
	if err := command.Run(); command.ProcessState == nil {
		t.Fatalf("running %s: %v", program, err)
	}
	got := ending{code: command.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String()}
	t.Logf("exit %d after %v", got.code, time.Since(start).Round(time.Millisecond))

	text, err := os.ReadFile(report)
	if err != nil {
		return got // a run that could not start may leave none
	}
	got.report = string(text)
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatalf("report: %v", err)
	}
	for _, row := range rows[1:] {
		fields := map[string]string{}
		for i, name := range rows[0] {
			fields[name] = row[i]
		}
		got.rows = append(got.rows, fields)
	}
	return got
}

// wants checks the exit code and how often the report has each outcome.
func (e ending) wants(t *testing.T, code int, counts map[string]int) {
	t.Helper()
	got, total := map[string]int{}, 0
	for _, row := range e.rows {
		got[row["outcome"]]++
	}
	for _, n := range counts {
		total += n
	}
	if e.code != code || len(e.rows) != total || fmt.Sprint(got) != fmt.Sprint(counts) {
		t.Fatalf("got exit %d and %v, want %d and %v; standard error:\n%s", e.code, got, code, counts, e.stderr)
	}
}

// hides checks that a password is in nothing that came out.
func (e ending) hides(t *testing.T, password string) {
	t.Helper()
	if strings.Contains(e.stdout+e.stderr+e.report, password) {
		t.Errorf("password %q is in the output", password)
	}
}
