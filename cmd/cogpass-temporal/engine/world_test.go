package engine

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"cogpass/cmd/bulk"
	"cogpass/cmd/cogpass-temporal/depot"
	"cogpass/runner/sandbox"
	"cogpass/runner/sealed"
)

const poolID = "us-west-2_aaaaaaaaa"

// A world is a pool, a bucket, and what workers need.
type world struct {
	*testing.T
	pool    *sandbox.Server
	opt     bulk.Options
	depot   *depot.Depot
	folder  string // of the depot
	workers *Workers
	beats   *server
}

// server is what the engine's server does with heartbeats.
type server struct {
	mu      sync.Mutex
	claims  int
	details []byte            // the last that were taken
	refuse  func(n int) error // of the n-th claim
	cancel  func(n int) bool  // the attempt of the n-th
	forget  bool              // it keeps no claims
}

func (s *server) Claim(ctx context.Context, _, details []byte) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.claims++
	if s.refuse != nil {
		if err := s.refuse(s.claims); err != nil {
			return false, err
		}
	}
	s.details = details
	if !s.forget {
		activity.RecordHeartbeat(ctx, details) // for the next attempt
	}
	return s.cancel != nil && s.cancel(s.claims), nil
}

func TestMain(m *testing.M) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		os.Setenv(name, value)
	}
	os.Exit(m.Run())
}

func newWorld(t *testing.T, users int) *world {
	t.Helper()
	t.Parallel()
	w := &world{T: t, pool: sandbox.New(sandbox.Config{}), folder: t.TempDir(), beats: &server{}}
	w.pool.AddPool(sandbox.Pool{ID: poolID, EmailSendingAccount: "DEVELOPER"})
	for n := range users {
		name := username(n)
		w.pool.AddUser(poolID, sandbox.User{Username: name, Enabled: true, Status: "CONFIRMED", Attributes: map[string]string{"email": name + "@example.com", "email_verified": "true"}})
	}
	web := httptest.NewServer(w.pool)
	t.Cleanup(web.Close)
	w.opt = bulk.Options{StateDir: t.TempDir(), EndpointURL: web.URL, Yes: true}
	var err error
	if w.depot, err = depot.Open(t.Context(), "file://"+filepath.ToSlash(w.folder)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.depot.Close() })
	w.workers = &Workers{Depot: w.depot, Dir: t.TempDir(), Options: bulk.Options{EndpointURL: web.URL}, Claimer: w.beats}
	t.Cleanup(func() { w.workers.Close() })
	return w
}

func username(n int) string { return fmt.Sprintf("private-name-%04d", n) }

// stow plans a job and puts it into the depot.
func (w *world) stow(job string, workers *sealed.Recipients) (run Run) {
	w.Helper()
	path := filepath.Join(w.TempDir(), "job.yaml")
	text := "version: 1\nname: spread\nuserPoolId: " + poolID + "\n" + job
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
	opt := w.opt
	opt.RunFile = filepath.Join(w.TempDir(), "plan.run")
	err := bulk.Prepare(w.Context(), path, opt, func(ctx context.Context, p *bulk.Prepared) (err error) {
		run, err = Stow(ctx, w.depot, p, workers)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return run
}

// everyone is a list of users for a job.
func everyone(n int) string {
	var names []string
	for i := range n {
		names = append(names, username(i))
	}
	return "users: [" + strings.Join(names, ", ") + "]\n"
}

// environment is a workflow's, with the world's workers.
func (w *world) environment() *testsuite.TestWorkflowEnvironment {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute) // of an activity, by the machine's clock
	env.SetWorkerOptions(patient)
	env.RegisterWorkflow(RunWorkflow)
	env.RegisterActivity(w.workers)
	env.OnActivity(w.workers.TellLane, mock.Anything, mock.Anything, mock.Anything).Return(func(_ context.Context, _ string, word LaneWord) error {
		if word.Say == "join" { // and there is nobody else
			env.SignalWorkflow(ShareSignal, Share{Run: word.Run, Share: 1, Rate: word.Rate})
		}
		return nil
	})
	return env
}

// attempt has one attempt made at the first batch.
func (w *world) attempt(run Run) error {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(w.workers)
	r := running{Run: run}
	_, err := env.ExecuteActivity(w.workers.RunBatch, Batch{
		Run: run.ID, Plan: run.Plan, Endpoint: run.Endpoint, First: 1, Last: r.size(0), Try: 1, Share: 1, Concurrency: run.Concurrency,
	})
	return err
}

// collect returns the run as a run file has it.
func (w *world) collect(run Run) *bulk.Recorded {
	w.Helper()
	path := filepath.Join(w.TempDir(), "collected.run")
	if err := Collect(w.Context(), w.depot, run.ID, path, w.TempDir()); err != nil {
		w.Fatal(err)
	}
	r, err := bulk.Read(path)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { r.Close() })
	return r
}

// patient are the options of a worker on a machine that is busy with other tests.
var patient = worker.Options{DeadlockDetectionTimeout: time.Minute}

// quiet is a logger that says nothing.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
