package runner_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

// people is a Directory that is not Cognito: entries in memory, as a program
// would keep them in LDAP. It can be looked at, too.
type people struct {
	mu      sync.Mutex
	entries map[string]*entry // by uid
	lost    bool              // whether the first answer is yet to be lost on its way
}

type entry struct {
	password   string
	mustChange bool
	changed    time.Time
}

// Do carries out one request. It does not wait, retry or log: that is the
// runner's business, which goes by the class of the error.
func (d *people) Do(_ context.Context, t runner.Task) (runner.Answer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.entries[t.Username]
	if e == nil {
		return runner.Answer{}, &runner.Error{Class: runner.UserFault, Code: "noSuchObject", Message: "no such entry"}
	}
	switch t.Action {
	case jobs.SetPermanent, jobs.SetTemporary:
		e.password, e.mustChange, e.changed = t.Password.Reveal(), t.Action == jobs.SetTemporary, time.Now()
	default:
		return runner.Answer{}, &runner.Error{Class: runner.Fatal, Code: "unwillingToPerform", Message: "this directory sets passwords only"}
	}
	if d.lost {
		d.lost = false
		return runner.Answer{}, &runner.Error{Class: runner.InDoubt, Message: "the connection broke"}
	}
	return runner.Answer{Date: time.Now()}, nil
}

// Look shows an entry, by which the runner settles what is in doubt.
func (d *people) Look(_ context.Context, username string) (runner.Sight, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.entries[username]
	if e == nil {
		return runner.Sight{}, nil
	}
	status := runner.Confirmed
	if e.mustChange {
		status = runner.ForceChangePassword
	}
	return runner.Sight{Answer: runner.Answer{Date: time.Now()}, Found: true, Username: username, Status: status, Modified: e.changed}, nil
}

// A Directory of one's own needs a method; with Look, what is in doubt can be
// settled. Here the first answer is lost, and its request is made again with the
// same password; the entry that is not there fails alone.
func ExampleDirectory() {
	dir := &people{entries: map[string]*entry{"ana": {}, "bo": {}}, lost: true}
	tasks := func(yield func(runner.Task, error) bool) {
		for i, uid := range []string{"ana", "bo", "chidi"} {
			task := runner.Task{
				Seq: int64(i + 1), Username: uid, Action: jobs.SetTemporary, Password: jobs.NewSecret("first-" + uid + "-Pw1"),
			}
			if !yield(task, nil) {
				return
			}
		}
	}
	results := map[string]runner.Result{}
	opt := runner.Options{Rate: math.Inf(1), Concurrency: 1}
	err := runner.Run(context.Background(), dir, tasks, opt, func(r runner.Result) error {
		results[r.Username] = r // in the order in which they end
		return nil
	})
	for _, uid := range slices.Sorted(maps.Keys(results)) {
		r := results[uid]
		fmt.Printf("%s is %s after %d %q\n", uid, r.Outcome, r.Attempts, r.Code)
	}
	fmt.Println(err, dir.entries["ana"].mustChange)
	// Output:
	// ana is ok after 2 ""
	// bo is ok after 1 ""
	// chidi is failed after 1 "noSuchObject"
	// <nil> true
}
