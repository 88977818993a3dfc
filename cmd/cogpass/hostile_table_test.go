package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cogpass/report"
	"cogpass/runner/sandbox"
)

// hostileNames are usernames that Cognito takes.
var hostileNames = map[string]string{
	"a formula":          `=cmd|'/Ccalc'!A0`,
	"a formula with +":   `+1+1`,
	"a formula with @":   `@SUM(A1:A9)`,
	"a formula with -":   `-2+3`,
	"an option":          `--yes`,
	"HTML":               `<script>alert(1)</script>`,
	"an attribute":       `"onmouseover="alert(1)`,
	"an end of a script": `</script><img/src=x/onerror=alert(1)>`,
	"SQL":                `';DROP/**/TABLE/**/task;--`,
	"a path":             `../../../etc/passwd`,
	"a template":         `{{.}}${HOME}%s%n`,
	"a label":            `a"b\c}`,
	"astral characters":  strings.Repeat("\U0001D4D0", 128),
	"combining marks":    "e" + strings.Repeat("\u0301", 100),
	"right to left":      "\u05d0\u05d1\u0627\u0628",
}

// hostileMessages are what the service says of users, as it stands in its JSON.
var hostileMessages = map[string]string{
	"an escape sequence":    `\u001b[2J\u001b[31mred`,
	"a hyperlink":           `\u001b]8;;http://x.example\u0007here\u001b]8;;\u0007`,
	"a C1 control":          `\u009b31mred`,
	"newlines":              `one\r\nerror: two\u2028three\u0085four`,
	"a backspace":           `good\b\b\b\bbad`,
	"NUL":                   `a\u0000b`,
	"bidirectional":         `\u202egnp.exe\u2066x\u2069`,
	"a lone surrogate":      `a\ud800b`,
	"a formula":             `=HYPERLINK(\"http://x.example\")`,
	"HTML":                  `<script>alert(1)</script><img src=x onerror=alert(1)>`,
	"an end of a comment":   `--> ]]> </style></script>`,
	"SQL":                   `'; DROP TABLE outcome; --`,
	"100 kB":                strings.Repeat("x", 100_000),
	"the password":          `Password not long enough: Canary-%d-Pw`,
	"the password, escaped": `value at 'password' failed: \u0043anary-%d-Pw`,
}

