package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cogpass/runner"
	"cogpass/runner/runfile"
	"cogpass/runner/sandbox"
)

const crashPool = "us-west-2_aaaaaaaaa"

var crashSeed = flag.Uint64("crash.seed", 0, "of the moments at which the program is killed; 0 is another each time")

// TestKilledAgainAndAgain kills the program at some moments of a run, goes on
// after each, and asks the server what it was told to do. In make test-long it
// does so 100 times in small runs side by side, and as often in large ones.
func TestKilledAgainAndAgain(t *testing.T) {
	type size struct{ kills, users int }
	sizes := []size{{3, 60}}
	if long() {
		sizes = []size{{5, 100}, {5, 100}, {5, 100}, {5, 100}, {20, 2000}}
	}
	for _, tt := range []struct {
		name   string
		action string
		faults sandbox.Faults
	}{
		{"reset", "reset", sandbox.Faults{}},
		{"reset, answers lost after the change", "reset", sandbox.Faults{LostAfter: 0.05}},
		{"reset, answers lost before the change", "reset", sandbox.Faults{LostBefore: 0.05}},
		{"set-permanent", "set-permanent", sandbox.Faults{}},
		{"set-permanent, answers lost", "set-permanent", sandbox.Faults{LostAfter: 0.05, LostBefore: 0.05}},
	} {
		for n, size := range sizes {
			t.Run(fmt.Sprintf("%s/%d", tt.name, n+1), func(t *testing.T) {
				t.Parallel()
				s := newCrashSite(t, size.users, tt.action, tt.faults)
				for left := size.kills; left > 0; left-- {
					s.run(s.moment(left))
				}
				s.run(0)
				s.mustBeDone(tt.action)
			})
		}
	}
}

// TestKilledBeforeTheReport goes on with a run of which nothing is left but to
// end it.
func TestKilledBeforeTheReport(t *testing.T) {
	t.Parallel()
	s := newCrashSite(t, 200, "reset", sandbox.Faults{})
	s.run(0)
	if err := os.Remove(filepath.Join(s.dir, "report.jsonl")); err != nil {
		t.Fatal(err)
	}
	file, err := runfile.Open(s.runFile(), runfile.OpenOptions{Place: s.dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(file.SetState(runfile.Running, ""), file.Close()); err != nil {
		t.Fatal(err)
	}
	s.run(0)
	s.mustBeDone("reset")
}

// crashSite is a run in a folder of its own, against a server of its own.
type crashSite struct {
	t        *testing.T
	dir      string
	users    int
	server   *sandbox.Server
	requests *arrivals
	url      string
	random   *rand.Rand
	secrets  secrets // the passwords of users
	unknowns bool    // tasks may be unknown in the end
}

func newCrashSite(t *testing.T, users int, action string, faults sandbox.Faults) *crashSite {
	s := emptyCrashSite(t, users, faults)
	var csv strings.Builder
	csv.WriteString("username,password\n")
	for i := range s.users {
		s.server.AddUser(crashPool, sandbox.User{
			Username: crashUser(i), Enabled: true, Created: time.Now().Add(-24 * time.Hour),
			Attributes: map[string]string{"email": "user@example.com", "email_verified": "true"},
		})
		fmt.Fprintf(&csv, "%s,%s\n", crashUser(i), crashPassword(i))
	}
	columns := "{username: username}"
	if action != "reset" {
		columns = "{username: username, password: password}"
	}
	s.write("users.csv", csv.String())
	s.job("action: " + action + "\nusers: [{csv: users.csv, columns: " + columns + "}]")
	return s
}

// emptyCrashSite has a pool without users, and no job.
func emptyCrashSite(t *testing.T, users int, faults sandbox.Faults) *crashSite {
	seed := *crashSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("to repeat: -crash.seed=%d", seed)
	s := &crashSite{t: t, dir: t.TempDir(), users: users, random: rand.New(rand.NewPCG(seed, 0))}
	s.server = sandbox.New(sandbox.Config{
		Latency: 5 * time.Millisecond, Jitter: 4 * time.Millisecond, Faults: faults, Seed: seed,
	})
	s.requests = &arrivals{next: s.server}
	web := httptest.NewServer(s.requests)
	t.Cleanup(web.Close)
	s.url = web.URL
	s.server.AddPool(sandbox.Pool{ID: crashPool, EmailSendingAccount: "DEVELOPER"})
	return s
}

// job writes the job, which does what the text says.
func (s *crashSite) job(text string) {
	s.write("job.yaml", "version: 1\nname: crash\nuserPoolId: "+crashPool+"\n"+text+"\nreport: [report.jsonl]\n")
}

func crashUser(i int) string     { return fmt.Sprintf("user-%04d", i) }
func crashPassword(i int) string { return fmt.Sprintf("Secret-of-%04d!", i) }

func (s *crashSite) write(name, text string) {
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// moment returns after how many requests to kill next, with that many kills
// left. Some come early, while what the last kill left in doubt is settled; the
// others are spread over what is still to be done.
func (s *crashSite) moment(left int) int {
	if s.random.IntN(4) == 0 {
		return 1 + s.random.IntN(20)
	}
	todo := 0
	for i := range s.users {
		if c := s.server.Counts(crashPool, crashUser(i)); c.Resets+c.Sets == 0 {
			todo++
		}
	}
	return 1 + s.random.IntN(max(1, 2*todo/(left+2)))
}

// run runs the program until the nth request comes, and kills it within a few
// milliseconds, if it has not come to its end by then; if n is 0, to its end.
func (s *crashSite) run(n int) {
	s.t.Helper()
	cmd := s.command()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	defer func() { s.mustHoldNoPassword(stdout.Bytes(), stderr.Bytes()) }()
	reached := s.requests.after(n)
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-reached:
		<-time.After(time.Duration(s.random.IntN(5000)) * time.Microsecond) // to die anywhere between two requests
		_ = cmd.Process.Kill()                                              // it may just have ended
		<-ended
	case err := <-ended:
		if exit := (*exec.ExitError)(nil); s.unknowns && errors.As(err, &exit) && exit.ExitCode() == exitSomeFailed {
			err = nil
		}
		if err != nil {
			s.t.Fatalf("it was to be killed at request %d (0: not at all), and failed: %v\n%s", n, err, &stderr)
		}
	case <-time.After(2 * time.Minute):
		_ = cmd.Process.Kill() // it may just have ended
		<-ended
		s.t.Fatalf("it did not get as far as request %d (0: to its end) in 2 minutes\n%s", n, &stderr)
	}
}

// command goes on with the run, or begins it where there is none.
func (s *crashSite) command() *exec.Cmd {
	args := []string{"run", "--yes", "--quiet", "--rate", "max", "--concurrency", "16", "--endpoint-url", s.url}
	if file := s.runFile(); runfile.Is(file) {
		args = append(args, file)
	} else {
		args = append(args, "--run-file", file, filepath.Join(s.dir, "job.yaml"))
	}
	path, err := program()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), "GORACE="+noExitWait, "XDG_STATE_HOME="+s.dir, "AWS_CONFIG_FILE="+filepath.Join(s.dir, "none"),
		"AWS_ENDPOINT_URL_SECRETS_MANAGER="+s.url, "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=example", "AWS_EC2_METADATA_DISABLED=true")
	return cmd
}

