package awscli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// runAsProgram makes the test binary be the program, so that the cases run as
// processes of their own.
const runAsProgram = "COGPASS_TEST_RUN_AWSCLI"

func TestMain(m *testing.M) {
	if os.Getenv(runAsProgram) == "" {
		os.Exit(m.Run())
	}
	if !Claims(os.Args[1:]) {
		fmt.Fprintln(os.Stderr, "not claimed")
		os.Exit(99)
	}
	os.Exit(Run(context.Background(), os.Args[1:], Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, unit: 10 * time.Millisecond}))
}

// oneCase is what the AWS CLI did with a command line.
type oneCase struct {
	Name     string            `json:"name"`
	Args     []string          `json:"args"`
	Env      map[string]string `json:"env"`
	Unset    []string          `json:"unset"`
	Server   string            `json:"server"`
	Stdin    *string           `json:"stdin"`
	Exit     int               `json:"exit"`
	Stdout   string            `json:"stdout"`
	Stderr   string            `json:"stderr"`
	Requests int               `json:"requests"`
	Request  *sentRequest      `json:"request"`
}

type sentRequest struct {
	Target        string `json:"target"`
	Path          string `json:"path"`
	Body          any    `json:"body"`
	SigningRegion string `json:"signing_region,omitempty"`
	AccessKey     string `json:"access_key,omitempty"`
}

// TestCases holds cogpass to what the AWS CLI 2.9.19 was seen to do:
// cases.jsonl.
func TestCases(t *testing.T) {
	testCases(t, "cases.jsonl", func(args []string) []string { return args })
}

// TestCasesWithoutService leaves out the word cognito-idp.
func TestCasesWithoutService(t *testing.T) {
	testCases(t, "cases.jsonl", func(args []string) []string {
		i := slices.Index(args, service)
		return slices.Delete(slices.Clone(args), i, i+1)
	})
}

// TestMoreCases holds cogpass to what the AWS CLI 2.9.19 did in corners.
func TestMoreCases(t *testing.T) {
	testCases(t, "corners.jsonl", func(args []string) []string { return args })
}

func testCases(t *testing.T, file string, adapt func([]string) []string) {
	for _, c := range readCases(t, file) {
		t.Run(c.Name, func(t *testing.T) {
			run := c.run
			if c.Stdin != nil {
				t.Parallel()
			} else {
				run = c.inProcess
			}
			c.check(t, run(t, adapt(c.Args)))
		})
	}
}

