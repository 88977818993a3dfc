package jobs_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"cogpass/jobs"
)

// TestLastDone is who is due; now is noon on April 1.
func TestLastDone(t *testing.T) {
	at := func(month time.Month, day, hour int) time.Time {
		return time.Date(2026, month, day, hour, 0, 0, 0, time.UTC)
	}
	tests := []struct {
		name, where string
		last        time.Time
		want        string
	}{
		{"never", "30d", time.Time{}, "send +signOut"},
		{"long ago", "30d", at(1, 1, 0), "send +signOut"},
		{"just before", "30d", at(3, 2, 11), "send +signOut"},
		{"just then", "30d", at(3, 2, 12), "skip: last done 2026-03-02, 30 days ago"},
		{"yesterday", "30d", at(3, 31, 11), "skip: last done 2026-03-31, 1 day ago"},
		{"today", "30d", at(4, 1, 9), "skip: last done 2026-04-01, 0 days ago"},
		{"by a clock that is ahead", "30d", at(4, 1, 14), "skip: last done 2026-04-01, 0 days ago"},
		{"by a clock that was wrong", "30d", at(4, 3, 12), "send +signOut"},
		{"before a date", "2026-03-02", at(3, 1, 23), "send +signOut"},
		{"after a date", "2026-03-02", at(3, 2, 0), "skip: last done 2026-03-02, 30 days ago"},
		{"hours", "12h", at(3, 31, 23), "send +signOut"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := jobIn(t, head+"action: reset\nsignOut: always\nusers: [given]\nwhere: {lastDoneBefore: "+test.where+"}\n")
			tasks, list := readTasks(t, path, jobs.Options{Now: april})
			if needs := tasks.Needs(); needs.Any() || needs.LookUp || !needs.LastDone {
				t.Errorf("got needs %+v", needs)
			}
			seen := list[0]
			list[0].LastDone, seen.LastDone = test.last, test.last
			tasks.JudgeUnseen(&list[0])
			tasks.Judge(&seen, pooled("CONFIRMED"), jobs.PoolFacts{})
			want := strings.ReplaceAll(test.want, "+signOut", "+signOutAlways")
			if got := decided(&list[0]); got != want {
				t.Errorf("unseen: got %s, want %s", got, want)
			}
			if got := decided(&seen); got != want {
				t.Errorf("looked up: got %s, want %s", got, want)
			}
		})
	}
}

// Who is excluded, or not as where wants, is so whenever it was done; a user
// who is gone fails; and who is not due is not one of maxUsers.
func TestLastDoneBesideOthers(t *testing.T) {
	path := jobIn(t, head+`
action: reset
users: [out, due, done, other]
exclude: [out]
limits: {maxUsers: 1}
where: {lastDoneBefore: 30d}
`)
	tasks, list := readTasks(t, path, jobs.Options{Now: april})
	var got []string
	for i := range list {
		if list[i].LastDone = april().Add(-time.Hour); list[i].Username == "due" {
			list[i].LastDone = time.Time{}
		}
		tasks.JudgeUnseen(&list[i])
		got = append(got, decided(&list[i]))
	}
	done := "skip: last done 2026-04-01, 0 days ago"
	if want := []string{"skip: excluded by the job", "send", done, done}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := tasks.End(); err != nil {
		t.Errorf("with one that is due: %v", err)
	}
	tasks.JudgeUnseen(&jobs.Task{Username: "more"})
	if err := tasks.End(); err == nil || !strings.Contains(err.Error(), "the job has 2 users, more than maxUsers, 1") {
		t.Errorf("with two that are due: %v", err)
	}
	missing := jobs.Task{Username: "gone", LastDone: april()}
	tasks.Judge(&missing, nil, jobs.PoolFacts{})
	if got := decided(&missing); got != "fail: the pool has no such user" {
		t.Errorf("got %s", got)
	}
	if tasks.ExactNames() {
		t.Error("names are told apart by case")
	}
}

// What is neither a date nor an age is a fault with its place, and a pool
// source has no such key.
func TestLastDoneFaults(t *testing.T) {
	path := jobIn(t, head+"action: reset\nusers: [{pool: {lastDoneBefore: 30d}}]\nwhere: {lastDoneBefore: monthly, recheck: true}\n")
	job, err := jobs.Open(path, jobs.Options{Now: april})
	if err != nil {
		t.Fatal(err)
	}
	for _, err = range job.Tasks(t.Context()).All() {
	}
	for _, want := range []string{"lastDoneBefore is neither a date nor an age", "users #1, pool: unknown key", "recheck, and nothing to look for"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