func (s *crashSite) runFile() string { return filepath.Join(s.dir, "crash.run") }

// mustHoldNoPassword fails if a password of the list is in what the program has
// printed, or in any file that it has left behind.
func (s *crashSite) mustHoldNoPassword(printed ...[]byte) {
	s.t.Helper()
	if s.secrets == nil {
		var passwords []string
		for i := range s.users {
			passwords = append(passwords, crashPassword(i))
		}
		s.secrets = newSecrets(passwords)
	}
	for _, text := range printed {
		if form := s.secrets.in(text); form != "" {
			s.t.Errorf("it has printed %q", form)
		}
	}
	if path, form, err := s.secrets.inFiles(s.dir, "users.csv"); err != nil || form != "" {
		s.t.Errorf("%s holds %q (%v)", path, form, err)
	}
}

// mustBeDone fails unless each user was served exactly once, and the run file
// and the report say so.
func (s *crashSite) mustBeDone(action string) {
	for i := range s.users {
		name := crashUser(i)
		count := s.server.Counts(crashPool, name)
		if action == "reset" && count.Resets != 1 {
			s.t.Errorf("%s was reset %d times, want once", name, count.Resets)
		}
		if action != "reset" {
			if err := s.server.SignIn(crashPool, name, crashPassword(i)); err != nil {
				s.t.Errorf("%s cannot sign in with the password of the CSV: %v", name, err)
			}
		}
	}
	s.mustBeReported(s.users, 0)
}

// mustBeReported fails unless the run is done and reported, with so many tasks
// that are ok and so many that were skipped.
func (s *crashSite) mustBeReported(ok, skipped int) {
	file, err := runfile.OpenReadOnly(s.runFile(), runfile.OpenOptions{Place: s.dir})
	if err != nil {
		s.t.Fatal(err)
	}
	defer file.Close()
	if info, err := file.Info(); err != nil || info.State != runfile.Done {
		s.t.Errorf("the run is %v (%v), want done", info.State, err)
	}
	report, err := os.ReadFile(filepath.Join(s.dir, "report.jsonl"))
	if n := bytes.Count(report, []byte("\n")); err != nil || n != ok+skipped {
		s.t.Errorf("the report has %d lines (%v), want %d", n, err, ok+skipped)
	}
	results := map[runner.Outcome]int{}
	for r, err := range file.Results() {
		if err != nil {
			s.t.Fatal(err)
		}
		results[r.Outcome]++
		if r.Outcome != runner.OK && r.Outcome != runner.Skipped {
			s.t.Errorf("%s is %v (%s), want ok", r.Username, r.Outcome, r.Reason)
		}
		for _, step := range r.Beside {
			if step.Outcome != runner.OK {
				s.t.Errorf("%s: step %d is %v (%s), want ok", r.Username, step.Step, step.Outcome, step.Reason)
			}
		}
	}
	if results[runner.OK] != ok || results[runner.Skipped] != skipped {
		s.t.Errorf("got results %v, want %d ok and %d skipped", results, ok, skipped)
	}
}

// arrivals counts the requests on their way to a server.
type arrivals struct {
	next http.Handler

	mu      sync.Mutex
	left    int
	reached chan struct{}
}

// after returns a channel that is closed when the nth request from now comes;
// never if n is 0.
func (a *arrivals) after(n int) <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.left, a.reached = n, make(chan struct{})
	return a.reached
}

func (a *arrivals) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	if a.left--; a.left == 0 {
		close(a.reached)
	}
	a.mu.Unlock()
	a.next.ServeHTTP(w, r)
}
