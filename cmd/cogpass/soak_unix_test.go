//go:build unix

package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"cogpass/runner"
	"cogpass/runner/hostile"
	"cogpass/runner/runfile"
	"cogpass/runner/sandbox"
)

var soakTasks = flag.Int("soak", 0, "how many tasks of all actions to carry out, 50 of a quota a second, at an endpoint with all faults, with a kill for each thirtieth")

// soakDeeds are the tasks of a soak, in turn: what a line of the list says beside
// the username, the state of the user before, and what is to be true afterwards,
// where the task is ok or may be.
var soakDeeds = []struct {
	line, before string
	disabled     bool
	judge        func(ok bool, c sandbox.Counts, u sandbox.User) bool
}{
	{`"action":"set-temporary"`, "CONFIRMED", false, func(ok bool, c sandbox.Counts, u sandbox.User) bool {
		return !ok || u.Status == "FORCE_CHANGE_PASSWORD"
	}},
	{`"action":"set-permanent"`, "FORCE_CHANGE_PASSWORD", false, func(ok bool, c sandbox.Counts, u sandbox.User) bool { return !ok || u.Status == "CONFIRMED" }},
	{`"action":"reset"`, "CONFIRMED", false, once},
	{`"action":"reset","signOut":true`, "CONFIRMED", false, once},
	{`"action":"sign-out"`, "CONFIRMED", false, func(ok bool, c sandbox.Counts, u sandbox.User) bool { return !ok || c.SignOuts > 0 }},
	{`"action":"disable"`, "CONFIRMED", false, func(ok bool, c sandbox.Counts, u sandbox.User) bool { return !ok || !u.Enabled }},
	{`"action":"enable"`, "CONFIRMED", true, func(ok bool, c sandbox.Counts, u sandbox.User) bool { return !ok || u.Enabled }},
	{`"action":"reinvite"`, "FORCE_CHANGE_PASSWORD", false, func(ok bool, c sandbox.Counts, u sandbox.User) bool {
		return c.Invitations <= 1 && (!ok || c.Invitations == 1)
	}},
	{`"action":"set-permanent","ifMissing":"create"`, "", false, func(ok bool, c sandbox.Counts, u sandbox.User) bool {
		return c.Creations <= 1 && c.Invitations == 0 && (!ok || c.Creations == 1)
	}},
}

func once(ok bool, c sandbox.Counts, _ sandbox.User) bool {
	return c.Resets <= 1 && (!ok || c.Resets == 1)
}

// soakWays are the ways of a misbehaving endpoint that a run outlives.
var soakWays = []hostile.Way{
	hostile.CloseUnread, hostile.CloseRead, hostile.CloseDone, hostile.CutHeaders, hostile.CutBody, hostile.Hang, hostile.Trickle,
	hostile.Done500, hostile.Done502, hostile.Done503, hostile.Done504, hostile.Done408, hostile.Done429,
	hostile.OKHTML, hostile.OKEmpty, hostile.OKHalf, hostile.OKLength, hostile.OKLarge, hostile.LargeHeaders, hostile.Large400,
	hostile.HeaderType, hostile.Bare429, hostile.Cut400, hostile.Stall400, hostile.CutBare400, hostile.Unsolicited, hostile.DateAhead, hostile.DateBehind,
}

// TestSoak carries out tasks of all actions, with passwords that are handed over,
// while the endpoint misbehaves in all ways and the program is killed again and
// again. At the end the counts of the run are those of the pool, and nothing that
// a life of the program holds has grown.
func TestSoak(t *testing.T) {
	tasks := *soakTasks
	if tasks == 0 && long() {
		tasks = 3000
	}
	if tasks == 0 {
		t.Skip("-soak=N carries out N tasks")
	}
	s := newSoak(t, tasks)
	s.plan()
	between := max(tasks/30, 500)
	brief := s.live(between/4, syscall.SIGABRT)
	for s.seen.Load() < int64(tasks/2) {
		s.live(between, syscall.SIGKILL)
	}
	lasting := s.live(tasks/2, syscall.SIGABRT)
	s.live(0, 0)
	s.mustNotGrow(brief, lasting)
	s.mustAgree()
}

