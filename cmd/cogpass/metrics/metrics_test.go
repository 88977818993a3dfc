package metrics

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"cogpass/cmd/bulk"
	"cogpass/jobs"
	"cogpass/runner"
)

// of is a run some way on, of ten users and three failures.
func of() *Run {
	r := New("1.2.3")
	r.now = func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }
	r.Begin("nightly", "us-west-2_aaaaaaaaa", false, 10, 10)
	p := bulk.Progress{Tasks: 10, Began: time.Now()}
	for i := range int64(5) {
		p.Done++
		p.Sending.Sent, p.Sending.Latency = i+1, 80*time.Millisecond
		if i < 2 {
			p.Failed++
			p.Sending.Ended[runner.Failed]++
			p.Last = &bulk.Failure{Username: "ana@example.com", Code: []string{"UserNotFoundException", "a\nb{}\""}[i]}
		} else {
			p.Sending.Ended[runner.OK]++
		}
		p.Sending.Lanes = []runner.LaneStats{{Category: jobs.UserAccountRecovery, Sent: i + 1, Throttled: 1, Asked: 10, Rate: 8}}
		r.Show(p)
		r.Show(p) // the same answer once more, as for the task that it ended
	}
	return r
}

func text(t *testing.T, r *Run) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.prom")
	f, err := r.OpenFile(path, false, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	f.write()
	out, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func wantLines(t *testing.T, got string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains("\n"+got, "\n"+line+"\n") {
			t.Errorf("no %q in\n%s", line, got)
		}
	}
}

func TestMetrics(t *testing.T) {
	r := of()
	got := text(t, r)
	wantLines(t, got,
		`cogpass_run_info{run="nightly",sandbox="false",user_pool_id="us-west-2_aaaaaaaaa",version="1.2.3"} 1`,
		`cogpass_run_tasks{run="nightly"} 10`, `cogpass_run_tasks_pending{run="nightly"} 5`, `cogpass_run_going{run="nightly"} 1`,
		`cogpass_tasks_ended_total{outcome="ok",run="nightly"} 3`, `cogpass_tasks_ended_total{outcome="unknown",run="nightly"} 0`,
		`cogpass_task_failures_total{code="UserNotFoundException",run="nightly"} 1`, `cogpass_task_failures_total{code="other",run="nightly"} 1`,
		`cogpass_requests_total{lane="UserAccountRecovery",run="nightly"} 5`, `cogpass_request_duration_seconds_count{run="nightly"} 5`,
		`cogpass_request_duration_seconds_bucket{run="nightly",le="0.1"} 5`, `cogpass_request_duration_seconds_bucket{run="nightly",le="0.05"} 0`,
		`cogpass_lane_allowed_requests_per_second{lane="UserAccountRecovery",run="nightly"} 8`)
	if strings.Contains(got, "ana") || strings.Contains(got, "exit_code") {
		t.Errorf("got a username, or the end of a run that goes on:\n%s", got)
	}
	// The run waits for another day and goes on: counters never go back.
	over := r.last
	over.Over = true
	r.Show(over)
	r.Show(bulk.Progress{Tasks: 10, Done: 5, Began: time.Now()})
	r.End(0)
	wantLines(t, text(t, r), `cogpass_requests_total{lane="UserAccountRecovery",run="nightly"} 5`, `cogpass_tasks_ended_total{outcome="ok",run="nightly"} 3`,
		`cogpass_run_exit_code{run="nightly"} 0`, `cogpass_run_going{run="nightly"} 0`, `cogpass_run_last_success_timestamp_seconds{run="nightly"} 1.767323045e+09`)
}

// However many codes an endpoint makes up, there are few series.
func TestMetricsAreBounded(t *testing.T) {
	r := New("1")
	r.Begin("x", "y", false, 10, 10)
	for i := range 10_000 {
		r.Show(bulk.Progress{Last: &bulk.Failure{Code: fmt.Sprintf("Made%d", i)}})
	}
	if n := strings.Count(text(t, r), "cogpass_task_failures_total{"); n > maxCodes+1 {
		t.Errorf("got %d codes", n)
	}
}

// promtool finds nothing wrong with the names, and the example's rules and dashboard
// ask for metrics that there are.
func TestPromtool(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("there is no promtool here")
	}
	r := of()
	r.End(0)
	metrics := text(t, r)
	check := exec.Command(promtool, "check", "metrics")
	check.Stdin = strings.NewReader(metrics)
	if out, err := check.CombinedOutput(); err != nil || len(bytes.TrimSpace(out)) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
	rules := exec.Command(promtool, "test", "rules", "cogpass.rules_test.yml")
	rules.Dir = "../../../examples/monitoring"
	if out, err := rules.CombinedOutput(); err != nil {
		t.Errorf("promtool test rules: %v\n%s", err, out)
	}
}

