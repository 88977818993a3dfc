package jobs_test

import (
	"strings"
	"testing"
	"time"

	"cogpass/jobs"
)

var (
	created  = time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC)
	modified = time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)
)

// pooled returns a user of the pool from words: a status, and what differs from
// an enabled user with a verified e-mail address.
func pooled(words string) *jobs.User {
	if words == "" {
		return nil
	}
	u := &jobs.User{Username: "u-1", Sub: "s-1", Names: []string{"u-1", "s-1", "Ana@Example.com"}, Enabled: true, VerifiedEmail: true,
		Attributes: map[string]string{"email": "Ana@Example.com"}, Created: created, Modified: modified}
	for _, word := range strings.Fields(words) {
		switch word {
		case "disabled":
			u.Enabled = false
		case "unverified":
			u.VerifiedEmail = false
		case "phone":
			u.VerifiedEmail, u.VerifiedPhone = false, true
		case "stateless":
			u.Status = ""
		case "timeless":
			u.Created, u.Modified = time.Time{}, time.Time{}
		default:
			u.Status = jobs.Status(word)
		}
	}
	return u
}

// decided describes what Judge has made of a task.
func decided(t *jobs.Task) string {
	s := "send"
	switch {
	case t.Skip != "":
		s = "skip: " + t.Skip
	case t.Fail != "":
		s = "fail: " + t.Fail
	}
	if t.Create != nil {
		s += " +create"
	}
	if t.Enable {
		s += " +enable"
	}
	if t.Recheck {
		s += " +recheck"
	}
	if t.ClientMetadata != nil {
		s += " +metadata"
	}
	return s + map[jobs.SignOutRule]string{jobs.SignOutIfOK: " +signOut", jobs.SignOutAlways: " +signOutAlways"}[t.SignOut]
}

const (
	emailOnly = "email"
	phoneOnly = "phone"
)

var recoveries = map[string]jobs.PoolFacts{
	"":        {},
	"both":    {Known: true, RecoveryEmail: true, RecoveryPhone: true},
	emailOnly: {Known: true, RecoveryEmail: true},
	phoneOnly: {Known: true, RecoveryPhone: true},
}