// soak is a crash site whose requests are counted in all.
type soak struct {
	*crashSite
	seen  atomic.Int64
	lives int
}

// newSoak fills a pool and writes a job.
func newSoak(t *testing.T, tasks int) *soak {
	s := &soak{crashSite: emptyCrashSite(t, tasks, sandbox.Faults{Throttle: 0.002, Fail: 0.01, LostAfter: 0.01, LostBefore: 0.01})}
	endpoint := &hostile.Endpoint{Handler: s.server, Pace: 50 * time.Millisecond}
	s.requests.next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.seen.Add(1)
		endpoint.ServeHTTP(w, r)
	})
	var list strings.Builder
	for i := range tasks {
		deed := &soakDeeds[i%len(soakDeeds)]
		fmt.Fprintf(&list, "{\"username\":%q,%s}\n", crashUser(i), deed.line)
		if deed.before == "" {
			continue
		}
		s.server.AddUser(crashPool, sandbox.User{Username: crashUser(i), Enabled: !deed.disabled, Status: deed.before, Created: time.Now().Add(-24 * time.Hour),
			Attributes: map[string]string{"email": "user@example.com", "email_verified": "true"}})
	}
	for i, way := range soakWays { // each at one user of each deed
		for n := range len(soakDeeds) {
			if user := (31*i+7)*len(soakDeeds) + n; user < tasks {
				endpoint.Add(hostile.Rule{User: crashUser(user), Way: way, Times: 1})
			}
		}
	}
	s.write("users.jsonl", list.String())
	s.job(`password: {generate: {}}
handoff: {age: [` + sealedRunReader + `]}
users: [{jsonl: users.jsonl}]
limits: {rate: 50/s, concurrency: 16, rates: {UserUpdate: 50/s, UserCreation: 50/s, UserList: 1000/s}}
retry: {timeout: 2s, attempts: 20, maxDelay: 2s}`)
	return s
}

// plan makes the run file.
func (s *soak) plan() {
	s.t.Helper()
	cmd := s.command()
	cmd.Args = []string{cmd.Args[0], "plan", "--endpoint-url", s.url, "--out", s.runFile(), filepath.Join(s.dir, "job.yaml")}
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("%v\n%s", err, out)
	}
}

// life is what a process was seen to hold, as it went on.
type life struct {
	resident, files []int64 // bytes, and descriptors
	goroutines      int     // at its end, where it has told
}

// live goes on with the run until n more requests have come, and ends it then by a
// signal; or lets it come to its end where n is 0.
func (s *soak) live(n int, by syscall.Signal) (seen life) {
	s.t.Helper()
	s.lives++
	cmd := s.command()
	cmd.Args = slices.DeleteFunc(cmd.Args, func(arg string) bool { return arg == "--rate" || arg == "max" }) // the job's
	cmd.Env = append(cmd.Env, "GOTRACEBACK=all")
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.Discard, &stderr
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	const looks = 16
	for look := 0; n == 0 || look < looks; look++ {
		step := n / looks
		if n == 0 {
			step = s.users / 100
		}
		select {
		case <-s.requests.after(max(step, 1)):
			seen.look(cmd.Process.Pid)
			continue
		case err := <-ended:
			exit := (*exec.ExitError)(nil)
			if n > 0 || err != nil && !(errors.As(err, &exit) && exit.ExitCode() == exitSomeFailed) {
				s.t.Fatalf("life %d came to an end (wanted: after %d requests): %v\n%s", s.lives, n, err, &stderr)
			}
			return seen
		}
	}
	if err := cmd.Process.Signal(by); err != nil {
		s.t.Error(err)
	}
	<-ended
	if seen.goroutines = strings.Count(stderr.String(), "\ngoroutine "); by == syscall.SIGABRT && seen.goroutines == 0 {
		s.t.Errorf("life %d has not told its goroutines:\n%s", s.lives, &stderr)
	}
	return seen
}

