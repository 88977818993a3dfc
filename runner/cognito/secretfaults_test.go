package cognito

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/hostile"
	"cogpass/runner/sandbox"
)

// Whatever is lost or fails on the way, a phase that is repeated until it works
// has the effect of doing it once.
func TestSecretFaults(t *testing.T) {
	night := []string{"prepare", "confirm"}
	for _, operation := range []string{"DescribeSecret", "CreateSecret", "PutSecretValue", "UpdateSecretVersionStage"} {
		question := operation == "DescribeSecret"
		for fault, want := range map[string]runner.Class{
			"lost-before": runner.InDoubt, "lost-after": runner.InDoubt, "500": runner.InDoubt, "throttle": runner.Throttled,
			"ServiceUnavailableException": runner.InDoubt, "AccessDeniedException": runner.Fatal, "UnrecognizedClientException": runner.Fatal,
			"ExpiredTokenException": runner.Fatal, "EncryptionFailure": runner.Fatal, "LimitExceededException": runner.UserLimit,
			"InvalidRequestException": runner.UserFault, "NobodyHasHeardOfException": runner.UserFault,
		} {
			if question && (fault == "500" || fault == "ServiceUnavailableException") {
				want = runner.Transient
			}
			server := newSandbox(sandbox.Config{})
			s := openSecrets(t, server)
			server.SetFaults(sandbox.Faults{User: map[string][]string{operation: {fault}}})
			met := 0
			for _, what := range append(night, "prepare", "abandon") {
				h := handover("ana", 1)
				if met > 0 && what == "abandon" {
					h = handover("ana", 2)
				}
				err := phase(t.Context(), s, what, h)
				if err == nil {
					continue
				}
				met++
				if got := mustFault(t, err); got.Class != want || strings.Contains(err.Error(), "Passw0rd") {
					t.Errorf("%s, %s, %s: got class %d (%v), want %d", operation, fault, what, got.Class, err, want)
				}
				if err := phase(t.Context(), s, what, h); err != nil {
					t.Errorf("%s, %s, %s again: %v", operation, fault, what, err)
				}
			}
			if got := stagesOf(server, s.Name("ana")); met != 1 || sorted(got) != "1:CURRENT+PENDING x:PREVIOUS" {
				t.Errorf("%s, %s: got %q after %d faults", operation, fault, got, met)
			}
			if n := len(server.Secret(s.Name("ana")).Versions); n != 2 {
				t.Errorf("%s, %s: got %d versions, want 2", operation, fault, n)
			}
		}
	}
}

// A secret that went between a look and what followed is looked at again.
func TestSecretGoesMeanwhile(t *testing.T) {
	for operation, what := range map[string]string{"PutSecretValue": "prepare", "UpdateSecretVersionStage": "confirm"} {
		server := newSandbox(sandbox.Config{})
		s := openSecrets(t, server)
		server.SetFaults(sandbox.Faults{User: map[string][]string{operation: {"ResourceNotFoundException"}}})
		if what == "confirm" {
			if err := phase(t.Context(), s, "prepare", handover("ana", 1)); err != nil {
				t.Fatal(err)
			}
		}
		err := phase(t.Context(), s, what, handover("ana", 1))
		if fault := mustFault(t, err); fault.Class != runner.Transient {
			t.Errorf("%s: got class %d (%v), want transient", operation, fault.Class, err)
		}
	}
}

// One password a version: another under the same name is refused, and neither
// is in the error.
func TestSecretVersionHasOnePassword(t *testing.T) {
	server := newSandbox(sandbox.Config{})
	s := openSecrets(t, server)
	h := handover("ana", 1)
	if err := phase(t.Context(), s, "prepare", h); err != nil {
		t.Fatal(err)
	}
	h.Password = jobs.NewSecret("An0ther-one!")
	err := phase(t.Context(), s, "prepare", h)
	if fault := mustFault(t, err); fault.Class != runner.UserFault || !strings.Contains(err.Error(), "has another value") || strings.Contains(err.Error(), "An0ther") {
		t.Errorf("got class %d (%v)", fault.Class, err)
	}
}

