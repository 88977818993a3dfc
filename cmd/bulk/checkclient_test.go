package bulk_test

import (
	"errors"
	"testing"

	"cogpass/cmd/bulk"
	"cogpass/runner"
	"cogpass/runner/sandbox"
)

// An app client that lets nobody sign in is found out before anybody is set, and
// by no real user's sign-in.
func TestCheckIsTriedFirst(t *testing.T) {
	s := sandbox.New(sandbox.Config{})
	s.AddPool(sandbox.Pool{ID: surveyed, Clients: []sandbox.Client{
		{ID: "app0"}, {ID: "web0", Secret: "client-secret-7"}, {ID: "admins0", Flows: []string{"ADMIN_USER_PASSWORD_AUTH"}},
	}})
	s.AddUser(surveyed, sandbox.User{Username: "ana", Status: "CONFIRMED", Enabled: true})
	opt := serve(t, s)
	sets := 0
	for _, test := range []struct {
		check string
		ok    bool
	}{
		{"{clientId: app0}", true},
		{"{clientId: admins0, admin: true}", true},
		{"{clientId: nosuch0}", false},
		{"{clientId: admins0}", false}, // without its flow
		{"{clientId: web0}", false},    // without its secret
	} {
		ended, err := bulk.Run(t.Context(), jobFile(t, "action: set-permanent\npassword: Long-enough-1\ncheck: "+test.check+"\nlimits: {rate: max}\nusers: [ana]\n"), opt)
		if test.ok {
			sets++
			if err != nil || ended.Counts.ByOutcome[runner.OK] != 1 || ended.Counts.Beside > 0 {
				t.Errorf("%s: got %+v, %v", test.check, ended, err)
			}
		} else if refused := (*bulk.Error)(nil); !errors.As(err, &refused) || refused.Kind != bulk.NoCheck {
			t.Errorf("%s: got %v", test.check, err)
		}
		if n := s.Counts(surveyed, "ana").Sets; n != sets {
			t.Errorf("%s: %d sets, want %d", test.check, n, sets)
		}
	}
}
