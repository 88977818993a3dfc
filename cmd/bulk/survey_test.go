package bulk_test

import (
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cogpass/cmd/bulk"
	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/sandbox"
)

const surveyed = "us-west-2_aaaaaaaaa"

// serve runs a sandbox, and returns options of a run that acts on it.
func serve(t *testing.T, s *sandbox.Server) bulk.Options {
	t.Helper()
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": filepath.Join(t.TempDir(), "none"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(t.TempDir(), "none"),
	} {
		t.Setenv(name, value)
	}
	return bulk.Options{StateDir: t.TempDir(), EndpointURL: web.URL, Yes: true}
}

// jobFile writes a job for the pool.
func jobFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "job.yaml")
	text = "version: 1\nname: survey\nuserPoolId: " + surveyed + "\n" + text
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// In a pool that ignores case a user is found by any of the ways to write the
// name, though the pool's own search tells them apart; and by no more than one
// entry of the job.
func TestLookIgnoresCaseAsThePoolDoes(t *testing.T) {
	s := sandbox.New(sandbox.Config{})
	s.AddPool(sandbox.Pool{ID: surveyed, CaseInsensitive: true, EmailSendingAccount: "DEVELOPER"})
	s.Invent(surveyed, 200) // so that a look is fewer requests than a sweep
	s.AddUser(surveyed, sandbox.User{Username: "ana", Enabled: true, Attributes: map[string]string{"email": "ana@example.com", "email_verified": "true"}})
	opt := serve(t, s)
	ended, err := bulk.Run(t.Context(), jobFile(t, "action: reset\nwhere: {enabled: true}\nusers: [Ana]\n"), opt)
	if err != nil || ended.SomeFailed() {
		t.Fatalf("got %+v, %v", ended, err)
	}
	if got := s.Counts(surveyed, "ana").Resets; got != 1 {
		t.Errorf("got %d resets, want 1", got)
	}
	if _, err := bulk.Run(t.Context(), jobFile(t, "action: reset\nusers: [ana, Ana]\n"), opt); err == nil {
		t.Error("one person under two names: got no error")
	}
	if got := s.Counts(surveyed, "ana").Resets; got != 1 {
		t.Errorf("got %d resets after a job that is wrong, want 1", got)
	}
}

// One person under two names is told with both places, whatever else the job
// names after that, and whoever the pool adds.
func TestSamePersonIsNamedWithBothPlaces(t *testing.T) {
	s := sandbox.New(sandbox.Config{})
	s.AddPool(sandbox.Pool{ID: surveyed, AliasAttributes: []string{"email"}, EmailSendingAccount: "DEVELOPER"})
	for _, name := range []string{"ana", "bo"} {
		s.AddUser(surveyed, sandbox.User{Username: name, Enabled: true, Attributes: map[string]string{"email": name + "@example.com", "email_verified": "true"}})
	}
	opt := serve(t, s)
	for _, users := range []string{
		"[ana, ana@example.com]",
		"[ana, ana@example.com, bo]",
		"[ana, ana@example.com, bo, bo@example.com, none]",
		"[ana, ana@example.com, {pool: {}}]",
	} {
		_, err := bulk.Run(t.Context(), jobFile(t, "action: reset\nonImpossible: skip\nusers: "+users+"\n"), opt)
		var faults *jobs.Faults
		if !errors.As(err, &faults) || !strings.Contains(err.Error(), "job.yaml:6:14: ") || !strings.Contains(err.Error(), "job.yaml:6:9") {
			t.Errorf("users: %s: got %v, want the fault and both places", users, err)
		}
		if want := strings.Count(users, "@"); faults != nil && faults.Len() != want {
			t.Errorf("users: %s: got %d faults, want %d", users, faults.Len(), want)
		}
	}
	if got := s.Counts(surveyed, "ana").Resets; got != 0 {
		t.Errorf("got %d resets, want 0", got)
	}
}

// widest is a screen that keeps how far the run was at most, and at its end.
type widest struct {
	most, done, tasks int64
}

func (w *widest) Say(bulk.Message) {}
func (w *widest) Show(p bulk.Progress) {
	if !p.Listing {
		w.most, w.done, w.tasks = max(w.most, p.Done), p.Done, p.Tasks
	}
}

