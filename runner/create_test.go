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
		{"and has chosen a password since, and all steps were in doubt", "", Task{Action: jobs.SetPermanent, Password: jobs.NewSecret("x"), Create: &jobs.Creation{},
			Doubt: &Intent{Seq: 1, Step: Act, Attempts: 1}}, Confirmed,
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

// A look at a user who may have been made tells whether the password may be theirs, and
// two tell that nobody was made. An invitation counts as a message.
func TestSeenMade(t *testing.T) {
	untimed := func(s *Sight) { s.Modified = time.Time{} }
	for _, tt := range []struct {
		name   string
		action jobs.Action
		answer string
		show   func(*Sight)
		want   Outcome
		sent   []Step
		looks  int
	}{
		{"made", jobs.SetTemporary, "lost-after", nil, OK, []Step{Create}, 1},
		{"with the password, and without a time", jobs.SetTemporary, "lost-after", untimed, Unknown, []Step{Create}, 1},
		{"without the password, and without a time", jobs.SetPermanent, "lost-after", untimed, OK, []Step{Create, Act}, 1},
		{"without a time, and signed in since", jobs.SetPermanent, "lost-after", func(s *Sight) { s.Status = Confirmed; untimed(s) }, Unknown, []Step{Create}, 1},
		{"nobody", jobs.SetTemporary, "lost-before", nil, OK, []Step{Create, Create}, 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, _ := newPool(1)
			p.users["u00001"].missing = true
			p.script["u00001/2"], p.show = []string{tt.answer}, tt.show
			messages := 0
			task := Task{Seq: 1, Username: "u00001", Action: tt.action, Password: jobs.NewSecret("x"), Create: &jobs.Creation{Invite: jobs.InviteByEmail}}
			got, err := run(t, t.Context(), p, seq([]Task{task}), Options{Budget: func(Task) error { messages++; return nil }, Unspent: func(Task) { messages-- }})
			if err != nil {
				t.Fatal(err)
			}
			r := got["u00001"]
			if r.Outcome != tt.want || !slices.Equal(p.steps, tt.sent) || len(p.lookedAt) != tt.looks || messages == 0 {
				t.Errorf("%s: got %v (%s), %v, %d looks, %d messages; want %v, %v and %d looks", tt.name, r.Outcome, r.Reason, p.steps, len(p.lookedAt), messages, tt.want, tt.sent, tt.looks)
			}
		})
	}
}
