package runner

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"cogpass/jobs"
)

// Looks that do not show a user who was made are no proof that nobody was: when the
// pool says so after all, the user is held against the first attempt, and has its
// password.
func TestMadeAndNotSeen(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer string // to the second attempt
		task   Task
		status Status
		want   string // outcome (reason), version
		sent   []Step
	}{
		{"with a password of that attempt", "", Task{Action: jobs.SetTemporary, Create: &jobs.Creation{}, Generated: true, Made: []Made{{"first", Tried}},
			Doubt: &Intent{Seq: 1, Step: Create, Attempts: 1}}, ForceChangePassword, "ok () first", []Step{Create}},
		{"with a password of either attempt", "lost-before", Task{Action: jobs.SetTemporary, Create: &jobs.Creation{}, Generated: true, Made: []Made{{"first", Tried}},
			Doubt: &Intent{Seq: 1, Step: Create, Attempts: 1}}, ForceChangePassword, "ok () second", []Step{Create, Act}},
		{"and has chosen a password since", "lost-before", Task{Action: jobs.SetPermanent, Password: jobs.NewSecret("x"), Create: &jobs.Creation{},
			Doubt: &Intent{Seq: 1, Step: Create, Attempts: 1}}, Confirmed,
			"unknown (no answer came to the creation; the user was modified since and is CONFIRMED) ", []Step{Create}},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, _ := newPool(1)
			u := p.users["u00001"]
			u.status, u.modified = tt.status, time.Now().Add(2*time.Second)
			tt.task.Doubt.Began = time.Now()
			tt.task.Seq, tt.task.Username = 1, "u00001"
			p.script["u00001/2"] = []string{tt.answer}
			p.show = func(s *Sight) { s.Found = len(p.steps) > 0 }
			opt := Options{Generate: func(Task) (string, jobs.Secret, error) { return "second", jobs.NewSecret("second"), nil }, Journal: new(journal)}
			got, err := run(t, t.Context(), p, seq([]Task{tt.task}), opt)
			if err != nil {
				t.Fatal(err)
			}
			r := got["u00001"]
			if line := fmt.Sprintf("%v (%s) %s", r.Outcome, r.Reason, r.Version); line != tt.want || !slices.Equal(p.steps, tt.sent) {
				t.Errorf("%s: got %s and the requests %v\nwant %s and %v", tt.name, line, p.steps, tt.want, tt.sent)
			}
		})
	}
}
