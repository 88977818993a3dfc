package runfile

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

	"cogpass/jobs"
	"cogpass/runner"
)

// extras are what a task is beside its action, as its row has it.
type extras struct {
	skip, fail string
	steps      int64
	creation   string // the attributes of a Creation, encoded
}

// The bits of steps. A sign-out rule is from signOutUnit on, an invitation from
// inviteUnit on.
const (
	createBit   = 1
	enableBit   = 2
	recheckBit  = 4
	signOutUnit = 8
	inviteUnit  = 32
	checkBit    = 128
	maxSteps    = 256
)

func extrasOf(t *jobs.Task) extras {
	x := extras{skip: t.Skip, fail: t.Fail, steps: signOutUnit * int64(t.SignOut)}
	if t.Enable {
		x.steps |= enableBit
	}
	if t.Recheck {
		x.steps |= recheckBit
	}
	if t.Check {
		x.steps |= checkBit
	}
	if c := t.Create; c != nil {
		x.steps |= createBit | inviteUnit*int64(c.Invite)
		if len(c.Attributes) > 0 {
			b, _ := json.Marshal(c.Attributes) // in the order of its keys; of strings, it never fails
			x.creation = string(b)
		}
	}
	return x
}

// into is the inverse of extrasOf.
func (x *extras) into(t *jobs.Task) error {
	t.Skip, t.Fail = x.skip, x.fail
	t.Enable, t.Recheck = x.steps&enableBit != 0, x.steps&recheckBit != 0
	t.SignOut = jobs.SignOutRule(x.steps / signOutUnit % 4)
	t.Check = x.steps&checkBit != 0
	invite := x.steps / inviteUnit % 4
	if x.steps < 0 || x.steps >= maxSteps || t.SignOut > jobs.SignOutAlways || invite > int64(jobs.InviteBySMS) {
		return fmt.Errorf("%w: task %d has steps that this version does not know", ErrNewer, t.Seq)
	}
	if x.steps&createBit == 0 {
		return nil
	}
	t.Create = &jobs.Creation{Invite: jobs.Invite(invite)}
	if x.creation != "" {
		if err := json.Unmarshal([]byte(x.creation), &t.Create.Attributes); err != nil {
			return damaged("the attributes of task %d: %v", t.Seq, err)
		}
	}
	return nil
}

// maxReasons bounds the reasons that a plan counts: some may name a user.
const maxReasons = 100

func countReason(m *map[string]int64, reason string) {
	if *m == nil {
		*m = map[string]int64{}
	}
	if _, known := (*m)[reason]; !known && len(*m) >= maxReasons {
		reason = ""
	}
	(*m)[reason]++
}

// count counts a task of the plan.
func (p *Plan) count(t *jobs.Task) {
	if t.Skip != "" {
		p.Skipped++
		countReason(&p.Skips, t.Skip)
	} else {
		p.Counts[t.Action]++
	}
	if t.Fail != "" {
		countReason(&p.Impossible, t.Fail)
	}
	step := func(has bool, s runner.Step) {
		if !has {
			return
		}
		if p.Steps == nil {
			p.Steps = map[runner.Step]int64{}
		}
		p.Steps[s]++
	}
	step(t.Create != nil, runner.Create)
	step(t.Enable, runner.Enable)
	step(t.Recheck, runner.Recheck)
	step(t.SignOut != jobs.NoSignOut, runner.SignOut)
	step(t.Check, runner.Check)
	step(t.Password.Kind == jobs.GeneratedPassword && t.Skip == "" && t.Fail == "", runner.Prepare)
	if t.Create != nil && t.Create.Invite != jobs.NoInvite {
		p.Invites++
	}
}

// sightRow is the row of sight of a task whose user was looked up. The names of
// most are one.
func sightRow(t *jobs.Task, words *words) ([]any, error) {
	u := t.Before
	var username any
	if u.Username != t.Username {
		username = u.Username
	}
	status, err := words.id(string(u.Status))
	verified := bit(u.VerifiedEmail, 1) | bit(u.VerifiedPhone, 2)
	return []any{t.Seq, username, packUUID(u.Sub), status, bit(u.Enabled, 1), verified, nullMillis(u.Created), nullMillis(u.Modified)}, err
}

func bit(set bool, value int64) int64 {
	if set {
		return value
	}
	return 0
}

const selectSights = `SELECT seq, username, sub, status, enabled, verified, created_at, modified_at FROM sight WHERE seq > ? AND seq <= ?`

func (r *reader) takeSight(e *entry, f fields) error {
	u := &jobs.User{
		Username: f.text(1), Sub: f.uuid(2), Enabled: f.int(4) != 0, VerifiedEmail: f.int(5)&1 != 0, VerifiedPhone: f.int(5)&2 != 0,
		Created: fromMillis(f.int(6)), Modified: fromMillis(f.int(7)),
	}
	if f[1] == nil {
		u.Username = e.task.Username
	}
	status, err := r.text(f.int(3))
	u.Status = jobs.Status(status)
	e.task.Before = u
	return err
}

// appendSight encodes what was seen of a user, as far as a row of sight has it.
func appendSight(b []byte, u *jobs.User) []byte {
	if u == nil {
		return append(b, 0)
	}
	b = append(b, 1, byte(bit(u.Enabled, 1)|bit(u.VerifiedEmail, 2)|bit(u.VerifiedPhone, 4)))
	for _, s := range [...]string{u.Username, u.Sub, string(u.Status)} {
		b = appendText(b, s)
	}
	return binary.AppendVarint(binary.AppendVarint(b, millis(u.Created)), millis(u.Modified))
}
