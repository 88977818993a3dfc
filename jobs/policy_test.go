package jobs_test

import (
	"testing"

	"cogpass/jobs"
)

func TestPolicy(t *testing.T) {
	all := jobs.Policy{MinLength: 8, Upper: true, Lower: true, Digit: true, Symbol: true}
	for _, tt := range []struct {
		policy   jobs.Policy
		password string
		want     string
	}{
		{all, "Passw0rd!", ""},
		{all, "Pass w0rd", ""}, // a space within is a symbol
		{all, "Pa0!", "is too short"},
		{all, "passw0rd!", "has not an upper-case letter"},
		{all, "PASSWORD", "has not a lower-case letter, a digit, a symbol"},
		{all, "short", "is too short and has not an upper-case letter, a digit, a symbol"},
		{all, "Pässwörd1", "has not a symbol"}, // letters beyond ASCII are of no class
		{jobs.Policy{MinLength: 8}, "ÄÖÜäöüßé", ""},
		{jobs.Policy{}, "x", ""},
	} {
		if got := tt.policy.Check(jobs.NewSecret(tt.password)); got != tt.want {
			t.Errorf("%+v %q: got %q, want %q", tt.policy, tt.password, got, tt.want)
		}
	}
}
