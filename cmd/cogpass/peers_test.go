package main_test

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const (
	peerPool    = "us-west-2_peerpool1"
	peerClient  = "peerclient"
	peerMembers = 200
)

// TestCognitoLocal runs the program against cognito-local, a stand-in of
// Cognito that others wrote. It needs COGPASS_COGNITO_LOCAL, the path of its
// start.js, and COGPASS_PROGRAM, the program to test: make test-peers sets both.
func TestCognitoLocal(t *testing.T) {
	program, server := os.Getenv("COGPASS_PROGRAM"), os.Getenv("COGPASS_COGNITO_LOCAL")
	if program == "" || server == "" {
		t.Skip("make test-peers runs this: COGPASS_PROGRAM and COGPASS_COGNITO_LOCAL are not set")
	}
	peer := startCognitoLocal(t, server)
	run := func(t *testing.T, job string, args ...string) outcome { return runProgram(t, program, peer, job, args...) }

	t.Run("permanent passwords", func(t *testing.T) {
		rows := "username,password\n"
		for i := range peerMembers {
			rows += fmt.Sprintf("%s,%s\n", member(i), memberPassword(i))
		}
		got := run(t, setJob(peerPool), "members.csv", rows)
		got.wants(t, 0, map[string]int{"ok": peerMembers})
		got.hides(t, memberPassword(0))
		for i := range peerMembers {
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
		got := run(t, setJob(peerPool), "members.csv", rows)
		got.wants(t, 1, map[string]int{"ok": 1, "failed": 1})
		if row := got.rows[0]; row["username"] != "nobody" || row["code"] != "UserNotFoundException" || row["attempts"] != "1" {
			t.Errorf("got %v, want nobody as UserNotFoundException after 1 attempt", row)
		}
	})
	t.Run("unknown pool", func(t *testing.T) {
		rows := "username,password\n" + member(0) + "," + memberPassword(9) + "\n"
		got := run(t, setJob("us-west-2_nosuchpool"), "members.csv", rows)
		if got.code != 3 || !strings.Contains(got.stderr, "ResourceNotFoundException") {
			t.Errorf("got exit %d, want 3 and ResourceNotFoundException in:\n%s", got.code, got.stderr)
		}
		if reason := signIn(t, peer, member(0), memberPassword(0)); reason != "" {
			t.Errorf("%s cannot sign in any more: %s", member(0), reason)
		}
	})
	// cognito-local has no AdminResetUserPassword and says so with HTTP 500.
	t.Run("reset it does not know", func(t *testing.T) {
		job := "version: 1\nname: peers\nuserPoolId: " + peerPool + "\naction: reset\n" +
			"users: [" + member(0) + "]\nretry: {attempts: 2, maxDelay: 1s, timeout: 5s}\n"
		got := run(t, job)
		got.wants(t, 1, map[string]int{"failed": 1})
		if row := got.rows[0]; row["attempts"] != "2" || row["reason"] == "" {
			t.Errorf("got %v, want a reason after 2 attempts", row)
		}
	})
}

func setJob(pool string) string {
	return "version: 1\nname: peers\nuserPoolId: " + pool + "\naction: set-permanent\n" +
		"users: [{csv: members.csv}]\nlimits: {rate: max, concurrency: 16}\n"
}

func member(i int) string         { return fmt.Sprintf("member-%03d", i) }
func memberPassword(i int) string { return fmt.Sprintf("Peer-%03d-Tulip!", i) }

// startCognitoLocal serves a pool with the members on a free port of loopback,
// until the test ends. cognito-local reads its pools when it starts, from files.
func startCognitoLocal(t *testing.T, startJS string) (url string) {
	t.Helper()
	folder := t.TempDir()
	users := map[string]any{}
	for i := range peerMembers {
		users[member(i)] = map[string]any{
			"Username": member(i), "Password": "Old-password-1", "Enabled": true, "UserStatus": "CONFIRMED",
			"Attributes":     []map[string]string{{"Name": "sub", "Value": fmt.Sprintf("00000000-0000-4000-8000-%012d", i)}},
			"UserCreateDate": "2026-01-01T00:00:00.000Z", "UserLastModifiedDate": "2026-01-01T00:00:00.000Z", "RefreshTokens": []string{},
		}
	}
	db := filepath.Join(folder, ".cognito", "db")
	writeJSON(t, filepath.Join(db, peerPool+".json"),
		map[string]any{"Users": users, "Options": map[string]any{"Id": peerPool, "Name": "peers", "UsernameAttributes": []string{}}})
	writeJSON(t, filepath.Join(db, "clients.json"),
		map[string]any{"Clients": map[string]any{peerClient: map[string]any{"ClientId": peerClient, "ClientName": "peers", "UserPoolId": peerPool}}})
	writeJSON(t, filepath.Join(folder, ".cognito", "config.json"),
		map[string]any{"UserPoolDefaults": map[string]any{"UsernameAttributes": []string{}}})

	server := exec.Command("node", startJS)
	server.Dir = folder
	server.Env = append(os.Environ(), "HOST=127.0.0.1", "PORT=0", "NODE_ENV=production")
	server.Stderr = os.Stderr
	log, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatalf("starting cognito-local: %v", err)
	}
	t.Cleanup(func() {
		server.Process.Kill()
		server.Wait()
	})
	lines := bufio.NewScanner(log)
	listening := regexp.MustCompile(`running on http://127\.0\.0\.1:(\d+)`)
	for lines.Scan() {
		if m := listening.FindStringSubmatch(lines.Text()); m != nil {
			go io.Copy(io.Discard, log)
			return "http://127.0.0.1:" + m[1]
		}
	}
	t.Fatal("cognito-local ended before it listened")
	return ""
}

