package bulk_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cogpass/cmd/bulk"
	"cogpass/runner"
	"cogpass/runner/runfile"
	"cogpass/runner/sandbox"
)

// week is a pool that sends with Cognito's own e-mail, and 312 users of it.
func week(t *testing.T, now func() time.Time) (*sandbox.Server, bulk.Options) {
	s := sandbox.New(sandbox.Config{DailyEmails: 50, Now: now})
	s.AddPool(sandbox.Pool{ID: surveyed})
	for n := range 312 {
		s.AddUser(surveyed, sandbox.User{Username: fmt.Sprintf("u%03d", n), Enabled: true,
			Attributes: map[string]string{"email": fmt.Sprintf("u%d@example.com", n), "email_verified": "true"}})
	}
	opt := serve(t, s)
	opt.Now = now
	return s, opt
}

// More e-mails than a day has room for are refused, with how long they would
// take.
func TestMessagesOfADay(t *testing.T) {
	s, opt := week(t, time.Now)
	_, err := bulk.Run(t.Context(), jobFile(t, "action: reset\nusers: [{pool: {}}]\n"), opt)
	var refused *bulk.Error
	if !errors.As(err, &refused) || refused.Kind != bulk.TooManyMessages || !strings.Contains(err.Error(), "312 resets at 50 a day: 7 days") {
		t.Errorf("got %v", err)
	}
	if sent := len(s.Outbox()); sent > 0 {
		t.Errorf("%d messages were sent", sent)
	}
}

// With limits.messages they are spread over days: each goes on where the one
// before was stopped, and each user gets one.
func TestMessagesOverDays(t *testing.T) {
	clock := time.Now()
	now := func() time.Time { return clock }
	s, opt := week(t, now)
	path := jobFile(t, "action: reset\nusers: [{pool: {}}]\nlimits: {messages: 50/day, rate: max}\n")
	opt.RunFile = filepath.Join(t.TempDir(), "week.run")
	for day := 1; ; day++ {
		ended, err := bulk.Run(t.Context(), path, opt)
		if ended == nil {
			t.Fatal(err)
		}
		done := min(50*day, 312)
		if got := ended.Counts.ByOutcome[runner.OK]; got != int64(done) || len(s.Outbox()) != done {
			t.Fatalf("day %d: got %d ok and %d messages, want %d", day, got, len(s.Outbox()), done)
		}
		if day == 7 {
			if err != nil {
				t.Errorf("day 7: got %v", err)
			}
			break
		}
		var reached *bulk.Reached
		if !errors.As(err, &reached) || reached.Limit != "messages" || !reached.Again.After(clock) || reached.Again.UTC().Hour() != 9 {
			t.Fatalf("day %d: got %v", day, err)
		}
		path, opt.RunFile = ended.RunFile, ""
		clock = reached.Again
	}
	for n := range 312 {
		if got := s.Counts(surveyed, fmt.Sprintf("u%03d", n)).Resets; got != 1 {
			t.Errorf("u%03d got %d codes, want 1", n, got)
		}
	}
}

// A run may wait for the next day by itself.
func TestMessagesAreWaitedFor(t *testing.T) {
	clock := time.Now()
	s, opt := week(t, func() time.Time { return clock })
	opt.Wait = true
	opt.Sleep = func(_ context.Context, until time.Time) error {
		clock = until
		return nil
	}
	ended, err := bulk.Run(t.Context(), jobFile(t, "action: reset\nusers: [{pool: {}}]\nlimits: {messages: 50/day, rate: max}\n"), opt)
	if err != nil || ended.Counts.ByOutcome[runner.OK] != 312 || len(s.Outbox()) != 312 {
		t.Errorf("got %+v, %v, and %d messages", ended, err, len(s.Outbox()))
	}
}

// An interrupt ends the waiting as it ends the sending: the run was not stopped
// by the day's messages, but by whom it was interrupted.
func TestWaitingForMessagesIsInterrupted(t *testing.T) {
	_, opt := week(t, time.Now)
	ctx, interrupt := context.WithCancelCause(t.Context())
	cause := errors.New("interrupted")
	opt.Wait = true
	opt.Sleep = func(ctx context.Context, _ time.Time) error {
		interrupt(cause)
		return context.Cause(ctx)
	}
	ended, err := bulk.Run(ctx, jobFile(t, "action: reset\nusers: [{pool: {}}]\nlimits: {messages: 50/day, rate: max}\n"), opt)
	if !errors.Is(err, cause) || ended == nil || ended.Info.State != runfile.Interrupted || ended.Counts.ByOutcome[runner.OK] != 50 {
		t.Errorf("got %+v, %v; want an interrupted run with 50 ok", ended, err)
	}
}

// What a run has sent counts for all others of the account.
func TestMessagesOfOtherRuns(t *testing.T) {
	s, opt := week(t, time.Now)
	names := func(from, to int) string {
		var all []string
		for n := from; n < to; n++ {
			all = append(all, fmt.Sprintf("u%03d", n))
		}
		return strings.Join(all, ", ")
	}
	if _, err := bulk.Run(t.Context(), jobFile(t, "action: reset\nlimits: {rate: max}\nusers: ["+names(0, 30)+"]\n"), opt); err != nil {
		t.Fatal(err)
	}
	ended, err := bulk.Run(t.Context(), jobFile(t, "action: reset\nlimits: {rate: max}\nusers: ["+names(30, 70)+"]\n"), opt)
	var reached *bulk.Reached
	if !errors.As(err, &reached) || ended.Counts.ByOutcome[runner.OK] != 20 || len(s.Outbox()) != 50 {
		t.Errorf("got %+v, %v, and %d messages; want 20 of the second, 50 in all", ended, err, len(s.Outbox()))
	}
}