// The examples ask for metrics that there are.
func TestExamplesAskForWhatThereIs(t *testing.T) {
	r := of()
	r.End(0)
	there := text(t, r) + "cogpass_run_remaining_seconds"
	for _, name := range []string{"cogpass.rules.yml", "dashboard.json"} {
		file, err := os.ReadFile(filepath.Join("../../../examples/monitoring", name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".json") && !json.Valid(file) {
			t.Errorf("%s is no JSON", name)
		}
		asked := regexp.MustCompile(`cogpass_[a-z_]+`).FindAllString(string(file), -1)
		for _, metric := range asked {
			if !strings.Contains(there, metric) {
				t.Errorf("%s asks for %s, which there is not", name, metric)
			}
		}
		if len(asked) == 0 {
			t.Errorf("%s asks for nothing", name)
		}
	}
}

// When a run was a success is known after one that was not, and after one that did not
// even begin; but not of another.
func TestFileKnowsTheLastSuccess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nightly.prom")
	night := func(name string, code int, at time.Time) string {
		r := New("1")
		r.now = func() time.Time { return at }
		f, err := r.OpenFile(path, false, func(err error) { t.Error(err) })
		if err != nil {
			t.Fatal(err)
		}
		if name != "" {
			r.Begin(name, "pool", false, 10, 10)
			f.Begin()
		}
		r.End(code)
		f.End()
		out, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		return string(out)
	}
	first := time.Unix(1_700_000_000, 0)
	if got := night("", 2, first); got != "" {
		t.Errorf("got %q of a run without a name", got)
	}
	const success = `cogpass_run_last_success_timestamp_seconds{run="nightly"} 1.7e+09`
	wantLines(t, night("nightly", 0, first), success)
	wantLines(t, night("nightly", 1, first.Add(24*time.Hour)), success, `cogpass_run_exit_code{run="nightly"} 1`)
	wantLines(t, night("", 3, first.Add(48*time.Hour)), success, `cogpass_run_exit_code{run="nightly"} 3`, `cogpass_run_end_timestamp_seconds{run="nightly"} 1.7001728e+09`)
	if got := night("other", 1, first.Add(72*time.Hour)); strings.Contains(got, "last_success") {
		t.Errorf("got another run's success:\n%s", got)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("got %v, %v, want nothing beside the file", entries, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("got %v, %v, want a file that another user may read", info.Mode(), err)
	}
}

func TestFileIsRefused(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	real := write("real.prom", "# HELP cogpass_run_info x\ncogpass_run_info{run=\"x\",sandbox=\"false\"} 1\n")
	for path, want := range map[string]string{
		filepath.Join(dir, "metrics.txt"):  "end in .prom",
		write("node.prom", "node_x 1\n"):   "other metrics",
		filepath.Join(dir, "no", "x.prom"): "no such file",
		real:                               "real run",
	} {
		if _, err := New("1").OpenFile(path, true, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
	}
	if _, err := New("1").OpenFile(real, false, nil); err != nil {
		t.Error(err)
	}
}

// What a process left that was killed while it wrote the file is removed by the next;
// the file is for all to read.
func TestFileRemovesWhatIsLeft(t *testing.T) {
	dir := t.TempDir()
	path, left := filepath.Join(dir, "x.prom"), filepath.Join(dir, ".x.prom.123.tmp")
	if err := os.WriteFile(left, []byte("# HELP cogpass_"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := of().OpenFile(path, false, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	f.write()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != "x.prom" {
		t.Errorf("got %v, %v; want the file alone", entries, err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o644 {
		t.Errorf("got %v, %v; want mode 0644", info.Mode(), err)
	}
}

// Whoever connects again and again takes few descriptors from the run, and none of
// the others' answers for good.
func TestServeTakesFewConnections(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := few{listener, make(chan struct{}, 2)}
	accepted := make(chan net.Conn)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				close(accepted)
				return
			}
			accepted <- conn
		}
	}()
	var theirs []net.Conn
	for range 3 { // the third waits, connected, in the system's queue
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		theirs = append(theirs, conn)
	}
	first, second := <-accepted, <-accepted
	select {
	case <-accepted:
		t.Fatal("a third was accepted")
	default:
	}
	first.Close()
	first.Close() // once more is not one more
	third := <-accepted
	if got, want := third.RemoteAddr().String(), theirs[2].LocalAddr().String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if len(l.open) != 2 {
		t.Errorf("%d are counted as open, want 2", len(l.open))
	}
	second.Close()
	third.Close()
	listener.Close()
	<-accepted
}

func TestServe(t *testing.T) {
	url, stop, err := of().Serve("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	got, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil || !strings.Contains(string(body), `cogpass_run_tasks{run="nightly"} 10`) {
		t.Errorf("got %v, %s", err, body)
	}
	at := strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/metrics")
	if _, _, err := New("1").Serve(at); err == nil || !strings.Contains(err.Error(), "in use") && !strings.Contains(err.Error(), "Only one usage") {
		t.Errorf("got %v of a port that is taken", err)
	}
}

func TestAddress(t *testing.T) {
	for text, want := range map[string]string{
		":9464": "127.0.0.1:9464", "127.0.0.1:9464": "127.0.0.1:9464", "0.0.0.0:9464": "0.0.0.0:9464", "[::1]:1": "[::1]:1", "localhost:0": "localhost:0",
		"9464": "", "host": "", "host:": "", "http://x:1/": "",
	} {
		if got, err := Address(text); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
}
