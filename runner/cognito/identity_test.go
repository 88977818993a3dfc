package cognito

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cogpass/runner"
	"cogpass/runner/sandbox"
)

// openEverywhere returns a client whose services are all at one endpoint.
func openEverywhere(t *testing.T, h http.Handler) *Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	settings(t, someConfig, someCredentials)
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	client, err := Open(t.Context(), Config{})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestIdentity(t *testing.T) {
	s := newSandbox(sandbox.Config{})
	client := openEverywhere(t, s)
	arn, account, err := client.Identity(t.Context())
	if err != nil || account != sandbox.Account || arn != "arn:aws:iam::"+sandbox.Account+":user/sandbox" {
		t.Errorf("got %q, %q (%v)", arn, account, err)
	}
	s.SetFaults(sandbox.Faults{User: map[string][]string{"GetCallerIdentity": {"500", "AccessDenied: no", "ok"}}})
	for i, want := range []runner.Class{runner.Transient, runner.Fatal} {
		_, _, err := client.Identity(t.Context())
		if fault := mustFault(t, err); fault.Class != want {
			t.Errorf("request %d: got class %d (%v), want %d", i+1, fault.Class, err, want)
		}
	}
	if _, _, err := client.Identity(t.Context()); err != nil {
		t.Errorf("after the faults: %v", err)
	}
}

// An answer that names nobody is no identity, and none is shown that is no ARN.
func TestIdentityOfNobody(t *testing.T) {
	const answer = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>%s</GetCallerIdentityResult></GetCallerIdentityResponse>`
	for name, tt := range map[string]struct {
		status int
		body   string
		class  runner.Class
	}{
		"empty":       {200, fmt.Sprintf(answer, ""), runner.Unreadable},
		"no account":  {200, fmt.Sprintf(answer, "<Arn>arn:aws:iam::123456789012:user/x</Arn>"), runner.Unreadable},
		"no ARN":      {200, fmt.Sprintf(answer, "<Arn>&#27;[31m</Arn><Account>123456789012</Account>"), runner.Unreadable},
		"a portal":    {200, "<html>Please sign in</html>", runner.Unreadable},
		"a refusal":   {403, "<html>no</html>", runner.Fatal},
		"expired":     {403, `<ErrorResponse><Error><Code>ExpiredToken</Code><Message>expired</Message></Error></ErrorResponse>`, runner.Fatal},
		"unavailable": {503, "", runner.Transient},
	} {
		client := openEverywhere(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(tt.status)
			fmt.Fprint(w, tt.body)
		}))
		_, _, err := client.Identity(t.Context())
		if fault := mustFault(t, err); fault.Class != tt.class || strings.ContainsAny(err.Error(), "\x1b\n") {
			t.Errorf("%s: got class %d (%q), want %d", name, fault.Class, err, tt.class)
		}
	}
}

// The caller's time limit holds, and is told.
func TestIdentityTakesNoLonger(t *testing.T) {
	client := openEverywhere(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		<-r.Context().Done()
	}))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, _, err := client.Identity(ctx)
	if fault := mustFault(t, err); fault.Message != "no answer in time" {
		t.Errorf("got %v", err)
	}
}

// AWS's own STS is not asked about an endpoint that is given for Cognito alone.
func TestAsksSTS(t *testing.T) {
	const here = "http://127.0.0.1:1"
	for name, tt := range map[string]struct {
		env  map[string]string
		open Config
		want bool
	}{
		"AWS":                         {nil, Config{}, true},
		"all services here":           {map[string]string{"AWS_ENDPOINT_URL": here}, Config{}, true},
		"Cognito here":                {map[string]string{"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": here}, Config{}, false},
		"Cognito here, by flag":       {nil, Config{EndpointURL: here}, false},
		"both here":                   {map[string]string{"AWS_ENDPOINT_URL_STS": here}, Config{EndpointURL: here}, true},
		"STS here":                    {map[string]string{"AWS_ENDPOINT_URL_STS": here}, Config{}, true},
		"all services, but no signs":  {map[string]string{"AWS_ENDPOINT_URL": here}, Config{NoSign: true}, false},
		"endpoints that are not used": {map[string]string{"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": here, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, Config{}, true},
	} {
		settings(t, someConfig, someCredentials)
		for k, v := range tt.env {
			t.Setenv(k, v)
		}
		client, err := Open(t.Context(), tt.open)
		if err != nil {
			t.Fatal(err)
		}
		if got := client.AsksSTS(); got != tt.want {
			t.Errorf("%s: got %v, want %v", name, got, tt.want)
		}
	}
}
