package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/runfile"
	"cogpass/runner/sealed"
)

// sealedRunReader may read the passwords of a sealed-run. The key was made for
// the scripts.
const (
	sealedRunKey    = "AGE-SECRET-KEY-1R5N76WUSVMY3AX9866FZ5E7NZQ2HEWSUZP2AA3YRX2U88WFV3J4Q6XUTKV"
	sealedRunReader = "age1wca2jflp2kk7rmhm6y8zj56l3qtc7d26pgpuceuruue2zxpeqpeqks8hlc"
)

// sealedRunTasks are its users, with what became of their tasks.
var sealedRunTasks = []struct {
	username, password string
	outcome            runner.Outcome
}{
	{"ana", "=Secret-1,\"a", runner.OK}, {"../Bo", "Secret-2-Pw", runner.OK}, {"chidi", "Secret-3-Pw", runner.Unknown},
	{"dara", "Secret-4-Pw", runner.Failed}, {"eve", "Secret-5-Pw", runner.Pending},
}

func cmdSealedRun(ts *testscript.TestScript, _ *scriptWorld, args []string) {
	need(ts, len(args) == 1, "sealed-run FILE")
	path := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(ts.MkAbs("key.txt"), []byte(sealedRunKey+"\n"), 0o600))
	d, err := runfile.Create(path, runfile.Plan{Name: "sealed", UserPoolID: scriptPool, Region: "us-west-2", Readers: []string{sealedRunReader}})
	ts.Check(err)
	for i, t := range sealedRunTasks {
		ts.Check(d.Add(jobs.Task{Seq: int64(i) + 1, Username: t.username, Action: jobs.SetTemporary, Password: jobs.PasswordRef{Kind: jobs.GeneratedPassword}}))
	}
	ts.Check(d.Commit(nil))
	to, err := sealed.ParseRecipients([]string{sealedRunReader})
	ts.Check(err)
	file, err := runfile.Open(path, runfile.OpenOptions{Place: ts.MkAbs("place")})
	ts.Check(err)
	file.SealWith(func(attempts []runner.Intent) ([]byte, error) {
		var passwords []runner.Handover
		for _, i := range attempts {
			passwords = append(passwords, runner.Handover{Seq: i.Seq, Username: sealedRunTasks[i.Seq-1].username, Version: i.Version, Password: i.Password})
		}
		return to.Seal(passwords...)
	})
	var attempts []runner.Intent
	var results []runner.Result
	for i, t := range sealedRunTasks {
		attempt := runner.Intent{Seq: int64(i) + 1, Attempts: 1, Began: time.Now(), StartedAt: time.Now(),
			Version: fmt.Sprintf("0198b3a2-77aa-4c11-8a44-1e29f4a3c00%d", i), Password: jobs.NewSecret(t.password)}
		attempts = append(attempts, attempt)
		r := runner.Result{Seq: attempt.Seq, Username: t.username, Action: jobs.SetTemporary, Outcome: t.outcome, Attempts: 1, FinishedAt: time.Now()}
		if t.outcome == runner.OK {
			r.Version = attempt.Version
		}
		results = append(results, r)
	}
	ts.Check(file.Begin(context.Background(), attempts))
	for _, r := range results {
		if r.Outcome != runner.Pending {
			ts.Check(file.Record(r))
		}
	}
	ts.Check(file.Flush())
	ts.Check(file.Close())
}
