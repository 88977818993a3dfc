package sandbox

import (
	"maps"
	"testing"

	"cogpass/jobs"
)

// Who tries a job meets AWS's pace, and no day's limit of e-mails.
func TestTrial(t *testing.T) {
	s := Trial(poolID)
	want := map[jobs.Category]float64{
		"UserAccountRecovery": 30, "UserAuthentication": 120, "UserCreation": 50, "UserList": 30,
		"UserPoolRead": 15, "UserRead": 120, "UserToken": 120, "UserUpdate": 25,
		"SecretsManager": 50, "SecretsManagerCreate": 50, "SecretsManagerDelete": 50, "SecretsManagerList": 100,
		"SecretsManagerRead": 10_000, "SecretsManagerTag": 50,
	}
	if got := s.quotas.all(); !maps.Equal(got, want) {
		t.Errorf("got quotas %v, want %v", got, want)
	}
	if got := s.pool(poolID).description().EmailSendingAccount; got != "DEVELOPER" {
		t.Errorf("the pool sends through %s, want DEVELOPER", got)
	}
}

// Every action of a job has an operation here that names a user and draws on the
// quota that the run paces it by.
func TestEveryActionIsServed(t *testing.T) {
	for _, a := range jobs.Actions() {
		op, ok := operations[a.Spec().Operation]
		if !ok || !op.user || !op.signed || op.category != a.Spec().Category {
			t.Errorf("%v: got %+v, want one for a user, in the category %s", a, op, a.Spec().Category)
		}
	}
}
