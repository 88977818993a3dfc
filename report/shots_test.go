package report

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

var shots = flag.String("shots", "", "a folder for pictures of the HTML report")

// incident is a night like many: a few kinds of failures, a quota that others
// use too for some minutes, and a pause.
func incident() (Run, []runner.Result) {
	start := time.Date(2026, 1, 14, 9, 3, 12, 0, time.UTC)
	random := rand.New(rand.NewPCG(1, 2))
	run := Run{
		Name: "inc-42-reset", UserPoolID: "us-west-2_aaaaaaaaa", PoolName: "Customers", Region: "us-west-2", Account: "111122223333",
		Actor:     "arn:aws:sts::111122223333:assumed-role/incident-response/ana",
		JobDigest: "hmac-sha256:5f0c3b1de2a94c7788f1", PlanDigest: "sha256:90d1fe27c3f84e6ab0c55d", ToolVersion: "cogpass 0.3.0",
		CreatedAt: start.Add(-40 * time.Second), StartedAt: start, State: "done", AskedRate: 10, Tasks: 4200, File: "inc-42-reset-20260114T090232Z.run",
	}
	at := 0.0
	var results []runner.Result
	throttled := map[int]int64{}
	for i := range int(run.Tasks) {
		minute := at / 60
		rate := 10.0
		if minute > 2 && minute < 3.4 {
			rate = 4 + 2*math.Sin(minute*9)
		}
		at += 1 / rate
		begun := start.Add(time.Duration(at * float64(time.Second)))
		latency := time.Duration(70+40*random.ExpFloat64()) * time.Millisecond
		r := runner.Result{
			Seq: int64(i + 1), Username: fmt.Sprintf("%s.%s@example.com", firstNames[random.IntN(len(firstNames))], lastNames[random.IntN(len(lastNames))]),
			Action: jobs.Reset, Outcome: runner.OK, Attempts: 1, RequestID: fmt.Sprintf("%08x-5b1e-4c0d-9f3a-%012x", random.Uint32(), random.Uint64()>>16),
			StartedAt: begun, FinishedAt: begun.Add(latency), Latency: latency, StatusBefore: runner.Confirmed, Source: fmt.Sprintf("affected.csv:%d", i+2),
			Beside: []runner.StepResult{{Step: runner.SignOut, Outcome: runner.OK}},
		}
		switch n := random.IntN(1000); {
		case n < 14:
			r.Outcome, r.Code, r.Reason = runner.Failed, "InvalidParameterException", "Cannot reset password for the user as there is no registered/verified email or phone_number"
		case n < 20:
			r.Outcome, r.Code, r.Reason = runner.Failed, "UserNotFoundException", "User does not exist."
		case n < 22 && i > 2000:
			r.Outcome, r.RequestID, r.Reason = runner.Unknown, "", "no answer came, and the user has changed since"
		case i%140 == 0:
			r = runner.Result{Seq: r.Seq, Username: r.Username, Action: r.Action, Outcome: runner.Skipped, Reason: "excluded by the job", Source: r.Source}
		}
		if r.Outcome == runner.Failed || r.Outcome == runner.Unknown {
			r.Beside = nil
		}
		if rate < 10 && random.IntN(3) == 0 && r.Attempts > 0 {
			r.Attempts, r.Throttled = 2, 1
			throttled[int(at)]++
		}
		results = append(results, r)
	}
	run.FinishedAt = start.Add(time.Duration(at*1000+100) * time.Millisecond)
	for second := range int(at) + 1 {
		s := Sample{At: start.Add(time.Duration(second) * time.Second), Span: time.Second, Asked: 10, Rate: 10, Requests: 10, Throttled: throttled[second]}
		if minute := float64(second) / 60; minute > 2 && minute < 3.4 {
			s.Rate = 4 + 2*math.Sin(minute*9)
			s.Requests = int64(s.Rate) + s.Throttled
		}
		run.Samples = append(run.Samples, s)
	}
	return run, results
}

var (
	firstNames = strings.Fields("ana diego kim lee mira noor olu priya rosa sam tariq uma wei yara zoe")
	lastNames  = strings.Fields("abara berg costa diaz eriksen fischer garcia haddad ito jensen kaya lopez moreau novak okafor petrov")
)

// TestScreenshots makes the pictures of the documentation.
func TestScreenshots(t *testing.T) {
	if *shots == "" {
		t.Skip("pictures are made with -shots FOLDER")
	}
	run, results := incident()
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, render(t, HTML, run, sequence(results)), 0o600); err != nil {
		t.Fatal(err)
	}
	b := openBrowser(t)
	for width, height := range map[int]int{1280: 2000, 390: 2600} { // the beginning of the table, too
		for _, scheme := range []string{"light", "dark"} {
			b.look(path, width, scheme)
			b.shoot(filepath.Join(*shots, fmt.Sprintf("report-%s-%d.png", scheme, width)), width, height)
		}
	}
}
