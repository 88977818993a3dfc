package runner

import (
	"testing"
	"testing/synctest"
	"time"

	"cogpass/jobs"
)

// A sign-out follows its reset soon, whatever the rate of the resets.
func TestSignOutsFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(500)
		behind, most := 0, 0
		opt := Options{Rate: 100, Observe: func(s Stats) { most = max(most, s.Waiting) }}
		got, err := run(t, t.Context(), p, signedOut(tasks), opt)
		if err != nil {
			t.Fatal(err)
		}
		wantAll(t, got, 500, OK)
		for _, s := range p.steps {
			if behind++; s == SignOut {
				behind -= 2
			}
			if behind > maxBehind+20 {
				t.Fatalf("%d sign-outs are behind their resets", behind)
			}
		}
		if most > maxBehind+20 {
			t.Errorf("%d tasks were waiting", most)
		}
	})
}

// Where sign-outs come to nothing for a while, resets go on; all are signed out
// when the outage is over.
func TestSignOutsInAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(1000)
		start := time.Now()
		out := func() bool { d := time.Since(start); return d > 5*time.Second && d < 2*time.Minute }
		d := stepwise{p, func(task Task) error {
			if task.Step == SignOut && out() {
				return &Error{Class: Transient, Message: "connection refused"}
			}
			return nil
		}}
		resets := 0
		time.AfterFunc(time.Minute, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			for _, u := range p.users {
				resets += u.resets
			}
		})
		got, err := run(t, t.Context(), d, signedOut(tasks), Options{Rate: 10})
		if err != nil {
			t.Fatal(err)
		}
		wantAll(t, got, 1000, OK)
		if resets < 595 {
			t.Errorf("%d users were reset in the first minute, want 600", resets)
		}
		for name, u := range p.users {
			if u.resets != 1 || u.signOuts != 1 || got[name].Beside[0].Outcome != OK {
				t.Fatalf("%s was reset %d times and signed out %d times: %+v", name, u.resets, u.signOuts, got[name])
			}
		}
	})
}

// Where one lane is held, tasks of others go on that stand behind its own.
func TestLanesHoldForThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, tasks := newPool(600)
		start, late := time.Now(), 0
		d := stepwise{p, func(task Task) error {
			switch at := time.Since(start); {
			case task.Step != Create && at > time.Minute:
				late++
			case task.Step == Create && at > 5*time.Second && at < 2*time.Minute:
				return &Error{Class: Transient, Message: "connection refused"}
			}
			return nil
		}}
		got, err := run(t, t.Context(), d, func(yield func(Task, error) bool) {
			for task, err := range tasks {
				if task.Seq%2 == 0 {
					task.Action, task.Create = jobs.SetTemporary, &jobs.Creation{}
					p.users[task.Username].missing = true
				}
				if !yield(task, err) {
					return
				}
			}
		}, Options{Rate: 10, Concurrency: 1})
		if err != nil {
			t.Fatal(err)
		}
		wantAll(t, got, 600, OK)
		if late > 0 {
			t.Errorf("%d resets were late for an outage that was none of theirs", late)
		}
	})
}
