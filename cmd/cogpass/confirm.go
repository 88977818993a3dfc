package main

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner/runfile"
)

// confirm shows what is going to happen and wants the pool's name typed.
func confirm(sys *system, info *runfile.Info, t *target, count *tally, rate float64) error {
	name := t.pool.Name
	if name == "" {
		name = info.UserPoolID
	}
	person := *sys
	person.log = nil // whatever the log is for, a person reads this
	sys = &person
	sys.say("This changes users of the pool %s (%s) in account %s:",
		report.Visible(name), info.UserPoolID, orUnknown(t.pool.Account))
	for _, a := range []jobs.Action{jobs.SetTemporary, jobs.SetPermanent, jobs.Reset} {
		if n := count.actions[a]; n > 0 {
			sys.say("  %-14s %s", a, plural(n, "user"))
		}
	}
	if count.excluded > 0 {
		sys.say("  %-14s %s", "excluded", plural(count.excluded, "user"))
	}
	sys.say("  %s", howLong(count.users(), rate))
	if n := count.actions[jobs.Reset]; n > 0 && t.pool.CognitoMail {
		sys.say("warning: this pool sends with Cognito's own e-mail, 50 messages a day for the account; %s will get one", plural(n, "user"))
	}
	fmt.Fprintf(sys.Err, "Type the pool's name to go on: ")
	answer, err := readLine(sys)
	if err != nil {
		return err
	}
	if answer != strings.TrimSpace(name) {
		return withHint(exitUsage, "the name is "+name, "not confirmed; nothing was sent")
	}
	return nil
}

// readLine reads a line that a person types. The end of the input is one too;
// where it, or an interrupt, comes first, the line on the screen is ended.
func readLine(sys *system) (string, error) {
	text, err := bufio.NewReader(sys.In).ReadString('\n')
	if err != nil {
		sys.say("")
	}
	if errors.Is(err, errInterrupted) {
		return "", err
	}
	return strings.TrimSpace(text), nil
}

// howLong says how long n requests take at a rate.
func howLong(n int64, rate float64) string {
	if math.IsInf(rate, 1) {
		return "as fast as answers come"
	}
	return fmt.Sprintf("about %s at %s", roughly(duration(n, rate)), jobs.Rate(rate))
}

// duration is the time that n requests take at a rate, a century at most.
func duration(n int64, rate float64) time.Duration {
	const century = 100 * 365 * 24 * time.Hour
	return time.Duration(min(float64(n)/rate*float64(time.Second), float64(century)))
}

// roughly writes a duration as a person would say it.
func roughly(d time.Duration) string {
	switch {
	case d < time.Second:
		return "1s"
	case d < 10*time.Minute:
		return d.Round(time.Second).String()
	case d < 48*time.Hour:
		return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	}
	return fmt.Sprintf("%.1f days", d.Hours()/24)
}

func plural(n int64, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return report.Number(n) + " " + word + "s"
}

func orUnknown(s string) string {
	if s == "" {
		return "(unknown)"
	}
	return s
}