// unsafe is what no output for people holds: what a terminal obeys, or what
// turns a text around.
var unsafe = regexp.MustCompile("[\x00-\x08\x0b-\x1f\x7f\u0080-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

// hostileRun is a run of all of them: users whose names are hostile, and users of
// whom the service says something hostile.
type hostileRun struct {
	t       *testing.T
	dir     string
	env     []string
	names   []string // in the order of the plan
	secrets secrets
}

func newHostileRun(t *testing.T) *hostileRun {
	h := &hostileRun{t: t, dir: t.TempDir()}
	said := map[string]string{}
	var passwords []string
	h.names = sortedValues(hostileNames)
	for i, message := range sortedValues(hostileMessages) {
		name := fmt.Sprintf("user-%02d", i)
		h.names = append(h.names, name)
		said[name] = strings.ReplaceAll(message, "%d", fmt.Sprint(len(h.names)))
	}
	pool := sandbox.New(sandbox.Config{})
	pool.AddPool(sandbox.Pool{ID: scriptPool, Name: "staff"})
	var list bytes.Buffer
	for i, name := range h.names {
		pool.AddUser(scriptPool, sandbox.User{Username: name, Status: "CONFIRMED", Enabled: true})
		passwords = append(passwords, fmt.Sprintf("Canary-%d-Pw", i+1))
		line, _ := json.Marshal(map[string]string{"username": name, "password": passwords[i]})
		fmt.Fprintf(&list, "%s\n", line)
	}
	h.secrets = newSecrets(passwords)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		var request struct{ Username string }
		json.Unmarshal(body, &request)
		if message, ok := said[request.Username]; ok && strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".AdminSetUserPassword") {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"__type":"InvalidParameterException","message":"%s"}`, message)
			return
		}
		pool.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	for name, text := range map[string]string{"users.jsonl": list.String(), "job.yaml": "version: 1\nname: hostile\nuserPoolId: " + scriptPool +
		"\naction: set-permanent\nusers: [{jsonl: users.jsonl}]\nlimits: {rate: max}\n"} {
		if err := os.WriteFile(filepath.Join(h.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + h.dir, "XDG_STATE_HOME=" + filepath.Join(h.dir, "state"), "AWS_ACCESS_KEY_ID=AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY=example", "AWS_EC2_METADATA_DISABLED=true", "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=" + server.URL}
	return h
}

func sortedValues(m map[string]string) []string {
	var values []string
	for _, value := range m {
		values = append(values, value)
	}
	slices.Sort(values)
	return values
}

// call runs the program and returns what it has written to both streams.
func (h *hostileRun) call(code int, args ...string) (stdout, stderr string) {
	h.t.Helper()
	path, err := program()
	if err != nil {
		h.t.Fatal(err)
	}
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(h.t.Context(), path, args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = h.dir, h.env, &out, &errs
	cmd.Run()
	if got := cmd.ProcessState.ExitCode(); got != code {
		h.t.Fatalf("cogpass %s: got exit code %d, want %d\n%s", strings.Join(args, " "), got, code, errs.String())
	}
	return out.String(), errs.String()
}

// read returns the text of a file of the run's folder.
func (h *hostileRun) read(name string) string {
	text, err := os.ReadFile(filepath.Join(h.dir, name))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(text)
}

// hostileOutput is a column of the table: an output, and how a name stands in it.
type hostileOutput struct {
	name, text string
	as         func(name string) string // nil where not every name is in it
}

func (h *hostileRun) outputs() []hostileOutput {
	const run = "hostile.run"
	inJSON := func(name string) string {
		var text strings.Builder
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		encoder.Encode(name)
		return strings.TrimSpace(text.String())
	}
	_, end := h.call(1, "run", "--yes", "--run-file", run, "--metrics-file", "run.prom", "--notify-command", "sh -c 'cat >notice.json'", "--log-file", "run.log", "job.yaml")
	_, log := h.call(1, "run", "--yes", "--retry-failed", "--log-format", "json", run)
	all := []hostileOutput{{"the end of a run", end, nil}, {"its log in JSON", log, nil}, {"the run file", h.read(run), nil},
		{"its log in a file", h.read("run.log"), nil}, {"metrics", h.read("run.prom"), nil}, {"what a program is told", h.read("notice.json"), nil}}
	add := func(name string, as func(string) string, args ...string) {
		text, _ := h.call(0, args...)
		all = append(all, hostileOutput{name, text, as})
	}
	add("report, text", nil, "report", run, "--format", "text")
	add("report, CSV", nil, "report", run, "--format", "csv")
	add("report, JSON", inJSON, "report", run, "--format", "json")
	add("report, JSON Lines", inJSON, "report", run, "--format", "jsonl")
	inHTML := func(name string) string { return strings.ReplaceAll(html.EscapeString(name), "+", "&#43;") }
	add("report, HTML", inHTML, "report", run, "--format", "html")
	add("status", nil, "status", run)
	add("status --failed", nil, "status", "--failed", run)
	add("status, JSON", nil, "status", "--format", "json", run)
	add("status, JSON", nil, "status", "--format", "json", run)
	add("failures, text", nil, "status", "--failed", run)
	add("failures, JSON Lines", nil, "status", "--failed", "--format", "json", run)
	add("plan", nil, "plan", "job.yaml", "--out", "other.run")
	add("dry run, text", report.Visible, "run", "--dry-run", "job.yaml")
	add("dry run, JSON", inJSON, "run", "--dry-run", "--format", "json", "job.yaml")
	add("dry run, AWS CLI", nil, "run", "--dry-run", "--format", "cli", "job.yaml") // its script has a shell read it
	return all
}

// TestHostileTable holds that what a name or the service's words hold does nothing in
// any output, and that a name is there as it is: each cell of the table is a test.
func TestHostileTable(t *testing.T) {
	t.Parallel()
	h := newHostileRun(t)
	for _, output := range h.outputs() {
		t.Run(output.name, func(t *testing.T) {
			if form := h.secrets.in([]byte(output.text)); form != "" {
				t.Errorf("it shows %q", form)
			}
			if output.name == "the run file" { // which is for programs
				return
			}
			if bad := unsafe.FindStringIndex(output.text); bad != nil {
				t.Errorf("it holds %q", output.text[max(0, bad[0]-40):min(len(output.text), bad[1]+40)])
			}
			for line := range strings.Lines(output.text) {
				if len(line) > 4000 && !strings.HasPrefix(output.name, "report, JSON") && output.name != "status, JSON" {
					t.Errorf("a line has %d bytes: %.80q…", len(line), line)
				}
				if strings.Contains(output.name, "JSON Lines") || strings.Contains(output.name, "log in JSON") {
					if !json.Valid([]byte(line)) {
						t.Errorf("no JSON: %.200q", line)
					}
				}
			}
			for what, name := range hostileNames {
				if output.as != nil && !strings.Contains(output.text, output.as(name)) {
					t.Errorf("%s is not in it as %q", what, output.as(name))
				}
			}
			if output.name == "report, CSV" {
				inSpreadsheet(t, output.text, h.names)
			}
		})
	}
}

// inSpreadsheet holds that no cell is one that a spreadsheet would carry out, and that
// each name comes back where an apostrophe is taken off its front.
func inSpreadsheet(t *testing.T, text string, names []string) {
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) != len(names)+1 {
		t.Fatalf("got %d rows, %v", len(rows), err)
	}
	for n, row := range rows {
		for column, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
				t.Errorf("%s of %s is a formula: %q", rows[0][column], row[0], cell)
			}
		}
		if n > 0 && strings.TrimPrefix(row[1], "'") != names[n-1] {
			t.Errorf("row %d: got %q, want %q", n, row[1], names[n-1])
		}
	}
}