func readCases(t *testing.T, file string) []oneCase {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	var cases []oneCase
	for line := range bytes.Lines(data) {
		var c oneCase
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	return cases
}

// run carries out a case with other arguments as a process of its own, and
// returns what happened.
func (c oneCase) run(t *testing.T, args []string) oneCase {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return c.with(t, []string{self}, args)
}

// with does so with another program, which its first words name.
func (c oneCase) with(t *testing.T, program, args []string) oneCase {
	t.Helper()
	return c.at(t, args, func(s site, args []string) (exit int, stdout, stderr string) {
		cmd := exec.Command(program[0], append(slices.Clone(program[1:]), args...)...)
		cmd.Dir = s.dir
		for name, value := range s.env {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
		cmd.Env = append(cmd.Env, runAsProgram+"=1", "GORACE=atexit_sleep_ms=0")
		if c.Stdin != nil {
			cmd.Stdin = strings.NewReader(*c.Stdin)
		}
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Run(); cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return cmd.ProcessState.ExitCode(), out.String(), errs.String()
	})
}

// inProcess does the same in this process, a hundred times as fast: a case that
// reads no standard input can tell no difference.
func (c oneCase) inProcess(t *testing.T, args []string) oneCase {
	t.Helper()
	return c.at(t, args, func(s site, args []string) (exit int, stdout, stderr string) {
		if !Claims(args) {
			t.Fatalf("%q is not claimed", args)
		}
		t.Chdir(s.dir)
		before := os.Environ()
		os.Clearenv()
		defer func() {
			os.Clearenv()
			for _, variable := range before {
				name, value, _ := strings.Cut(variable, "=")
				os.Setenv(name, value)
			}
		}()
		for name, value := range s.env {
			os.Setenv(name, value)
		}
		var out, errs bytes.Buffer
		exit = Run(t.Context(), args, Streams{In: strings.NewReader(""), Out: &out, Err: &errs, unit: 10 * time.Millisecond})
		return exit, out.String(), errs.String()
	})
}

// site is where a case is carried out.
type site struct {
	dir string
	env map[string]string
}

// at prepares a case, has it carried out, and returns what happened.
func (c oneCase) at(t *testing.T, args []string, carryOut func(site, []string) (int, string, string)) oneCase {
	t.Helper()
	testdata, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	rec := &recorder{answer: c.Server}
	server := httptest.NewServer(rec)
	defer server.Close()
	fill := strings.NewReplacer("@ENDPOINT@", server.URL, "@IN@", filepath.Join(testdata, "in"))
	s := site{dir: filepath.Join(testdata, "in"), env: map[string]string{
		"AWS_CONFIG_FILE": filepath.Join(testdata, "config"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(testdata, "credentials"),
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_ACCESS_KEY_ID": "AKIAEVALEVALEVALEVAL", "AWS_SECRET_ACCESS_KEY": "evalsecret",
		"AWS_DEFAULT_REGION": "us-east-1", "LANG": "C.UTF-8", "PATH": os.Getenv("PATH"), "HOME": os.Getenv("HOME"),
	}}
	for _, name := range c.Unset {
		delete(s.env, name)
	}
	for name, value := range c.Env {
		s.env[name] = fill.Replace(value)
	}
	var filled []string
	for _, arg := range args {
		filled = append(filled, fill.Replace(arg))
	}
	exit, stdout, stderr := carryOut(s, filled)
	restore := strings.NewReplacer(server.URL, "@ENDPOINT@", filepath.Join(testdata, "in"), "@IN@")
	got := oneCase{Exit: exit, Stdout: stdout, Stderr: restore.Replace(stderr)}
	rec.mu.Lock()
	defer rec.mu.Unlock()
	if got.Requests = len(rec.got); got.Requests > 0 {
		got.Request = &rec.got[0]
		body, _ := json.Marshal(got.Request.Body)
		json.Unmarshal([]byte(restore.Replace(string(body))), &got.Request.Body)
	}
	return got
}

// check compares by the rules of the cases: everything but the words on
// standard error, where those are cogpass's own. They have to name the same
// option, parameter, file or profile.
func (want oneCase) check(t *testing.T, got oneCase) {
	t.Helper()
	if got.Exit != want.Exit || got.Stdout != want.Stdout || got.Requests != want.Requests {
		t.Errorf("args %q\n got exit %d, stdout %q, %d requests\nwant exit %d, stdout %q, %d requests\nstderr %q", want.Args, got.Exit, got.Stdout, got.Requests, want.Exit, want.Stdout, want.Requests, got.Stderr)
	}
	if !reflect.DeepEqual(got.Request, want.Request) {
		t.Errorf("args %q\n got request %+v\nwant request %+v", want.Args, got.Request, want.Request)
	}
	if want.Exit == exitRefused {
		if got, want := lastLine(got.Stderr), lastLine(want.Stderr); got != want {
			t.Errorf("got last line %q, want %q", got, want)
		}
		return
	}
	for _, name := range namesIn(want.Stderr) {
		if asOption := "--" + strings.ToLower(name); !strings.Contains(got.Stderr, name) && !strings.Contains(got.Stderr, asOption) {
			t.Errorf("stderr %q does not name %q, which %q does", got.Stderr, name, want.Stderr)
		}
	}
	if want.Exit == 0 && got.Stderr != "" {
		t.Errorf("got stderr %q of a success", got.Stderr)
	}
}

func lastLine(s string) string {
	s = strings.TrimSuffix(s, "\n")
	return s[strings.LastIndexByte(s, '\n')+1:]
}

var (
	parameterName = regexp.MustCompile(`(?:for parameter |parameter in input: "|Unknown parameter in input: ")([A-Za-z-]+)`)
	optionName    = regexp.MustCompile(`--[a-z][a-z-]*`)
	fileName      = regexp.MustCompile(`(?:/[\w.-]+){2,}`)
	profileName   = regexp.MustCompile(`profile \((\w+)\)`)
)

// namesIn returns what a message of the AWS CLI is about.
func namesIn(message string) []string {
	if i := strings.LastIndex(message, "error: "); i >= 0 {
		message = message[i:] // the usage before it names every option there is
	}
	names := optionName.FindAllString(message, -1)
	for _, m := range parameterName.FindAllStringSubmatch(message, -1) {
		names = append(names, m[1])
	}
	for _, m := range profileName.FindAllStringSubmatch(message, -1) {
		names = append(names, m[1])
	}
	return append(names, fileName.FindAllString(message, -1)...)
}

// recorder answers as a case says, and keeps what it was asked.
type recorder struct {
	answer string
	mu     sync.Mutex
	got    []sentRequest
}

var credential = regexp.MustCompile(`Credential=([^/]+)/[^/]+/([^/]+)/`)

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	data, _ := io.ReadAll(req.Body)
	got := sentRequest{Target: req.Header.Get("X-Amz-Target"), Path: req.URL.Path}
	json.Unmarshal(data, &got.Body)
	if m := credential.FindStringSubmatch(req.Header.Get("Authorization")); m != nil {
		got.AccessKey, got.SigningRegion = m[1], m[2]
	}
	r.mu.Lock()
	r.got = append(r.got, got)
	r.mu.Unlock()

	status, contentType, body := http.StatusOK, "application/x-amz-json-1.1", "{}"
	switch kind, rest, _ := strings.Cut(r.answer, " "); kind {
	case "ok":
	case "close":
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			conn.Close()
		}
		return
	case "slow":
		seconds, _ := strconv.ParseFloat(rest, 64)
		select {
		case <-time.After(time.Duration(seconds * float64(time.Second))):
		case <-req.Context().Done():
		}
	case "raw":
		parts := strings.SplitN(rest, " ", 3)
		status, _ = strconv.Atoi(parts[0])
		contentType, body = parts[1], parts[2]
		if body == "EMPTY" {
			body = ""
		}
	default:
		status, _ = strconv.Atoi(kind)
		errorType, message, _ := strings.Cut(rest, "|")
		data, _ := json.Marshal(map[string]string{"__type": errorType, "message": message})
		body = string(data)
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	io.WriteString(w, body)
}
