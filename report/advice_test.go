package report

import (
	"strings"
	"testing"

	"cogpass/runner"
)

func TestAdviseFindsTheEntryOfACodeAndAReason(t *testing.T) {
	for _, tt := range []struct {
		step         runner.Step
		outcome      runner.Outcome
		code, reason string
		title        string
	}{
		{runner.Act, runner.Failed, "UserNotFoundException", "User does not exist.", "UserNotFoundException, the pool has no such user"},
		{runner.Act, runner.Failed, "", "the pool has no such user", "the pool has no such user"},
		{runner.Act, runner.Failed, "NotAuthorizedException", "User is disabled.", "NotAuthorizedException: User is disabled"},
		{runner.Act, runner.Failed, "NotAuthorizedException", "something new", "NotAuthorizedException"},
		{runner.Act, runner.Failed, "ServiceUnavailableException", "gave up after 8 attempts: HTTP status 503", "gave up after several attempts"},
		{runner.Act, runner.Failed, "BrandNewException", "?", "any other failure"},
		{runner.Prepare, runner.Failed, "", "the hand-off's program give, at prepare: exit status 1: no", "the hand-off's program …: exit status …"},
		{runner.Conclude, runner.Failed, "", "the hand-off's program give, at confirm: exit status 1: no", "telling the store: the hand-off's program …: exit status …"},
		{runner.Prepare, runner.Failed, "ResourceNotFoundException", "gone", "ResourceNotFoundException from Secrets Manager"},
		{runner.Check, runner.Failed, "NotAuthorizedException", "the new password does not let the user in: no", "the new password does not let the user in"},
		{runner.Act, runner.Unknown, "", "no answer came; the user was modified since and is CONFIRMED", "no answer came; the user was modified since"},
		{runner.Act, runner.Unknown, "", "no answer came; the user is RESET_REQUIRED, and not modified since", "no answer came; the user is …, and not modified since"},
		{runner.SignOut, runner.Unknown, "", "cut", "a sign-out or a check whose end is not known"},
		{runner.Act, runner.Unknown, "", "", "anything else that is unknown"},
		{runner.Act, runner.Skipped, "", "is CONFIRMED, and where wants RESET_REQUIRED", "…, and where wants …"},
		{runner.Act, runner.Skipped, "", "is EXTERNAL_PROVIDER: another service has its password", "is EXTERNAL_PROVIDER: another service has its password"},
		{runner.Act, runner.OK, "", "", ""},
		{runner.Act, runner.Pending, "", "", ""},
	} {
		if got := Advise(tt.step, tt.outcome, tt.code, tt.reason).Title; got != tt.title {
			t.Errorf("%v %v %s %q: got %q, want %q", tt.step, tt.outcome, tt.code, tt.reason, got, tt.title)
		}
	}
}

func TestAdviseStopFindsTheEntryOfAReason(t *testing.T) {
	for reason, title := range map[string]string{
		"the canary of 20 has ended":                                  "the canary of … has ended",
		"41 of 100 have failed, and maxFailures is 5%":                "… have failed, and maxFailures is …",
		"nothing but throttling for 5 minutes":                        "nothing but throttling for 5 minutes",
		"an outage of 5m0s: no connection: connection refused":        "an outage of …",
		"AccessDeniedException: User is not authorized":               "AccessDeniedException",
		"ExpiredTokenException: The security token is expired":        "ExpiredTokenException, RequestExpired",
		"10 times in a row: UnexpectedLambdaException: it failed":     "10 times in a row: UnexpectedLambdaException",
		"20 times in a row: LimitExceededException: Attempt limit":    "20 times in a row: LimitExceededException",
		"LimitExceededException: Exceeded daily email limit for it":   "LimitExceededException: daily email limit",
		"ResourceNotFoundException: User pool x does not exist.":      "ResourceNotFoundException",
		"ResourceNotFoundException: User pool client does not exist.": "a sign-in that the app client does not allow",
		"something else": "",
		"":               "",
	} {
		if got := AdviseStop(reason).Title; got != title {
			t.Errorf("%q: got %q, want %q", reason, got, title)
		}
	}
}

// A table that is looked up from the top must have no entry that nothing gets
// to, and no text that is missing.
func TestAdviceIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, a := range AllAdvice() {
		if a.Title == "" || a.Means == "" || a.Do == "" {
			t.Errorf("%+v: a text is missing", a)
		}
		for _, text := range []string{a.Means, a.Do} {
			if !strings.HasSuffix(text, ".") || strings.Count(text, ". ") > 2 {
				t.Errorf("%s: %q is not one or two sentences", a.Title, text)
			}
		}
		for _, p := range a.parts {
			if p != strings.ToLower(p) {
				t.Errorf("%s: %q is not in lower case", a.Title, p)
			}
		}
		if key := a.Title + string(rune('0'+a.Topic)); seen[key] {
			t.Errorf("%s is there twice", a.Title)
		} else {
			seen[key] = true
		}
	}
}
