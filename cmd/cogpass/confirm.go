package main

import (
	"bufio"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cogpass/cmd/bulk"
	"cogpass/jobs"
	"cogpass/report"
)

// confirm shows what is going to happen and wants the pool's name typed.
func confirm(sys *system, q bulk.Question) error {
	sys = sys.forPerson()
	describe(sys, q)
	return typed(sys, "the pool's name", "the name is ", q.PoolName())
}

// forPerson is where a person is told something: whatever the log is for, a person reads
// this.
func (s *system) forPerson() *system {
	person := *s
	person.log = nil
	return &person
}

// describe shows what is going to happen.
func describe(sys *system, q bulk.Question) {
	sys.info("This changes users of the pool %s (%s) in account %s:",
		report.Visible(q.PoolName()), q.Info.UserPoolID, report.Visible(orUnknown(q.Account)))
	if as := q.Plan.Credentials().String(); as != "" {
		sys.info("  with the credentials of %s", report.Visible(as))
	}
	for _, a := range jobs.Actions() {
		if n := q.Tally.Actions[a]; n > 0 {
			sys.info("  %-14s %s", a, plural(n, "user"))
		}
	}
	if n := q.Tally.Skipped; n > 0 && len(q.Tally.Why) == 0 { // else each reason says how many
		sys.info("  %-14s %s", "skipped", plural(n, "user"))
	}
	for _, line := range slices.Concat(decided(q.Tally), besides(q.Tally), passwordsOf(q.Plan)) {
		sys.info("  %s", line)
	}
	sys.info("  %s", planDuration(q.Plan))
	if n := q.Tally.Messages(); n > 0 && q.Pool.CognitoMail {
		sys.warn("this pool sends with Cognito's own e-mail, 50 messages a day for the account; %s will get one", plural(n, "user"))
	}
}

// typed wants something typed before anything is sent.
func typed(sys *system, what, hint, want string) error {
	fmt.Fprintf(sys.Err, "Type %s to go on: ", what)
	answer, err := readLine(sys)
	if err != nil {
		return err
	}
	if answer != strings.TrimSpace(want) {
		return withHint(exitUsage, hint+want, "not confirmed; nothing was sent")
	}
	return nil
}

// readLine reads a line that a person types. The end of the input is one too;
// where it, or an interrupt, comes first, the line on the screen is ended.
func readLine(sys *system) (string, error) {
	text, err := bufio.NewReader(sys.In).ReadString('\n')
	if err != nil {
		sys.info("")
	}
	if errors.Is(err, errInterrupted) {
		return "", err
	}
	return strings.TrimSpace(text), nil
}
