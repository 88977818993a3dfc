package bulk_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cogpass/cmd/bulk"
	"cogpass/runner"
	"cogpass/runner/sandbox"
)

// weekChild is the environment variable by which the test binary is a run that the
// test may kill. Its value is a weekRun as JSON.
const weekChild = "COGPASS_TEST_WEEK"

// A weekRun is what such a run is given, and what it leaves in Result.
type weekRun struct {
	Path, RunFile, State, URL, Result string
	Ahead                             time.Duration // of the day's clock, before the machine's

	OK, Failed int64
	Again      time.Time // when it may go on; zero: it is done
	Err        string
}

// TestWeekChild is no test, but the run.
func TestWeekChild(t *testing.T) {
	var w weekRun
	if json.Unmarshal([]byte(os.Getenv(weekChild)), &w) != nil {
		t.Skip("TestSevenDays starts it")
	}
	opt := bulk.Options{StateDir: w.State, EndpointURL: w.URL, RunFile: w.RunFile, Yes: true, Concurrency: 1,
		Now: func() time.Time { return time.Now().Add(w.Ahead) }}
	ended, err := bulk.Run(t.Context(), w.Path, opt)
	var reached *bulk.Reached
	switch {
	case errors.As(err, &reached):
		w.Again = reached.Again
	case err != nil:
		w.Err = err.Error()
	}
	if ended != nil {
		w.OK, w.Failed = ended.Counts.ByOutcome[runner.OK], ended.Counts.ByOutcome[runner.Failed]
	}
	text, err := json.Marshal(w)
	if err == nil {
		err = os.WriteFile(w.Result, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A run of seven days at 50 e-mails a day, over faults, with a kill -9 on each: nobody
// gets a second code, no day more than it has room for, and none is left out.
func TestSevenDays(t *testing.T) {
	if testing.Short() {
		t.Skip("starts 14 processes")
	}
	w := newWeek(t)
	for day := 1; day <= 7; day++ {
		w.begin(day)
		w.run(45 - 5*day) // and killed
		ended := w.run(0)
		if ended.Err != "" {
			t.Fatalf("day %d: %s", day, ended.Err)
		}
		// Who has no address that is verified fails, and takes no room.
		if sent := len(w.server.Outbox()); sent > 50*day || ended.OK != int64(sent) || ended.OK+ended.Failed < int64(min(50*day, weekUsers)) {
			t.Errorf("day %d: %d codes were sent, and %d are ok, %d failed", day, sent, ended.OK, ended.Failed)
		}
		if ended.Again.IsZero() != (day == 7) {
			t.Fatalf("day %d: to go on at %v", day, ended.Again)
		}
		w.ahead = time.Until(ended.Again) + time.Minute
	}
	for n := range weekUsers {
		want := 1
		if n%20 == 19 {
			want = 0
		}
		if got := w.server.Counts(surveyed, weekUser(n)).Resets; got != want {
			t.Errorf("%s got %d codes, want %d", weekUser(n), got, want)
		}
	}
}

const weekUsers = 328 // 312 of whom can have a code

func weekUser(n int) string { return fmt.Sprintf("u%03d", n) }

type longWeek struct {
	t      *testing.T
	server *sandbox.Server
	child  weekRun
	ahead  time.Duration
	kill   atomic.Pointer[context.CancelFunc] // of the run, by the request that is to be its last
	left   atomic.Int64                       // requests until then
}

func newWeek(t *testing.T) *longWeek {
	w := &longWeek{t: t, server: sandbox.New(sandbox.Config{DailyEmails: 50})}
	w.server.AddPool(sandbox.Pool{ID: surveyed})
	for n := range weekUsers {
		verified := "true"
		if n%20 == 19 {
			verified = "false"
		}
		w.server.AddUser(surveyed, sandbox.User{Username: weekUser(n), Status: "CONFIRMED", Enabled: true,
			Attributes: map[string]string{"email": weekUser(n) + "@example.com", "email_verified": verified}})
	}
	web := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		last := strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".AdminResetUserPassword") && w.left.Add(-1) == 0
		w.server.ServeHTTP(out, r)
		if last { // it was carried out, and nobody is told
			(*w.kill.Load())()
			panic(http.ErrAbortHandler)
		}
	}))
	t.Cleanup(web.Close)
	dir := t.TempDir()
	w.child = weekRun{State: filepath.Join(dir, "state"), RunFile: filepath.Join(dir, "week.run"), URL: web.URL, Result: filepath.Join(dir, "result"),
		Path: jobFile(t, "action: reset\nusers: [{pool: {}}]\nlimits: {messages: 50/day, rate: max}\n")}
	return w
}

// begin sets the day's clock, and what goes wrong on it.
func (w *longWeek) begin(day int) {
	w.server.SetClock(w.ahead)
	user := map[string][]string{}
	for n, fault := range []string{"lost-after", "throttle", "lost-after", "throttle*2"} {
		user[weekUser((50*(day-1)+11*n+7)%weekUsers)] = []string{fault}
	}
	w.server.SetFaults(sandbox.Faults{User: user})
}

// run goes on with the run, and kills it while its nth reset is under way; 0 is never.
func (w *longWeek) run(nth int) (ended weekRun) {
	w.t.Helper()
	ctx, kill := context.WithCancel(w.t.Context())
	defer kill()
	w.kill.Store(&kill)
	w.left.Store(int64(nth))
	given := w.child
	given.Ahead = w.ahead
	text, err := json.Marshal(given)
	if err != nil {
		w.t.Fatal(err)
	}
	os.Remove(given.Result)
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestWeekChild$") // killed as by kill -9
	cmd.Env = append(os.Environ(), weekChild+"="+string(text), "AWS_ACCESS_KEY_ID=any", "AWS_SECRET_ACCESS_KEY=any", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE="+filepath.Join(given.State, "none"), "AWS_SHARED_CREDENTIALS_FILE="+filepath.Join(given.State, "none"))
	out, err := cmd.CombinedOutput()
	if w.child.RunFile != "" {
		w.child.Path, w.child.RunFile = w.child.RunFile, ""
	}
	switch killed := ctx.Err() != nil; {
	case killed != (nth > 0):
		w.t.Fatalf("killed: %v, in the middle of reset %d\n%s", killed, nth, out)
	case killed:
		return ended
	case err != nil:
		w.t.Fatalf("%v\n%s", err, out)
	}
	if text, err = os.ReadFile(given.Result); err == nil {
		err = json.Unmarshal(text, &ended)
	}
	if err != nil {
		w.t.Fatalf("%v\n%s", err, out)
	}
	return ended
}
