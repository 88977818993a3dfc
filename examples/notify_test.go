package examples

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// posted is what a script has sent to whom it tells.
type posted struct {
	path string
	body map[string]any
}

// tellWith runs a script of notify with a notice on its standard input and the path of a
// file that holds a secret, and returns what it sent and how it ended.
func tellWith(t *testing.T, script, notice string, status int) (sent []posted, out string, err error) {
	t.Helper()
	for _, needs := range []string{"sh", "curl", "jq"} {
		if _, err := exec.LookPath(needs); err != nil || runtime.GOOS == "windows" {
			t.Skip("the scripts need sh, curl and jq, and " + needs + " is not here")
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		p := posted{path: r.URL.Path}
		if err := json.Unmarshal(text, &p.body); err != nil {
			t.Errorf("%s: %v in %s", script, err, text)
		}
		sent = append(sent, p)
		w.WriteHeader(status)
	}))
	secret := filepath.Join(t.TempDir(), "secret")
	args := []string{filepath.Join("notify", script), secret}
	content := server.URL + "/services/T0/B0/canary\n"
	if script == "pagerduty.sh" {
		content, args = "canary-key\n", append(args, "rotation")
	}
	if err := os.WriteFile(secret, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "sh", args...)
	cmd.Env = append(os.Environ(), "PAGERDUTY_URL="+server.URL+"/v2/enqueue", "no_proxy=127.0.0.1")
	cmd.Stdin = strings.NewReader(notice)
	said, err := cmd.CombinedOutput()
	server.Close() // whose handlers have ended by then
	return sent, string(said), err
}

// noticeJSON is a notice; what is in it besides is given as JSON.
func noticeJSON(t *testing.T, code int, changed map[string]any) string {
	t.Helper()
	n := map[string]any{"event": "run_ended", "exit_code": code, "sentence": "rotation is done: 3 ok of 3 tasks.", "error": nil, "hint": nil, "next": nil,
		"run_file": "/state/r.run", "sandbox": false, "run": nil, "summary": nil, "failures": []any{}, "reports": []any{}}
	for key, value := range changed {
		n[key] = value
	}
	text, err := json.Marshal(n)
	if err != nil {
		t.Fatal(err)
	}
	return string(text) + "\n"
}

const hostileReason = "`$(id)` \"quoted\" \\u0041 <!channel> & 'x'\ttab"

var failedRun = map[string]any{
	"sentence": "rotation is done: 1 ok, 2 failed of 3 tasks.", "next": "cogpass run --retry-failed 'a b.run'", "summary": map[string]any{"outcomes": map[string]any{"failed": 2}},
	"failures": []any{map[string]any{"count": 2, "step": "action", "outcome": "failed", "code": "X", "reason": hostileReason, "first": "ana@example.com", "means": "It is so.", "do": "Mend it."}},
}

func TestSlack(t *testing.T) {
	for name, tt := range map[string]struct {
		code    int
		changed map[string]any
		want    []string
	}{
		"well":          {0, nil, []string{":white_check_mark: rotation is done: 3 ok of 3 tasks."}},
		"with failures": {1, failedRun, []string{":warning: ", "• 2 × `$(id)` \"quoted\" \\u0041 &lt;!channel&gt; &amp; 'x'\ttab: Mend it.", "To go on: `cogpass run --retry-failed 'a b.run'`"}},
		"not begun":     {2, map[string]any{"error": "one\ntwo", "sentence": "The run did not begin: one …"}, []string{"The run did not begin: one …\none\ntwo"}},
		"a long error":  {2, map[string]any{"error": strings.Repeat("x", 1<<20)}, []string{"xxx"}},
	} {
		sent, out, err := tellWith(t, "slack.sh", noticeJSON(t, tt.code, tt.changed), http.StatusOK)
		if err != nil || len(sent) != 1 || sent[0].path != "/services/T0/B0/canary" || len(sent[0].body) != 1 {
			t.Errorf("%s: got %v, %v: %s", name, sent, err, out)
			continue
		}
		text, _ := sent[0].body["text"].(string)
		for _, want := range tt.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: got %q, want %q in it", name, text, want)
			}
		}
		if strings.Contains(text, "ana@example.com") || len(text) > 10_000 {
			t.Errorf("%s: a channel is told too much: %d bytes", name, len(text))
		}
	}
}

func TestPagerDuty(t *testing.T) {
	for code, action := range map[int]string{0: "resolve", 1: "trigger", 2: "trigger", 3: "trigger", 4: "", 5: "", 130: ""} {
		sent, out, err := tellWith(t, "pagerduty.sh", noticeJSON(t, code, failedRun), http.StatusAccepted)
		if action == "" {
			if err != nil || len(sent) > 0 {
				t.Errorf("exit code %d: got %v, %v: %s; want that nobody is told", code, sent, err, out)
			}
			continue
		}
		if err != nil || len(sent) != 1 || sent[0].body["event_action"] != action || sent[0].body["routing_key"] != "canary-key" || sent[0].body["dedup_key"] != "cogpass/rotation" {
			t.Errorf("exit code %d: got %v, %v: %s", code, sent, err, out)
			continue
		}
		payload, _ := sent[0].body["payload"].(map[string]any)
		details, _ := json.Marshal(payload["custom_details"])
		if want := map[bool]string{true: "warning", false: "error"}[code == 1]; payload["severity"] != want || payload["summary"] != failedRun["sentence"] || strings.Contains(string(details), "ana@") {
			t.Errorf("exit code %d: got %v", code, payload)
		}
	}
}

// A channel that does not take it is told by the exit status, and the secret is not in
// what is printed.
func TestNotifyScriptsFail(t *testing.T) {
	for _, script := range []string{"slack.sh", "pagerduty.sh"} {
		_, out, err := tellWith(t, script, noticeJSON(t, 1, failedRun), http.StatusNotFound)
		if err == nil || !strings.Contains(out, "404") || strings.Contains(out, "canary") {
			t.Errorf("%s: got %v: %s", script, err, out)
		}
	}
}