// Of a run that does failed steps again, no more is done than there is to do.
func TestProgressOfStepsDoneAgain(t *testing.T) {
	s := sandbox.New(sandbox.Config{})
	s.AddPool(sandbox.Pool{ID: surveyed, EmailSendingAccount: "DEVELOPER"})
	for _, name := range []string{"ana", "bo", "chidi"} {
		s.AddUser(surveyed, sandbox.User{Username: name, Enabled: true, Attributes: map[string]string{"email": name + "@example.com", "email_verified": "true"}})
	}
	s.SetFaults(sandbox.Faults{User: map[string][]string{"AdminUserGlobalSignOut/ana": {"NotAuthorizedException"}, "AdminUserGlobalSignOut/bo": {"NotAuthorizedException"}}})
	screen := new(widest)
	opt := serve(t, s)
	opt.Screen = screen
	ended, err := bulk.Run(t.Context(), jobFile(t, "action: reset\nsignOut: true\nusers: [ana, bo, chidi]\n"), opt)
	if err != nil || ended.Counts.Beside != 2 {
		t.Fatalf("got %+v, %v; want two failed steps", ended, err)
	}
	*screen = widest{}
	opt.RetryFailed = true
	if ended, err = bulk.Run(t.Context(), ended.RunFile, opt); err != nil || ended.SomeFailed() {
		t.Fatalf("again: got %+v, %v", ended, err)
	}
	if *screen != (widest{3, 3, 3}) {
		t.Errorf("got %+v, want 3 of 3 at the end and at most", *screen)
	}
}

// listings is a screen that keeps the last that it was shown of a listing.
type listings struct{ last bulk.Progress }

func (l *listings) Say(bulk.Message) {}
func (l *listings) Show(p bulk.Progress) {
	if p.Listing {
		l.last = p
	}
}

// A listing of some of the pool's users ends with all that it is about.
func TestListingOfSomeEndsFull(t *testing.T) {
	s := sandbox.New(sandbox.Config{})
	s.AddPool(sandbox.Pool{ID: surveyed, EmailSendingAccount: "DEVELOPER"})
	s.Invent(surveyed, 200)
	screen := new(listings)
	opt := serve(t, s)
	opt.Screen = screen
	plan, err := bulk.DryRun(t.Context(), jobFile(t, "action: sign-out\nusers: [{pool: {status: [CONFIRMED]}}]\n"), opt)
	if err != nil {
		t.Fatal(err)
	}
	defer plan.Close()
	if got := screen.last; !got.Over || got.Done == 0 || got.Done == 200 || got.Tasks != got.Done {
		t.Errorf("got %d of %d listed, want all of those that are confirmed", got.Done, got.Tasks)
	}
}

// What is left is told by how tasks end, of which one may be several requests.
func TestTimeLeftIsThatOfTasks(t *testing.T) {
	p := bulk.Progress{Tasks: 300, Before: 100, Done: 200, Began: time.Now().Add(-time.Minute), Sending: runner.Stats{Sent: 1000, Rate: 30}}
	if left, known := p.Left(); !known || left.Round(time.Second) != time.Minute {
		t.Errorf("got %v, %v; want a minute, as the hundred before took", left, known)
	}
}

// Throttled pages are asked for again, however often: retry.attempts is for what
// fails.
func TestThrottledListing(t *testing.T) {
	s := sandbox.New(sandbox.Config{Faults: sandbox.Faults{User: map[string][]string{"ListUsers": {"throttle*20"}}}})
	s.AddPool(sandbox.Pool{ID: surveyed, EmailSendingAccount: "DEVELOPER"})
	s.Invent(surveyed, 70)
	plan, err := bulk.DryRun(t.Context(), jobFile(t, "action: sign-out\nusers: [{pool: {}}]\nlimits: {rates: {UserList: max}}\nretry: {attempts: 2, maxDelay: 2ms}\n"), serve(t, s))
	if err != nil || plan.Tally.Tasks != 70 {
		t.Fatalf("got %+v, %v, want 70 tasks", plan, err)
	}
	if err := plan.Close(); err != nil {
		t.Error(err)
	}
}
