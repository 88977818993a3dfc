package jobs

import (
	"fmt"
	"time"
)

// ParseWhen reads a time as a job says it: a date, a time, or an age such as
// 30d, counted from now.
func ParseWhen(text string, now time.Time) (time.Time, bool) { return parseWhen(text, now) }

// JudgeUnseen decides about a task whose user nobody has looked up, by
// Task.LastDone alone. Call it in place of Judge, where Needs asks for
// LastDone only.
func (t *Tasks) JudgeUnseen(task *Task) {
	t.judging = true
	if task.Skip == "" {
		if task.Skip = t.doneSince(task); task.Skip != "" {
			task.SignOut, task.Check = NoSignOut, false
		}
	}
	if task.Skip == "" {
		t.sending++
	}
}

// ahead is how far in the future a time may lie that was another machine's
// now. One beyond was written by a clock that was wrong, and would keep its
// user out for as long as it was wrong.
const ahead = 24 * time.Hour

// doneSince returns why a user is not due yet; "" where it is.
func (t *Tasks) doneSince(task *Task) string {
	before, now, last := t.job.Where.LastDoneBefore, t.job.now, task.LastDone
	if before.IsZero() || last.IsZero() || last.Before(before) || last.After(now.Add(ahead)) {
		return ""
	}
	return fmt.Sprintf("last done %s, %s ago", last.UTC().Format(time.DateOnly), plural(int(max(0, now.Sub(last))/(24*time.Hour)), "day"))
}

// ExactNames reports whether names that differ in case or Unicode form are
// different users', as far as Naming tells.
func (t *Tasks) ExactNames() bool { return t.job.caseSensitive || t.Naming == NamesExact }
