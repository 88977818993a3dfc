package runfile

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

// TestSeals holds that passwords are sealed together, each is found again in what it
// was sealed in, and what is damaged takes only those along.
func TestSeals(t *testing.T) {
	const users = 3*sealTogether + 1
	path := filepath.Join(t.TempDir(), "sealed.run")
	d, err := Create(path, Plan{Name: "sealed", UserPoolID: "us-west-2_aaaaaaaaa", Region: "us-west-2"})
	if err != nil {
		t.Fatal(err)
	}
	for seq := range int64(users) {
		err = errors.Join(err, d.Add(jobs.Task{Seq: seq + 1, Username: fmt.Sprint("user", seq+1), Action: jobs.SetPermanent,
			Password: jobs.PasswordRef{Kind: jobs.GeneratedPassword}}))
	}
	if err = errors.Join(err, d.Commit(nil)); err != nil {
		t.Fatal(err)
	}
	file, err := Open(path, OpenOptions{Place: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { file.Close() }()
	seal := func(attempts []runner.Intent) ([]byte, error) {
		var text strings.Builder
		for _, i := range attempts {
			fmt.Fprintln(&text, i.Version, i.Password.Reveal())
		}
		return []byte(text.String()), nil
	}
	file.SealWith(seal)
	version := func(seq int64) string { return fmt.Sprintf("0198b3a2-77aa-4c11-8a44-1e29f4a3c%03d", seq) }
	var attempts []runner.Intent
	for seq := int64(1); seq <= users; seq++ {
		attempts = append(attempts, runner.Intent{Seq: seq, Attempts: 1, Began: time.Now(), StartedAt: time.Now(),
			Version: version(seq), Password: jobs.NewSecret(fmt.Sprint("Passw0rd-", seq))})
	}
	err = file.Begin(t.Context(), attempts)
	err = errors.Join(err, file.Begin(t.Context(), attempts[:2])) // the same passwords again
	for task, damage := range file.Pending(false, false) {
		if err = errors.Join(err, damage); len(task.Made) != 1 || task.Made[0].State != runner.Tried {
			t.Errorf("task %d, of which an attempt has begun: its passwords are %v", task.Seq, task.Made)
		}
	}
	for seq := int64(1); seq <= users; seq++ {
		err = errors.Join(err, file.Record(runner.Result{Seq: seq, Username: fmt.Sprint("user", seq), Action: jobs.SetPermanent, Outcome: runner.OK,
			Attempts: 1, Version: version(seq), FinishedAt: time.Now()}))
	}
	if err = errors.Join(err, file.Flush()); err != nil {
		t.Fatal(err)
	}
	candidates := func() (sound []int64, damaged int) {
		t.Helper()
		for c, err := range file.Candidates() {
			switch {
			case errors.Is(err, ErrDamaged):
				damaged++
			case err != nil:
				t.Fatal(err)
			case !strings.Contains(string(c.Sealed.Bytes), fmt.Sprintf("%s Passw0rd-%d\n", version(c.Seq), c.Seq)):
				t.Errorf("task %d: got %q", c.Seq, c.Sealed.Bytes)
			default:
				sound = append(sound, c.Seq)
			}
		}
		return sound, damaged
	}
	if sound, damaged := candidates(); len(sound) != users || damaged > 0 {
		t.Errorf("got %d sound, %d damaged", len(sound), damaged)
	}
	var all []Sealed
	for s, err := range file.Seals() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if len(all) != 4 || len(strings.Split(string(all[0].Bytes), "\n")) != sealTogether+1 {
		t.Fatalf("got %d sealings, the first %q", len(all), all[0].Bytes)
	}
	if err := file.update(func(s *session) error { return s.exec("UPDATE seal SET sealed = x'00' WHERE id = 2") }); err != nil {
		t.Fatal(err)
	}
	if sound, damaged := candidates(); len(sound) != users-sealTogether || damaged != sealTogether {
		t.Errorf("with a damaged one: got %d sound, %d damaged", len(sound), damaged)
	}
	faults := 0
	for _, err := range file.Seals() {
		if errors.Is(err, ErrDamaged) {
			faults++
		}
	}
	if faults != 1 {
		t.Errorf("got %d faults of sealings", faults)
	}
	if err := file.Reseal(nil, []Sealed{{2, all[1].Bytes}}); err != nil {
		t.Fatal(err)
	}
	if sound, _ := candidates(); len(sound) != users {
		t.Errorf("sealed anew: got %d sound", len(sound))
	}
}
