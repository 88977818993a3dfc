package cognito

import (
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"sync/atomic"
	"testing"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/sandbox"
)

// Two nights at an endpoint that loses answers and fails: whatever a
// run says is done, its reader signs in with what the secret has.
func TestSecretsInARun(t *testing.T) {
	const users = 150
	var names []string
	for i := range users {
		names = append(names, fmt.Sprintf("user/%d", i))
	}
	server := newSandbox(sandbox.Config{Seed: 18}, names...)
	d := serve(t, server)
	secrets, err := d.client.Secrets(SecretsConfig{PoolID: testPool, EndpointURL: d.client.Endpoint()})
	if err != nil {
		t.Fatal(err)
	}
	server.SetFaults(sandbox.Faults{Fail: 0.03, LostAfter: 0.06, LostBefore: 0.03})
	tasks := func() iter.Seq2[runner.Task, error] {
		return func(yield func(runner.Task, error) bool) {
			for i, name := range names {
				if !yield(runner.Task{Seq: int64(i + 1), Username: name, Action: jobs.SetPermanent, Generated: true}, nil) {
					return
				}
			}
		}
	}
	var made atomic.Int64
	fast := math.Inf(1)
	opt := runner.Options{
		Rate: fast, Lanes: map[jobs.Category]float64{jobs.SecretsManager: fast, jobs.UserList: fast}, MaxDelay: 20 * time.Millisecond, Attempts: 20,
		Handoff: secrets, HandoffLane: jobs.SecretsManager,
		Generate: func(runner.Task) (string, jobs.Secret, error) {
			h := handover("", int(made.Add(1)))
			return h.Version, h.Password, nil
		},
	}
	for night := 1; night <= 2; night++ {
		ended := map[runner.Outcome]int{}
		err := runner.Run(t.Context(), d, tasks(), opt, func(r runner.Result) error {
			ended[r.Outcome]++
			if r.Outcome != runner.OK {
				return nil
			}
			var got secretValue
			if err := json.Unmarshal([]byte(server.Secret(secrets.Name(r.Username)).Value), &got); err != nil || got.Password == nil {
				return fmt.Errorf("%s: a reader gets %v (%v)", r.Username, got, err)
			}
			if err := server.SignIn(testPool, r.Username, *got.Password); err != nil {
				return fmt.Errorf("%s: signing in with what a reader gets: %w", r.Username, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if ended[runner.OK] < users*9/10 {
			t.Errorf("night %d: got %v", night, ended)
		}
	}
}