// look takes down what a process holds, where the system tells that.
func (l *life) look(pid int) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "VmRSS:" {
			kib, _ := strconv.ParseInt(fields[1], 10, 64)
			l.resident = append(l.resident, kib<<10)
		}
	}
	if files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid)); err == nil {
		l.files = append(l.files, int64(len(files)))
	}
}

// mustNotGrow compares a brief life's end, and the first half of a lasting one,
// with what that came to.
func (s *soak) mustNotGrow(brief, lasting life) {
	s.t.Logf("goroutines %d, and %d after a long life; resident %v; descriptors %v", brief.goroutines, lasting.goroutines, lasting.resident, lasting.files)
	if lasting.goroutines > brief.goroutines+20 {
		s.t.Errorf("%d goroutines became %d", brief.goroutines, lasting.goroutines)
	}
	for _, grown := range []struct {
		what  string
		seen  []int64
		slack int64
	}{{"bytes resident", lasting.resident, 24 << 20}, {"descriptors", lasting.files, 20}} {
		if half := len(grown.seen) / 2; half > 0 {
			if early, late := slices.Max(grown.seen[:half]), slices.Max(grown.seen[half:]); late > early+grown.slack {
				s.t.Errorf("%d %s became %d", early, grown.what, late)
			}
		}
	}
}

// mustAgree holds each result against the pool, and each sealed password too.
func (s *soak) mustAgree() {
	file, err := runfile.OpenReadOnly(s.runFile(), runfile.OpenOptions{Place: s.dir})
	if err != nil {
		s.t.Fatal(err)
	}
	defer file.Close()
	if info, err := file.Info(); err != nil || info.State != runfile.Done {
		s.t.Errorf("the run is %v (%v), want done", info.State, err)
	}
	outcomes := map[string]int{}
	unknown := map[string]bool{}
	for r, err := range file.Results() {
		if err != nil {
			s.t.Fatal(err)
		}
		outcomes[fmt.Sprint(r.Action, " ", r.Outcome)]++
		deed := &soakDeeds[(r.Seq-1)%int64(len(soakDeeds))]
		user, _ := s.server.User(crashPool, r.Username)
		counts := s.server.Counts(crashPool, r.Username)
		if !deed.judge(r.Outcome == runner.OK, counts, user) {
			s.t.Errorf("%s, %s: %v, and the pool says %+v, %s, enabled %v", r.Username, deed.line, r.Outcome, counts, user.Status, user.Enabled)
		}
		switch r.Outcome {
		case runner.Unknown:
			unknown[r.Username] = true
		case runner.OK:
		default:
			s.t.Errorf("%s, %s: %v, %s %s", r.Username, deed.line, r.Outcome, r.Code, r.Reason)
		}
	}
	sent := map[string]int{}
	for _, m := range s.server.Outbox() {
		if sent[m.Username]++; sent[m.Username] > 1 {
			s.t.Errorf("%s was sent a second message", m.Username)
		}
	}
	found := s.readSealed()
	for i := range s.users {
		name, deed := crashUser(i), &soakDeeds[i%len(soakDeeds)]
		if !strings.Contains(deed.line, `"set-`) || unknown[name] && len(found[name]) == 0 {
			continue
		}
		if !slices.ContainsFunc(found[name], func(password string) bool {
			err := s.server.SignIn(crashPool, name, password)
			return err == nil || errors.Is(err, sandbox.ErrNewPasswordRequired)
		}) {
			s.t.Errorf("%s, %s: cannot sign in with any of %d passwords", name, deed.line, len(found[name]))
		}
	}
	s.t.Logf("%d lives, %d requests", s.lives, s.seen.Load())
	for _, kind := range slices.Sorted(maps.Keys(outcomes)) {
		s.t.Logf("%s: %d", kind, outcomes[kind])
	}
}