// TestJudge is the whole of what is decided about a user before anything is
// sent.
func TestJudge(t *testing.T) {
	const (
		federated  = "skip: is EXTERNAL_PROVIDER: another service has its password"
		unchosen   = "is FORCE_CHANGE_PASSWORD: Cognito resets no password that the user has yet to choose"
		isDisabled = "is disabled: Cognito resets no password of a disabled user"
		noAddress  = "has no verified address that a code could go to"
		noRecovery = "has no verified address by which the pool lets users recover their account"
		missing    = "fail: the pool has no such user"
	)
	tests := []struct{ action, user, recovery, job, want string }{
		{"reset", "CONFIRMED", "", "", "send"},
		{"reset", "CONFIRMED", "both", "signOut: true", "send +signOut"},
		{"reset", "CONFIRMED", "both", "clientMetadata: {a: b}", "send +metadata"},
		{"reset", "RESET_REQUIRED", "both", "", "send"},
		{"reset", "UNCONFIRMED", "both", "", "send"}, // with a verified address Cognito has the last word
		{"reset", "UNCONFIRMED unverified", "both", "", "fail: " + noAddress},
		{"reset", "FORCE_CHANGE_PASSWORD", "both", "", "fail: " + unchosen},
		{"reset", "FORCE_CHANGE_PASSWORD", "both", "onImpossible: skip", "skip: " + unchosen},
		{"reset", "FORCE_CHANGE_PASSWORD", "both", "signOut: true", "fail: " + unchosen},
		{"reset", "FORCE_CHANGE_PASSWORD", "both", "signOut: always", "fail: " + unchosen + " +signOutAlways"},
		{"reset", "FORCE_CHANGE_PASSWORD", "both", "{signOut: always, onImpossible: skip}", "skip: " + unchosen + " +signOutAlways"},
		{"reset", "FORCE_CHANGE_PASSWORD disabled", "both", "enable: true", "fail: " + unchosen},
		{"reset", "CONFIRMED disabled", "both", "", "fail: " + isDisabled},
		{"reset", "CONFIRMED disabled", "both", "onImpossible: skip", "skip: " + isDisabled},
		{"reset", "CONFIRMED disabled", "both", "enable: true", "send +enable"},
		{"reset", "CONFIRMED", "both", "enable: true", "send"},
		{"reset", "CONFIRMED unverified", "", "", "fail: " + noAddress},
		{"reset", "CONFIRMED unverified", "both", "onImpossible: skip", "skip: " + noAddress},
		{"reset", "CONFIRMED phone", "", "", "send"},
		{"reset", "CONFIRMED phone", phoneOnly, "", "send"},
		{"reset", "CONFIRMED phone", emailOnly, "", "fail: " + noRecovery},
		{"reset", "CONFIRMED", phoneOnly, "", "fail: " + noRecovery},
		{"reset", "EXTERNAL_PROVIDER", "both", "signOut: always", federated},
		{"reset", "EXTERNAL_PROVIDER", "both", "allowFederated: true", federated},
		{"reset", "", "both", "{signOut: always, enable: true}", missing},
		{"reset", "", "both", "ifMissing: create", missing}, // which a reset ignores
		{"reset", "", "both", "onImpossible: skip", missing},

		{"set-permanent", "CONFIRMED", "both", "ifMissing: create", "send"},
		{"set-permanent", "CONFIRMED", "both", "{ifMissing: create, clientMetadata: {a: b}, signOut: true}", "send +signOut"},
		{"set-permanent", "", "both", "{ifMissing: create, clientMetadata: {a: b}, signOut: true, enable: true}", "send +create +metadata +signOut"},
		{"set-permanent", "", "both", "", missing},
		{"set-temporary", "", "both", "{ifMissing: create, where: {status: CONFIRMED, recheck: true}}", "send +create"},
		{"set-temporary", "CONFIRMED", "both", "{ifMissing: create, where: {status: CONFIRMED, recheck: true}}", "send +recheck"},
		{"set-permanent", "FORCE_CHANGE_PASSWORD unverified disabled", "both", "", "send"},
		{"set-permanent", "CONFIRMED disabled", "both", "enable: true", "send +enable"},
		{"set-permanent", "EXTERNAL_PROVIDER", "both", "", federated},
		{"set-permanent", "EXTERNAL_PROVIDER", "both", "allowFederated: true", "send"},

		{"reset", "CONFIRMED", "both", "exclude: [u-1]", "skip: excluded by the job"},
		{"reset", "CONFIRMED", "both", "{exclude: [S-1], signOut: always}", "skip: excluded by the job"},
		{"reset", "CONFIRMED", "both", "exclude: [ANA@example.com]", "skip: excluded by the job"},
		{"reset", "CONFIRMED", "both", "{exclude: [ANA@example.com], caseSensitive: true}", "send"},
		{"reset", "CONFIRMED", "both", "{exclude: [Ana@Example.com], caseSensitive: true}", "skip: excluded by the job"},
		{"reset", "FORCE_CHANGE_PASSWORD", "both", "{where: {status: FORCE_CHANGE_PASSWORD}, exclude: [s-1]}", "skip: excluded by the job"},

		{"reset", "CONFIRMED", "both", "where: {status: [CONFIRMED]}", "send"},
		{"reset", "UNCONFIRMED", "both", "where: {status: CONFIRMED}", "skip: is UNCONFIRMED, and where wants CONFIRMED"},
		{"reset", "UNCONFIRMED", "both", "{where: {status: [CONFIRMED, RESET_REQUIRED]}, signOut: always}", "skip: is UNCONFIRMED, and where wants CONFIRMED or RESET_REQUIRED"},
		{"reset", "CONFIRMED disabled", "both", "{where: {enabled: true}, enable: true}", "skip: is disabled, and where wants enabled"},
		{"reset", "CONFIRMED", "both", "where: {enabled: false}", "skip: is enabled, and where wants disabled"},
		{"reset", "CONFIRMED unverified", "both", "where: {verified: any}", "skip: has no verified address, and where wants one"},
		{"reset", "CONFIRMED phone", "both", "where: {verified: any}", "send"},
		{"reset", "CONFIRMED phone", "both", "where: {verified: email}", "skip: has no verified e-mail address, and where wants one"},
		{"reset", "CONFIRMED", "both", "where: {verified: phone}", "skip: has no verified phone number, and where wants one"},
		{"reset", "CONFIRMED", "both", "where: {createdBefore: 2026-01-10}", "skip: was not created when where wants it"},
		{"reset", "CONFIRMED", "both", "where: {createdBefore: 2026-01-11, createdAfter: 2026-01-09T23:59:59Z}", "send"},
		{"reset", "CONFIRMED", "both", "where: {modifiedAfter: 22d}", "skip: was not modified when where wants it"}, // now is April 1
		{"reset", "CONFIRMED", "both", "where: {modifiedAfter: 23d}", "send"},
		{"reset", "CONFIRMED timeless", "both", "where: {modifiedBefore: 1d}", "skip: was not modified when where wants it"},
		{"reset", "", "both", "where: {status: CONFIRMED}", missing},
		{"reset", "stateless", "both", "where: {status: CONFIRMED}", "skip: is in a state that is not known, and where wants CONFIRMED"},
		{"reset", "stateless", "both", "", "send"},
		{"reset", "EXTERNAL_PROVIDER", "both", "where: {status: CONFIRMED}", "skip: is EXTERNAL_PROVIDER, and where wants CONFIRMED"},

		{"sign-out", "EXTERNAL_PROVIDER disabled", "both", "", "send"},
		{"sign-out", "", "both", "", missing},
		{"disable", "EXTERNAL_PROVIDER", "both", "signOut: true", "send +signOut"},
		{"disable", "CONFIRMED disabled", "both", "signOut: true", "skip: is disabled already"},
		{"disable", "CONFIRMED disabled", "both", "signOut: always", "skip: is disabled already +signOutAlways"},
		{"enable", "CONFIRMED disabled", "both", "", "send"},
		{"enable", "CONFIRMED", "both", "", "skip: is enabled already"},
		{"reinvite", "FORCE_CHANGE_PASSWORD", "both", "", "send"},
		{"reinvite", "CONFIRMED", "both", "", "fail: is CONFIRMED: an invitation is for FORCE_CHANGE_PASSWORD"},
		{"reinvite", "UNCONFIRMED", "both", "onImpossible: skip", "skip: is UNCONFIRMED: an invitation is for FORCE_CHANGE_PASSWORD"},
		{"reinvite", "EXTERNAL_PROVIDER", "both", "", federated},
		{"reinvite", "", "both", "", missing},
	}
	for _, test := range tests {
		t.Run(strings.Join([]string{test.action, test.user, test.recovery, test.job}, ","), func(t *testing.T) {
			more := test.job
			if strings.HasPrefix(more, "{") {
				more = strings.NewReplacer(", enable:", "\nenable:", ", where:", "\nwhere:", ", exclude:", "\nexclude:", ", signOut:", "\nsignOut:",
					", caseSensitive:", "\ncaseSensitive:", ", onImpossible:", "\nonImpossible:", ", clientMetadata:", "\nclientMetadata:").Replace(more[1 : len(more)-1])
			}
			path := jobIn(t, head+"action: "+test.action+"\npassword: {env: PW}\nusers: [given]\n"+more+"\n")
			tasks, list := readTasks(t, path, jobs.Options{LookupEnv: environment, Now: april})
			user := pooled(test.user)
			tasks.Judge(&list[0], user, recoveries[test.recovery])
			if got := decided(&list[0]); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if list[0].Before != user {
				t.Errorf("got %v before, want %v", list[0].Before, user)
			}
		})
	}
}

func april() time.Time { return time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC) }

// readTasks reads a job that is right, and keeps its Tasks.
func readTasks(tb testing.TB, path string, opt jobs.Options) (*jobs.Tasks, []jobs.Task) {
	tb.Helper()
	job, err := jobs.Open(path, opt)
	if err != nil {
		tb.Fatal(err)
	}
	tasks := job.Tasks(tb.Context())
	return tasks, listOf(tb, tasks)
}

func listOf(tb testing.TB, tasks *jobs.Tasks) (list []jobs.Task) {
	tb.Helper()
	for task, err := range tasks.All() {
		if err != nil {
			tb.Fatal(err)
		}
		list = append(list, task)
	}
	return list
}
