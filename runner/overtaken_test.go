package runner

import (
	"testing"
	"time"

	"cogpass/jobs"
)

// What another run has set is neither overwritten for what was in doubt before,
// nor told to a store or tried with an older password.
func TestOvertaken(t *testing.T) {
	began := time.Date(2026, 11, 26, 1, 0, 0, 0, time.UTC)
	clock := new(Clock)
	clock.Observe(began, began, began) // the server's clock is this one, within a second
	act := []StepResult{{Step: Act, Outcome: OK, FinishedAt: began}}
	doubt := func(step Step) *Intent { return &Intent{Step: step, Began: began, Slack: time.Second} }
	for name, test := range map[string]struct {
		task  Task
		after time.Duration
		skip  bool
		doubt bool
		done  int // steps beside the action that are left out
	}{
		"in doubt, and set since":           {Task{Action: jobs.SetPermanent, Doubt: doubt(Act)}, 10 * time.Second, true, false, 0},
		"in doubt, and perhaps set before":  {Task{Action: jobs.SetPermanent, Doubt: doubt(Act)}, time.Second, false, true, 0},
		"in doubt, and set before":          {Task{Action: jobs.SetPermanent, Doubt: doubt(Act)}, -time.Minute, false, true, 0},
		"made, in doubt, and set since":     {Task{Action: jobs.SetTemporary, Doubt: doubt(Create), Create: &jobs.Creation{}}, time.Minute, true, false, 0},
		"only handed over, and set since":   {Task{Action: jobs.SetPermanent, Generated: true, Doubt: doubt(Prepare)}, time.Minute, false, true, 0},
		"a reset":                           {Task{Action: jobs.Reset, Doubt: doubt(Act)}, time.Minute, false, true, 0},
		"not begun":                         {Task{Action: jobs.SetPermanent}, time.Minute, false, false, 0},
		"set, and not told nor checked":     {Task{Action: jobs.SetPermanent, Generated: true, Check: true, Done: act}, time.Minute, false, false, 2},
		"set, and its check in doubt":       {Task{Action: jobs.SetPermanent, Check: true, Done: act, Doubt: doubt(Check)}, time.Minute, false, false, 1},
		"set, and not checked, set before":  {Task{Action: jobs.SetPermanent, Check: true, Done: act}, -time.Minute, false, false, 0},
		"set, and its sign-out in doubt":    {Task{Action: jobs.SetPermanent, SignOut: jobs.SignOutIfOK, Check: true, Done: act, Doubt: doubt(SignOut)}, time.Minute, false, true, 1},
		"failed, and its sign-out in doubt": {Task{Action: jobs.SetPermanent, Check: true, Done: []StepResult{{Step: Act, Outcome: Failed}}, Doubt: doubt(SignOut)}, time.Minute, false, true, 0},
	} {
		got := test.task
		before := len(got.Done)
		got.Overtaken(began.Add(test.after), clock, "another run")
		if (got.Skip != "") != test.skip || (got.Doubt != nil) != test.doubt || len(got.Done)-before != test.done {
			t.Errorf("%s: got %+v", name, got)
		}
		for _, r := range got.Done[before:] {
			if r.Outcome != Skipped || r.Reason != "another run" {
				t.Errorf("%s: got %+v", name, r)
			}
		}
	}
}
