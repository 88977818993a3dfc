package cognito

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/sandbox"
)

var (
	_ runner.Handoff = (*Secrets)(nil)
	_ runner.Fetcher = (*Secrets)(nil)
)

// openSecrets returns the way to the secrets of the test pool at a server.
func openSecrets(t *testing.T, h http.Handler) *Secrets {
	t.Helper()
	d := serve(t, h)
	s, err := d.client.Secrets(SecretsConfig{PoolID: testPool, EndpointURL: d.client.Endpoint(), Tags: map[string]string{"team": "identity"}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// handover is the nth password for a user.
func handover(username string, n int) runner.Handover {
	return runner.Handover{Seq: 1, Username: username, Version: fmt.Sprintf("00000000-0000-4000-8000-%012d", n), Password: jobs.NewSecret(fmt.Sprintf("Passw0rd-%d!", n))}
}

// without is a hand-over as Confirm, Abandon and Fetch get it.
func without(h runner.Handover) runner.Handover {
	h.Password = jobs.Secret{}
	return h
}

// stagesOf are the labels of the versions that have any, by the number of their
// password, or x for another.
func stagesOf(s *sandbox.Server, name string) string {
	var all []string
	for _, v := range s.Secret(name).Versions {
		number := "x"
		if _, n, ok := strings.Cut(v.ID, "00000000-0000-4000-8000-"); ok {
			number = strings.TrimLeft(n, "0")
		}
		if len(v.Stages) > 0 {
			all = append(all, number+":"+strings.ReplaceAll(strings.Join(v.Stages, "+"), "AWS", ""))
		}
	}
	return strings.Join(all, " ")
}

// phase does one phase of a hand-over.
func phase(ctx context.Context, s *Secrets, what string, h runner.Handover) error {
	var err error
	switch what {
	case "prepare":
		_, err = s.Prepare(ctx, h)
	case "confirm":
		_, err = s.Confirm(ctx, without(h))
	case "abandon":
		_, err = s.Abandon(ctx, without(h))
	case "fetch":
		_, _, err = s.Fetch(ctx, without(h))
	}
	return err
}

func TestHandover(t *testing.T) {
	const surpassed = "another run has handed over since"
	for name, steps := range map[string][]struct {
		phase string
		n     int
		stage string
		fails string
	}{
		"a new user": {
			{"prepare", 1, "x:CURRENT 1:PENDING", ""},
			{"confirm", 1, "x:PREVIOUS 1:CURRENT+PENDING", ""},
		},
		"each twice": {
			{"prepare", 1, "x:CURRENT 1:PENDING", ""},
			{"prepare", 1, "x:CURRENT 1:PENDING", ""},
			{"confirm", 1, "x:PREVIOUS 1:CURRENT+PENDING", ""},
			{"confirm", 1, "x:PREVIOUS 1:CURRENT+PENDING", ""},
			{"prepare", 1, "x:PREVIOUS 1:CURRENT+PENDING", ""}, // late, from before a crash
			{"abandon", 1, "x:PREVIOUS 1:CURRENT+PENDING", ""}, // it is the user's
		},
		"nights": {
			{"prepare", 1, "x:CURRENT 1:PENDING", ""},
			{"confirm", 1, "x:PREVIOUS 1:CURRENT+PENDING", ""},
			{"prepare", 2, "x:PREVIOUS 1:CURRENT 2:PENDING", ""},
			{"confirm", 2, "1:PREVIOUS 2:CURRENT+PENDING", ""},
			{"prepare", 3, "1:PREVIOUS 2:CURRENT 3:PENDING", ""},
			{"abandon", 3, "1:PREVIOUS 2:CURRENT", ""},
			{"abandon", 3, "1:PREVIOUS 2:CURRENT", ""},
			{"prepare", 4, "1:PREVIOUS 2:CURRENT 4:PENDING", ""},
			{"confirm", 4, "2:PREVIOUS 4:CURRENT+PENDING", ""},
		},
		"a password refused, then another": {
			{"prepare", 1, "x:CURRENT 1:PENDING", ""},
			{"prepare", 2, "x:CURRENT 2:PENDING", ""},
			{"confirm", 2, "x:PREVIOUS 2:CURRENT+PENDING", ""},
			{"abandon", 1, "x:PREVIOUS 2:CURRENT+PENDING", ""},
		},
		"the first was the one after all": {
			{"prepare", 1, "x:CURRENT 1:PENDING", ""},
			{"prepare", 2, "x:CURRENT 2:PENDING", ""},
			{"confirm", 1, "x:PREVIOUS 1:CURRENT 2:PENDING", ""},
			{"abandon", 2, "x:PREVIOUS 1:CURRENT", ""},
		},
		"prepared anew after it was given up": {
			{"prepare", 1, "x:CURRENT 1:PENDING", ""},
			{"abandon", 1, "x:CURRENT", ""},
			{"prepare", 1, "x:CURRENT 1:PENDING", ""},
			{"confirm", 1, "x:PREVIOUS 1:CURRENT+PENDING", ""},
		},
		"the first night goes on after the second": {
			{"prepare", 1, "x:CURRENT 1:PENDING", ""},
			{"prepare", 2, "x:CURRENT 2:PENDING", ""},
			{"confirm", 2, "x:PREVIOUS 2:CURRENT+PENDING", ""},
			{"confirm", 1, "x:PREVIOUS 2:CURRENT+PENDING", surpassed},
			{"prepare", 3, "x:PREVIOUS 2:CURRENT 3:PENDING", ""},
			{"confirm", 1, "x:PREVIOUS 2:CURRENT 3:PENDING", surpassed},
			{"abandon", 3, "x:PREVIOUS 2:CURRENT", ""},
			{"confirm", 1, "x:PREVIOUS 2:CURRENT", surpassed},
			{"prepare", 1, "x:PREVIOUS 2:CURRENT 1:PENDING", ""}, // if it is to be set again all the same
			{"confirm", 1, "2:PREVIOUS 1:CURRENT+PENDING", ""},
		},
		"the second night ended before it set anything": {
			{"prepare", 1, "x:CURRENT 1:PENDING", ""},
			{"prepare", 2, "x:CURRENT 2:PENDING", ""},
			{"confirm", 1, "x:PREVIOUS 1:CURRENT 2:PENDING", ""},
			{"confirm", 2, "1:PREVIOUS 2:CURRENT+PENDING", ""},
		},
		"never prepared": {
			{"abandon", 1, "", ""},
			{"confirm", 1, "", "is not there any more"},
			{"prepare", 1, "x:CURRENT 1:PENDING", ""},
			{"abandon", 2, "x:CURRENT 1:PENDING", ""},
			{"confirm", 2, "x:CURRENT 1:PENDING", "has no version"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := newSandbox(sandbox.Config{})
			s := openSecrets(t, server)
			for i, step := range steps {
				err := phase(t.Context(), s, step.phase, handover("ana", step.n))
				switch {
				case step.fails == "" && err != nil:
					t.Fatalf("step %d, %s %d: %v", i, step.phase, step.n, err)
				case step.fails != "" && (err == nil || !strings.Contains(err.Error(), step.fails) || mustFault(t, err).Class != runner.UserFault):
					t.Fatalf("step %d, %s %d: got %v, want a fault of the user's: %s", i, step.phase, step.n, err, step.fails)
				}
				// The sandbox lists versions in the order in which they were made.
				if got, want := sorted(stagesOf(server, s.Name("ana"))), sorted(step.stage); got != want {
					t.Fatalf("after step %d, %s %d: got %q, want %q", i, step.phase, step.n, got, want)
				}
			}
		})
	}
}

func sorted(words string) string {
	all := strings.Fields(words)
	slices.Sort(all)
	return strings.Join(all, " ")
}

// A reader finds no password before the first is confirmed, and then that one,
// to the last character.
func TestSecretValues(t *testing.T) {
	server := newSandbox(sandbox.Config{})
	s := openSecrets(t, server)
	for _, username := range []string{"ana", "../admin", "a=2Fb", "🦊", strings.Repeat("a", 128), strings.Repeat("🦊", 128)} {
		h := handover(username, 1)
		h.Password = jobs.NewSecret("a\"<b>&\\ \u2028 é🦊'1")
		if err := phase(t.Context(), s, "prepare", h); err != nil {
			t.Fatalf("%q: %v", username, err)
		}
		if got, want := server.Secret(s.Name(username)).Value, fmt.Sprintf(`{"username":%q,"userPoolId":%q}`, username, testPool); got != want {
			t.Errorf("before: got %s, want %s", got, want)
		}
		got, _, err := s.Fetch(t.Context(), without(h))
		if err != nil || got.Reveal() != h.Password.Reveal() {
			t.Errorf("%q: fetched %q (%v)", username, got.Reveal(), err)
		}
		if err := phase(t.Context(), s, "confirm", h); err != nil {
			t.Fatal(err)
		}
		secret := server.Secret(s.Name(username))
		want := `{"username":"` + username + `","password":"a\"<b>&\\ \u2028 é🦊'1","userPoolId":"` + testPool + `"}`
		if secret.Value != want {
			t.Errorf("after: got %s, want %s", secret.Value, want)
		}
		if tags := map[string]string{"team": "identity", poolTag: testPool, userTag: encodeUsername(username, maxTagValue)}; !maps.Equal(secret.Tags, tags) {
			t.Errorf("%q: got the tags %v, want %v", username, secret.Tags, tags)
		}
	}
	if got := len(server.Secrets()); got != 6 {
		t.Errorf("got %d secrets for 6 users", got)
	}
}

func TestFetch(t *testing.T) {
	server := newSandbox(sandbox.Config{})
	s := openSecrets(t, server)
	for name, test := range map[string]struct {
		prepare []int
		confirm int
		fetch   int
		want    string
	}{
		"no secret":                       {nil, 0, 1, ""},
		"no version":                      {[]int{1}, 0, 2, ""},
		"pending":                         {[]int{1}, 0, 1, "Passw0rd-1!"},
		"the readers'":                    {[]int{1}, 1, 1, "Passw0rd-1!"},
		"without its label, not given up": {[]int{1, 2}, 0, 1, "Passw0rd-1!"},
		"of a night before":               {[]int{1, 2}, 2, 1, ""},
		"of a night before a third":       {[]int{1, 2, 3}, 2, 1, ""},
		"one of several of a night":       {[]int{1, 2, 3}, 1, 2, "Passw0rd-2!"},
	} {
		username := strings.ReplaceAll(name, " ", "-")
		for _, n := range test.prepare {
			if err := phase(t.Context(), s, "prepare", handover(username, n)); err != nil {
				t.Fatal(err)
			}
		}
		if test.confirm > 0 {
			if err := phase(t.Context(), s, "confirm", handover(username, test.confirm)); err != nil {
				t.Fatal(err)
			}
		}
		got, _, err := s.Fetch(t.Context(), without(handover(username, test.fetch)))
		if err != nil || got.Reveal() != test.want || got.IsZero() != (test.want == "") {
			t.Errorf("%s: got %q (%v), want %q", name, got.Reveal(), err, test.want)
		}
	}
	server.SetFaults(sandbox.Faults{User: map[string][]string{"GetSecretValue": {"AccessDeniedException", "500", "throttle"}}})
	for i, want := range []runner.Class{runner.Fatal, runner.Transient, runner.Throttled} {
		password, _, err := s.Fetch(t.Context(), without(handover("pending", 1)))
		if fault := mustFault(t, err); fault.Class != want || !password.IsZero() {
			t.Errorf("request %d: got class %d (%v), want %d", i+1, fault.Class, err, want)
		}
	}
	// What another has put there is nobody's password.
	for _, text := range []string{`{"username":"ana","userPoolId":"` + testPool + `"}`, `{"username":"kim","password":"x","userPoolId":"` + testPool + `"}`, "no JSON, but Passw0rd-1!", `{"username":"ana","password":"x"}`} {
		s := openSecrets(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"SecretString": %q, "VersionId": "x", "VersionStages": ["AWSPENDING"]}`, text)
		}))
		password, _, err := s.Fetch(t.Context(), without(handover("ana", 1)))
		if fault := mustFault(t, err); fault.Class != runner.UserFault || !password.IsZero() || strings.Contains(err.Error(), "Passw0rd-1!") {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

// A secret that is not cogpass's for the user of the pool is never written nor
// given a label.
func TestForeignSecret(t *testing.T) {
	mine := map[string]string{poolTag: testPool, userTag: "ana"}
	with := func(key, value string) map[string]string {
		tags := maps.Clone(mine)
		tags[key] = value
		return tags
	}
	for name, test := range map[string]struct {
		tags map[string]string
		want string
	}{
		"no tags":        {nil, "is not cogpass's"},
		"another pool":   {with(poolTag, "us-west-2_bbbbbbbbb"), "is not cogpass's"},
		"another user":   {with(userTag, "kim"), "is not cogpass's"},
		"another's case": {with(userTag, "Ana"), "is not cogpass's"},
		"no user":        {map[string]string{poolTag: testPool}, "is not cogpass's"},
	} {
		server := newSandbox(sandbox.Config{})
		s := openSecrets(t, server)
		server.PutSecret(sandbox.Secret{Name: s.Name("ana"), Value: "theirs", Tags: test.tags})
		before := fmt.Sprint(server.Secrets())
		for _, what := range []string{"prepare", "confirm", "abandon"} {
			err := phase(t.Context(), s, what, handover("ana", 1))
			if fault := mustFault(t, err); fault.Class != runner.UserFault || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s, %s: got class %d: %v", name, what, fault.Class, err)
			}
		}
		if after := fmt.Sprint(server.Secrets()); after != before {
			t.Errorf("%s: got %s, want %s as before", name, after, before)
		}
	}
}

func TestDeletedSecret(t *testing.T) {
	server := newSandbox(sandbox.Config{})
	s := openSecrets(t, server)
	server.PutSecret(sandbox.Secret{Name: s.Name("ana"), Value: "old", Tags: map[string]string{poolTag: testPool, userTag: "ana"}, Deleted: true})
	for _, what := range []string{"prepare", "confirm", "abandon", "fetch"} {
		err := phase(t.Context(), s, what, handover("ana", 1))
		if fault := mustFault(t, err); fault.Class != runner.UserFault || !strings.Contains(err.Error(), "marked for deletion") {
			t.Errorf("%s: got class %d: %v", what, fault.Class, err)
		}
	}
}

// One that was made beforehand, with cogpass's tags and without a value, gets a
// first version that has no password.
func TestSecretWithoutAVersion(t *testing.T) {
	server := newSandbox(sandbox.Config{})
	s := openSecrets(t, server)
	server.PutSecret(sandbox.Secret{Name: s.Name("ana"), Tags: map[string]string{poolTag: testPool, userTag: "ana"}})
	if err := phase(t.Context(), s, "prepare", handover("ana", 1)); err != nil {
		t.Fatal(err)
	}
	if got := stagesOf(server, s.Name("ana")); got != "x:CURRENT 1:PENDING" || strings.Contains(server.Secret(s.Name("ana")).Value, "password") {
		t.Errorf("got %q, and a reader gets %s", got, server.Secret(s.Name("ana")).Value)
	}
}

// Two that make a user's secret at once both find it made.
func TestSecretRace(t *testing.T) {
	server := newSandbox(sandbox.Config{})
	var s *Secrets
	var raced atomic.Bool
	s = openSecrets(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".CreateSecret") && raced.CompareAndSwap(false, true) {
			if err := phase(context.Background(), s, "prepare", handover("ana", 1)); err != nil {
				t.Error(err)
			}
		}
		server.ServeHTTP(w, r)
	}))
	if err := phase(t.Context(), s, "prepare", handover("ana", 2)); err != nil {
		t.Fatal(err)
	}
	if got := stagesOf(server, s.Name("ana")); got != "x:CURRENT 2:PENDING" {
		t.Errorf("got %q", got)
	}
}

// What a secret costs in requests, in the quota of 50 a second above all.
func TestSecretRequests(t *testing.T) {
	server := newSandbox(sandbox.Config{})
	s := openSecrets(t, server)
	count := func() map[string]int {
		n := map[string]int{}
		for operation, stats := range server.Stats().Operations {
			n[operation] = stats.Requests
		}
		return n
	}
	for n, want := range []map[string]int{
		{"DescribeSecret": 2, "CreateSecret": 1, "PutSecretValue": 1, "UpdateSecretVersionStage": 1},
		{"DescribeSecret": 4, "CreateSecret": 1, "PutSecretValue": 2, "UpdateSecretVersionStage": 2},
		{"DescribeSecret": 6, "CreateSecret": 1, "PutSecretValue": 3, "UpdateSecretVersionStage": 3},
	} {
		for _, what := range []string{"prepare", "confirm"} {
			if err := phase(t.Context(), s, what, handover("ana", n+1)); err != nil {
				t.Fatal(err)
			}
		}
		if got := count(); !maps.Equal(got, want) {
			t.Errorf("after night %d: got %v, want %v", n+1, got, want)
		}
	}
}
