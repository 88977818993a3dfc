package awscli

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// inProcess runs a command line here, with the settings of the cases.
func inProcess(t *testing.T, terminal bool, stdin string, args ...string) (exit int, stdout, stderr string, requests []sentRequest) {
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
	rec := &recorder{answer: cmp.Or(os.Getenv("TEST_ANSWER"), "ok")}
	server := httptest.NewServer(rec)
	defer server.Close()
	var out, errs bytes.Buffer
	streams := Streams{In: strings.NewReader(stdin), Out: &out, Err: &errs, Terminal: terminal}
	if !slices.Contains(args, "--endpoint-url") {
		args = append(args, "--endpoint-url", server.URL)
	}
	exit = Run(context.Background(), args, streams)
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
		{"--password", "env:" + secret},
		{"--password=env:" + secret},
		{"--password", "file://" + secret},
		{"--password", "file:///" + secret},
		{"--password", "fileb://" + secret},
		{"--password", "file://" + secret + "/x y"},
		{"--password", "two", "--" + secret},
		{"--password", "two", "-" + secret, "words"},
		{"--password", "two", "words=" + secret},
		{"--password", "two", "-- " + secret},
		{"--password", "x", "--", secret},
		{secret, "--password", "x"},
		{"--permanent", secret, "--password", "x"},
		{"--cli-input-yaml", "{Password: Xy9!," + secret + "}"},
		{"--cli-input-yaml", "Password:" + secret},
		{"--cli-input-yaml", "Password: x\n" + secret + ": y"},
		{"--cli-input-yaml", "Password: x # " + secret + "\n\ty: z"},
		{"--cli-input-json", `{"Password": "x", "` + secret + `": 1}`},
		{"--cli-input-json", `{"Password": "` + secret + `\ud800"}`},
		{"--cli-input-json", "{\"Password\": \"" + secret + "\xff\"}"},
		{"--cli-input-json", secret},
		{"--password", secret + "\xff"},
		{"--password=" + secret + "\xff"},
		{"--password", "x", secret + "\xff"},
		{"--password", secret, "--query", "[["},
		{"--password", secret, "--output", secret},
		{"--password", secret, "--cli-read-timeout", secret},
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

// What the AWS CLI takes and cogpass does not, because it would arrive as
// something else or the two might read it in different ways.
func TestRefusedHere(t *testing.T) {
	t.Setenv("NOT_UTF8", "a\xff")
	t.Setenv("EMPTY", "")
	set := []string{"admin-set-user-password", "--user-pool-id", "p", "--username", "ana"}
	tests := map[string]struct {
		args  []string
		names string
	}{
		"not UTF-8":              {[]string{"--password", "a\xff"}, "--password (argument 7)"},
		"not UTF-8, joined":      {[]string{"--password=a\xff"}, "--password (argument 6)"},
		"not UTF-8, positional":  {[]string{"--password", "x", "a\xff"}, "argument 8"},
		"not UTF-8, environment": {[]string{"--password", "env:NOT_UTF8"}, "--password"},
		"empty, environment":     {[]string{"--password", "env:EMPTY"}, "--password"},
		"empty, standard input":  {[]string{"--password-stdin"}, "--password"},
		"not UTF-8, document":    {[]string{"--cli-input-json", "fileb://testdata/in/not-utf8.json"}, "--cli-input-json"},
		"half a pair":            {[]string{"--cli-input-json", `{"Password": "\ud83d"}`}, "--cli-input-json"},
		"half a pair, later":     {[]string{"--cli-input-json", `{"Password": "\\\ud83d\ude42\ude42"}`}, "--cli-input-json"},
		"empty Region":           {[]string{"--password", "x", "--region", ""}, "--region"},
		"empty CA bundle":        {[]string{"--password", "x", "--ca-bundle="}, "--ca-bundle"},
		"empty endpoint":         {[]string{"--password", "x", "--endpoint-url", ""}, "--endpoint-url"},
		"userinfo":               {[]string{"--password", "x", "--endpoint-url", "http://u:" + secret + "@127.0.0.1:1"}, "--endpoint-url"},
		"lone dashes":            {[]string{"--password", "x", "--region=--"}, "--region"},
		"YAML directive":         {[]string{"--cli-input-yaml", "%YAML 1.1\n---\nPassword: x\nPermanent: yes"}, "--cli-input-yaml"},
		"YAML directive, later":  {[]string{"--cli-input-yaml", "# c\n%TAG ! tag:x,2000:\n---\nPassword: x"}, "--cli-input-yaml"},
		"YAML anchor":            {[]string{"--cli-input-yaml", "Password: &x y"}, "Password"},
		"YAML alias":             {[]string{"--cli-input-yaml", "UserPoolId: &a p\nUsername: *a\nPassword: x"}, "--cli-input-yaml"},
		"YAML escape":            {[]string{"--cli-input-yaml", `Password: "it\'s"`}, "--cli-input-yaml"},
		"YAML colon in braces":   {[]string{"--cli-input-yaml", "{Password: a:b}"}, "--cli-input-yaml"},
		"YAML merge key":         {[]string{"--cli-input-yaml", "<<: {Username: u}\nPassword: x"}, "--cli-input-yaml"},
		"YAML tag":               {[]string{"--cli-input-yaml", "Password: x\nPermanent: !!bool yes"}, "Permanent"},
		"YAML tag on a mapping":  {[]string{"--cli-input-yaml", "!!map {Password: x}"}, "--cli-input-yaml"},
		"YAML tab":               {[]string{"--cli-input-yaml", "Password: \"a\tb\""}, "--cli-input-yaml"},
		"YAML line separator":    {[]string{"--cli-input-yaml", "Password: a\u2028b"}, "--cli-input-yaml"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			exit, stdout, stderr, requests := inProcess(t, false, "", append(slices.Clone(set), tt.args...)...)
			if exit < exitUsage || len(requests) != 0 || !strings.Contains(stderr, tt.names) || strings.Contains(stdout+stderr, secret) {
				t.Errorf("got exit %d, %d requests, stderr %q, want it to name %s", exit, len(requests), stderr, tt.names)
			}
		})
	}
	if exit, _, _, requests := inProcess(t, false, "a\xff", append(set, "--password-stdin")...); exit != exitUsage || len(requests) != 0 {
		t.Errorf("standard input: got exit %d, %d requests", exit, len(requests))
	}
}