// No way of an endpoint brings the password into an error, and what is said is
// said of Secrets Manager.
func TestHostileSecrets(t *testing.T) {
	for _, spec := range hostile.Ways() {
		if spec.Look {
			continue
		}
		t.Run(string(spec.Way), func(t *testing.T) {
			server := newSandbox(sandbox.Config{})
			endpoint := &hostile.Endpoint{Handler: server, Pace: time.Millisecond}
			web := httptest.NewServer(endpoint)
			d := openAt(t, web.URL)
			t.Cleanup(web.Close)
			switch spec.Way {
			case hostile.Hang, hostile.Trickle, hostile.Stall400:
				d.client.answerIn = 100 * time.Millisecond
			}
			s, err := d.client.Secrets(SecretsConfig{PoolID: testPool, EndpointURL: web.URL})
			if err != nil {
				t.Fatal(err)
			}
			server.PutSecret(sandbox.Secret{Name: s.Name("ana"), Value: "{}", Tags: map[string]string{poolTag: testPool, userTag: "ana"}})
			endpoint.Add(hostile.Rule{Way: spec.Way})
			h := handover("ana", 1)
			h.Password = jobs.NewSecret(hostilePassword)
			_, _, fault := s.put(t.Context(), h)
			want, wrong := verdicts[spec.Way]
			if wrong != (fault != nil) {
				t.Fatalf("got %v, an error is wanted: %v", fault, wrong)
			}
			if !wrong {
				return
			}
			if fault.Class != want.change {
				t.Errorf("got class %d (%v), want %d", fault.Class, fault, want.change)
			}
			for _, text := range []string{fault.Error(), fmt.Sprintf("%+v", fault), fault.Answer.RequestID} {
				if Repeats(text, h.Password) || strings.Contains(text, "Cognito") {
					t.Errorf("got %s", text)
				}
			}
		})
	}
}

// Nights that end anywhere, go on in any order and lose answers: what a reader
// gets was confirmed, and is what was last handed over.
func TestSecretsInAnyOrder(t *testing.T) {
	server := newSandbox(sandbox.Config{})
	s := openSecrets(t, server)
	users := 0
	rapid.Check(t, func(rt *rapid.T) {
		users++
		username := fmt.Sprintf("user-%d", users)
		value := func(n int) string { return s.value(username, handover(username, n).Password) }
		born := map[int]int{} // when a version was first prepared
		confirmed, current := map[int]bool{}, 0
		for step := range rapid.IntRange(1, 12).Draw(rt, "steps") {
			n := rapid.IntRange(1, 3).Draw(rt, "version")
			what := rapid.SampledFrom([]string{"prepare", "confirm", "abandon"}).Draw(rt, "phase")
			pending := strings.Contains(stagesOf(server, s.Name(username)), fmt.Sprintf("%d:PENDING", n))
			fault := rapid.SampledFrom([]string{"ok", "lost-after", "lost-before", "500"}).Draw(rt, "fault")
			faulty := rapid.SampledFrom([]string{"DescribeSecret", "CreateSecret", "PutSecretValue", "UpdateSecretVersionStage"}).Draw(rt, "operation")
			server.SetFaults(sandbox.Faults{User: map[string][]string{faulty: {fault}}})
			err := phase(t.Context(), s, what, handover(username, n))
			if err != nil {
				err = phase(t.Context(), s, what, handover(username, n))
			}
			switch {
			case what == "prepare" && err == nil:
				if born[n] == 0 {
					born[n] = step + 1
				}
			case what == "confirm" && err == nil:
				if !pending && n != current && born[n] < born[current] {
					rt.Fatalf("version %d was confirmed over %d, which is newer", n, current)
				}
				current, confirmed[n] = n, true
			case what == "confirm":
				if pending || n == current || born[n] > born[current] {
					rt.Fatalf("confirming %d after %d: %v", n, current, err)
				}
			case err != nil:
				rt.Fatalf("%s %d: %v", what, n, err)
			}
			want := s.value(username, jobs.Secret{})
			if current > 0 {
				want = value(current)
			}
			secret := server.Secret(s.Name(username))
			if secret.Name != "" && secret.Value != want {
				rt.Fatalf("after %s %d: a reader gets %s, want %s", what, n, secret.Value, want)
			}
			if len(secret.Versions) > 1+len(born) {
				rt.Fatalf("got %d versions of %d passwords", len(secret.Versions), len(born))
			}
		}
	})
}
