package awscli

import (
	"bytes"
	"context"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// inProcess runs a command line here, with the settings of the cases.
func inProcess(t *testing.T, terminal bool, stdin string, args ...string) (exit int, stdout, stderr string, requests []request) {
	t.Helper()
	testdata, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE": filepath.Join(testdata, "config"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(testdata, "credentials"),
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_ACCESS_KEY_ID": "AKIAEVALEVALEVALEVAL", "AWS_SECRET_ACCESS_KEY": "evalsecret", "AWS_REGION": "us-east-1",
	} {
		t.Setenv(name, value)
	}
	rec := &recorder{answer: "ok"}
	server := httptest.NewServer(rec)
	defer server.Close()
	var out, errs bytes.Buffer
	streams := Streams{In: strings.NewReader(stdin), Out: &out, Err: &errs, Terminal: terminal}
	exit = Run(context.Background(), append(args, "--endpoint-url", server.URL), streams)
	return exit, out.String(), errs.String(), rec.got
}

const secret = "Hunter2-is-secret"

func TestPasswordOffTheCommandLine(t *testing.T) {
	t.Setenv("ANA_PASSWORD", secret)
	t.Setenv("LOOKS_LIKE_A_FILE", "file://nope")
	base := []string{"admin-set-user-password", "--user-pool-id", "p", "--username", "ana"}
	tests := map[string]struct {
		stdin string
		args  []string
		want  string
	}{
		"stdin":                  {secret + "\n", []string{"--password-stdin"}, secret},
		"stdin, CRLF":            {secret + "\r\n", []string{"--password-stdin"}, secret},
		"stdin, one line end":    {secret + "\n\n", []string{"--password-stdin"}, secret + "\n"},
		"stdin is not a file":    {"file://nope", []string{"--password-stdin"}, "file://nope"},
		"stdin, env: is literal": {"env:NOPE", []string{"--password-stdin"}, "env:NOPE"},
		"environment":            {"", []string{"--password", "env:ANA_PASSWORD"}, secret},
		"environment, = form":    {"", []string{"--password=env:ANA_PASSWORD"}, secret},
		"environment, literal":   {"", []string{"--password", "env:LOOKS_LIKE_A_FILE"}, "file://nope"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			exit, _, stderr, requests := inProcess(t, true, tt.stdin, append(base, tt.args...)...)
			if exit != 0 || stderr != "" || len(requests) != 1 {
				t.Fatalf("got exit %d, stderr %q, %d requests", exit, stderr, len(requests))
			}
			if got := requests[0].Body.(map[string]any)["Password"]; got != tt.want {
				t.Errorf("got password %q, want %q", got, tt.want)
			}
		})
	}
	for _, args := range [][]string{{"--password-stdin", "--password", "x"}, {"--password", "env:NOT_SET_ANYWHERE"}} {
		if exit, _, stderr, requests := inProcess(t, false, "x", append(base, args...)...); exit != exitUsage || len(requests) != 0 || !strings.Contains(stderr, "--password") {
			t.Errorf("%q: got exit %d, stderr %q, %d requests", args, exit, stderr, len(requests))
		}
	}
}

func TestWarningOfAPasswordInTheClear(t *testing.T) {
	base := []string{"admin-set-user-password", "--user-pool-id", "p", "--username", "ana"}
	for _, clear := range [][]string{
		{"--password", secret},
		{"--password=" + secret},
		{"--cli-input-json", `{"Password": "` + secret + `"}`},
		{"--cli-input-yaml", "Password: " + secret},
	} {
		args := append(slices.Clone(base), clear...)
		exit, _, stderr, _ := inProcess(t, true, "", args...)
		if exit != 0 || !strings.HasPrefix(stderr, "warning: ") || strings.Count(stderr, "\n") != 1 || strings.Contains(stderr, secret) {
			t.Errorf("%q: got exit %d, stderr %q, want one line of warning", args, exit, stderr)
		}
		if _, _, stderr, _ := inProcess(t, false, "", args...); stderr != "" {
			t.Errorf("%q: got stderr %q where it is no terminal", args, stderr)
		}
	}
}

// A password is in no message, whatever is wrong with the command line.
func TestNoMessageShowsAPassword(t *testing.T) {
	base := []string{"admin-set-user-password", "--user-pool-id", "p", "--username", "ana"}
	for _, args := range [][]string{
		{"--password", secret, "--debug"},
		{"--password", secret, "--bogus"},
		{"--password", "part", secret},
		{"--passwrod", secret},
		{"--passwrod=" + secret},
		{"--password-stdin=" + secret},
		{"--permanent=" + secret, "--password", "x"},
		{"--password", secret, "--user-pool-id", ""},
		{"--cli-input-json", `{"Password": "` + secret + `"`},
		{"--cli-input-json", `{"Password": ["` + secret + `"]}`},
		{"--cli-input-json", `["` + secret + `"]`},
		{"--cli-input-yaml", "Password: [" + secret},
		{"--cli-input-yaml", "Password: {x: " + secret + "}"},
		{"--cli-input-yaml", "Password: !" + secret + " x"},
		{"--password", secret, "--region", "not a region"},
		{"--password", secret, "--profile", "nope"},
		{"--generate-cli-skeleton", secret},
	} {
		if _, stdout, stderr, _ := inProcess(t, true, "", append(base, args...)...); strings.Contains(stdout+stderr, secret) {
			t.Errorf("%q: the password is shown: %s%s", args, stdout, stderr)
		}
	}
	if _, stdout, stderr, _ := inProcess(t, false, "", "--password", secret, "cognito-idp", "admin-set-user-password"); strings.Contains(stdout+stderr, secret) {
		t.Errorf("a password before the command is shown: %s%s", stdout, stderr)
	}
}

func TestHelp(t *testing.T) {
	tests := map[string][]string{
		"admin-set-user-password help":               {"FORCE_CHANGE_PASSWORD", "CONFIRMED", "--password-stdin", "env:NAME", "No message"},
		"cognito-idp admin-set-user-password --help": {"--permanent"},
		"admin-reset-user-password help":             {"RESET_REQUIRED", "sandbox", "origination number", "triggers", "store", "encrypt"},
		"cognito-idp help":                           {"admin-set-user-password", "admin-reset-user-password"},
		"--region x cognito-idp help":                {"admin-set-user-password"},
	}
	for line, words := range tests {
		args := strings.Fields(line)
		var out, errs bytes.Buffer
		if !Claims(args) {
			t.Errorf("%s is not claimed", line)
		}
		if exit := Run(context.Background(), args, Streams{Out: &out, Err: &errs}); exit != 0 || errs.Len() > 0 {
			t.Errorf("%s: got exit %d, stderr %q", line, exit, errs.String())
		}
		for _, word := range words {
			if !strings.Contains(out.String(), word) {
				t.Errorf("%s does not say %q", line, word)
			}
		}
	}
}

func TestClaims(t *testing.T) {
	tests := map[string]bool{
		"cognito-idp admin-set-user-password":                  true,
		"admin-reset-user-password --username x":               true,
		"--region eu-west-1 --debug cognito-idp help":          true,
		"--endpoint-url=http://x admin-set-user-password":      true,
		"--user-pool-id p cognito-idp admin-set-user-password": true,
		"run job.yaml":                 false,
		"run --region x cognito-idp":   false,
		"--version":                    false,
		"--help":                       false,
		"help admin-set-user-password": false,
		"":                             false,
	}
	for line, want := range tests {
		if got := Claims(strings.Fields(line)); got != want {
			t.Errorf("Claims(%s) is %v, want %v", line, got, want)
		}
	}
}