// Every format but text prints JSON, whatever the AWS CLI does.
func TestOutputFormats(t *testing.T) {
	args := []string{"admin-set-user-password", "--user-pool-id", "p", "--username", "ana", "--password", "x", "--query", "`{\"b\": [1, \"<é>\"], \"a\": {}}`", "--output"}
	const want = "{\n    \"a\": {},\n    \"b\": [\n        1,\n        \"<é>\"\n    ]\n}\n"
	for _, format := range []string{"json", "text", "table", "yaml", "yaml-stream"} {
		if exit, stdout, stderr, _ := inProcess(t, false, "", append(args, format)...); exit != 0 || stdout != want {
			t.Errorf("%s: got exit %d, stdout %q, stderr %q", format, exit, stdout, stderr)
		}
	}
}

// A query that the AWS CLI refuses is refused, and none ends the program.
func TestQueries(t *testing.T) {
	for _, text := range []string{"", "[[", "a[0", "[::2", "a.b[", "a-b", "$", "1 + 1", "let $a = b in c", "`[0`]", "'", "foo(", "a..b", "\u00e9"} {
		if _, err := compileQuery(text); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
	for _, text := range []string{"merge(`1`)", "merge(@, `\"x\"`)", "length(`5`)", "nosuch(@)", "&a", "sort_by(@, &a)"} {
		q, err := compileQuery(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if v, err := search(q, map[string]any{}); err == nil {
			t.Errorf("%q: got %v, want an error", text, v)
		}
	}
	for text, want := range map[string]any{"`done`": "done", "` a b`": "a b", "`\"x\\`y\"`": "x`y", "'`x`'": "`x`", "keys(@)": []any{}} {
		q, err := compileQuery(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if v, err := search(q, map[string]any{}); err != nil || !reflect.DeepEqual(v, want) {
			t.Errorf("%q: got %v, %v, want %v", text, v, err, want)
		}
	}
}

// An interrupt ends what waits for a pipe that says nothing.
func TestInterruptWhileReading(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	in, _, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	time.AfterFunc(10*time.Millisecond, cancel)
	var errs bytes.Buffer
	args := []string{"admin-set-user-password", "--user-pool-id", "p", "--username", "ana", "--password-stdin"}
	if exit := Run(ctx, args, Streams{In: in, Out: io.Discard, Err: &errs}); exit != 130 {
		t.Errorf("got exit %d, stderr %q", exit, errs.String())
	}
}

// Who interrupts a request that is on its way is told that it may have been
// carried out.
func TestInterruptWhileSending(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // or else the server does not see the client leave
		cancel()
		<-r.Context().Done()
	}))
	defer server.Close()
	var errs bytes.Buffer
	args := []string{"admin-reset-user-password", "--user-pool-id", "p", "--username", "ana", "--no-sign-request", "--region", "us-east-1", "--endpoint-url", server.URL}
	if exit := Run(ctx, args, Streams{Out: io.Discard, Err: &errs}); exit != 130 || !strings.Contains(errs.String(), "may have been carried out") {
		t.Errorf("got exit %d, stderr %q", exit, errs.String())
	}
}

// What the service answers shows no password and moves no cursor, and an answer
// that is too long is no reason to send a user a second code.
func TestHostileAnswers(t *testing.T) {
	tests := map[string]struct {
		answer, want string
		exit         int
	}{
		"password in the message":     {"400 X|no: " + secret, "An error occurred (X) when calling the AdminSetUserPassword operation: [secret]", exitRefused},
		"password, escaped":           {`raw 400 text/plain {"__type":"X","message":"a \\\\u0048unter2-is-secret"}`, "[secret]", exitRefused},
		"password in the type":        {"400 " + secret + "|no", "([secret]", exitRefused},
		"password in what is no JSON": {"raw 400 text/plain {\"Password\": \"" + secret + "\"", "[secret]", exitRefused},
		"escape sequences":            {"400 X\x1b[31m|\x1b]0;t\x07 \u009b1m \u202e", `(X\u001b[31m) when calling the AdminSetUserPassword operation: \u001b]0;t\u0007 \u009b1m \u202e`, exitRefused},
		"two lines and a tab":         {"400 X|a\tb\nzoë", "a\tb\nzoë\n", exitRefused},
		"too long":                    {"raw 500 text/plain " + strings.Repeat("a", 2<<20), "an answer of more than", exitGeneral},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TEST_ANSWER", tt.answer)
			exit, _, stderr, requests := inProcess(t, false, "", "admin-set-user-password", "--user-pool-id", "p", "--username", "ana", "--password", secret, "--debug")
			if exit != tt.exit || len(requests) != 1 || !strings.Contains(stderr, tt.want) || strings.Contains(stderr, secret) || strings.Contains(stderr, "\x1b") {
				t.Errorf("got exit %d, %d requests, stderr %q, want %q", exit, len(requests), stderr, tt.want)
			}
		})
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
