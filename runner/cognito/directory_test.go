package cognito

import (
	"fmt"
	"testing"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/runnertest"
	"cogpass/runner/sandbox"
)

func TestDirectory(t *testing.T) {
	runnertest.TestDirectory(t, func(t *testing.T) runnertest.Fixture {
		var names []string
		for i := range 8 {
			names = append(names, fmt.Sprintf("user-%d", i))
		}
		return runnertest.Fixture{Directory: serve(t, newSandbox(sandbox.Config{}, names...)), Users: names, Missing: "nobody", New: []string{"new-1", "new-2"}}
	})
}

// A user is looked for by what their name is in their pool.
func TestLookByAlias(t *testing.T) {
	s := newSandbox(sandbox.Config{}, "ana")
	const sub = "0a1b2c3d-0000-4000-8000-000000000001"
	s.AddUser(testPool, sandbox.User{Username: "kim", Sub: sub, Enabled: true, Attributes: map[string]string{
		"email": "kim@example.com", "email_verified": "true", "phone_number": "+15551234567", "phone_number_verified": "true",
	}})
	d := serve(t, s)
	d.pool.AliasAttributes = []string{"email", "phone_number"}
	for _, name := range []string{"kim", sub, "kim@example.com", "+15551234567"} {
		got, err := d.Look(t.Context(), name)
		if err != nil || got.Username != "kim" || got.Sub != sub {
			t.Errorf("%s: got %+v (%v), want kim", name, got, err)
		}
	}
	d.pool.AliasAttributes = nil
	if got, err := d.Look(t.Context(), "kim@example.com"); err != nil || got.Found {
		t.Errorf("without aliases: got %+v (%v), want nobody", got, err)
	}
}

// Without the permission to look, what is in doubt is unknown, and the run goes
// on: with any other refusal of the kind it stops.
func TestLookRefused(t *testing.T) {
	s := newSandbox(sandbox.Config{Quotas: map[jobs.Category]float64{"UserList": 1e-9}}, "ana")
	d := serve(t, s)
	if _, err := d.Look(t.Context(), "ana"); err != nil { // the burst
		t.Fatal(err)
	}
	_, err := d.Look(t.Context(), "ana")
	if fault := mustFault(t, err); fault.Class != runner.Throttled {
		t.Errorf("got class %d (%v), want throttled", fault.Class, err)
	}
	for code, want := range map[string]runner.Class{
		"AccessDeniedException": runner.UserFault, "ExpiredTokenException": runner.Fatal, "InvalidParameterException": runner.UserFault,
	} {
		d := serve(t, refuseWith(code))
		_, err := d.Look(t.Context(), "ana")
		if fault := mustFault(t, err); fault.Class != want {
			t.Errorf("%s: got class %d, want %d", code, fault.Class, want)
		}
	}
}

// The metadata of a reset reaches the message to its user.
func TestClientMetadata(t *testing.T) {
	s := newSandbox(sandbox.Config{}, "ana")
	d := serve(t, s)
	_, err := d.Do(t.Context(), runner.Task{Username: "ana", Action: jobs.Reset, ClientMetadata: map[string]string{"reason": "INC-42"}})
	if err != nil {
		t.Fatal(err)
	}
	if sent := s.Outbox(); len(sent) != 1 || sent[0].ClientMetadata["reason"] != "INC-42" {
		t.Errorf("got %+v, want one message for INC-42", sent)
	}
}