func writeJSON(t *testing.T, path string, value any) {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, string(text))
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// signIn tries a password, without any of the program's code, and returns why
// it was refused.
func signIn(t *testing.T, url, username, password string) (refusal string) {
	t.Helper()
	body, _ := json.Marshal(map[string]any{
		"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": peerClient,
		"AuthParameters": map[string]string{"USERNAME": username, "PASSWORD": password},
	})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.InitiateAuth")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		AuthenticationResult struct{ AccessToken string }
		Type                 string `json:"__type"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatalf("signing in as %s: %v", username, err)
	}
	if answer.AuthenticationResult.AccessToken == "" {
		return fmt.Sprintf("HTTP %d %s", response.StatusCode, answer.Type)
	}
	return ""
}

// outcome is how the program ended.
type outcome struct {
	code           int
	stdout, stderr string
	rows           []map[string]string // of its CSV report
	report         string
}

// runProgram runs a job at the peer, with files beside it given as name and
// text in turn.
func runProgram(t *testing.T, program, url, job string, files ...string) outcome {
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
	command.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=peer", "AWS_SECRET_ACCESS_KEY=peer", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "XDG_STATE_HOME="+folder)
	start := time.Now()
	if err := command.Run(); command.ProcessState == nil {
		t.Fatalf("running %s: %v", program, err)
	}
	got := outcome{code: command.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String()}
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
func (o outcome) wants(t *testing.T, code int, counts map[string]int) {
	t.Helper()
	got, total := map[string]int{}, 0
	for _, row := range o.rows {
		got[row["outcome"]]++
	}
	for _, n := range counts {
		total += n
	}
	if o.code != code || len(o.rows) != total || fmt.Sprint(got) != fmt.Sprint(counts) {
		t.Fatalf("got exit %d and %v, want %d and %v; standard error:\n%s", o.code, got, code, counts, o.stderr)
	}
}

// hides checks that a password is in nothing that came out.
func (o outcome) hides(t *testing.T, password string) {
	t.Helper()
	if strings.Contains(o.stdout+o.stderr+o.report, password) {
		t.Errorf("password %q is in the output", password)
	}
}
