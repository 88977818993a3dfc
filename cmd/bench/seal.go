package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/sealed"
)

// sealRecipient is whom passwords are sealed to, and sealIdentity what opens
// them again: a key that was made for tests.
const (
	sealRecipient = "age1sw58k8hj5j6d8yxaqy6x99pmgnnmgkaulql796e4uutv5t26deqsjq0phg"
	sealIdentity  = "AGE-SECRET-KEY-1ZDY4JS9YXMK5GAHJFMGSXY2Z63V0LCGNZXVS6W46NM6XG6D39MPQDEJC8Q"
)

// seal measures generating and sealing passwords, and beside it age's own
// program, called once a user with a password that is there already.
func (b *bench) seal() ([]line, error) {
	users := pick(b, 100_000, 2_000)
	own, err := b.best(pick(b, 3, 1), b.self, "seal", fmt.Sprint(users))
	if err != nil {
		return nil, err
	}
	lines := []line{
		{what: fmt.Sprintf("generating and sealing %d passwords", users), figure: seconds(own.wall)},
		{what: "its processor time for each", figure: fmt.Sprintf("%.0f µs", own.cpu.Seconds()*1e6/float64(users))},
	}
	age, err := exec.LookPath("age")
	if err != nil {
		return append(lines, skipped("sealing with age, once a user", "age")), nil
	}
	version, err := exec.CommandContext(b.ctx, age, "--version").Output()
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(b.dir, "password"), []byte("Xy7-kkkkkkkkkkkkkkkk"), 0o600); err != nil {
		return nil, err
	}
	const few = 50
	peer, err := b.best(pick(b, 3, 1), "sh", "-c", fmt.Sprintf(`seq %d | xargs -P%d -I{} "$@"`, few, processors()), "sh",
		age, "-r", sealRecipient, "-o", "sealed{}", "password")
	if err != nil {
		return nil, err
	}
	all := peer.wall * time.Duration(users) / few
	lines[0].peer = fmt.Sprintf("%s (xargs -P%d age %s, from %d)", seconds(all), processors(), strings.TrimSpace(string(version)), few)
	lines[0].ratio = fmt.Sprintf("%.0f times faster", ratio(all, own.wall))
	lines[1].peer = fmt.Sprintf("%.0f µs", peer.cpu.Seconds()*1e6/few)
	return lines, nil
}

// sealedTogether is how many passwords a run seals as one.
const sealedTogether = 32

// sealMany is the process that is measured: it generates and seals so many
// passwords.
func sealMany(args []string) error {
	var users int
	if len(args) != 1 {
		return errors.New("seal: want a number of users")
	}
	if _, err := fmt.Sscan(args[0], &users); err != nil {
		return err
	}
	to, err := sealed.ParseRecipients([]string{sealRecipient})
	if err != nil {
		return err
	}
	passwords, err := jobs.Recipe{}.Generator(jobs.DefaultPolicy)
	if err != nil {
		return err
	}
	var workers errgroup.Group
	for w := range processors() {
		workers.Go(func() error {
			for first := w * sealedTogether; first < users; first += processors() * sealedTogether {
				var some []runner.Handover
				for n := first; n < min(first+sealedTogether, users); n++ {
					username, _ := user(int64(n))
					some = append(some, runner.Handover{Seq: int64(n) + 1, Username: username, Version: "0198b3a2-77aa-7c11-8a44-1e29f4a3c001",
						Password: passwords.Password()})
				}
				if _, err := to.Seal(some...); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return workers.Wait()
}
