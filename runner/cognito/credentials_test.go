package cognito

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/sandbox"
)

const (
	tenantPool    = "us-west-2_bbbbbbbbb"
	tenantAccount = "111122223333"
)

var tenantRole = jobs.Role{ARN: "arn:aws:iam::111122223333:role/cogpass", ExternalID: "e-1", SessionName: "night"}

// tenant is a sandbox with a pool that is found only as a role of its account, and
// a Client as that role.
func tenant(t *testing.T, faults map[string][]string) (*sandbox.Server, *Client) {
	t.Helper()
	settings(t, someConfig, someCredentials)
	server := sandbox.New(sandbox.Config{Faults: sandbox.Faults{User: faults}})
	server.AddPool(sandbox.Pool{ID: tenantPool, Account: tenantAccount})
	for _, name := range []string{"ana", "bo"} {
		server.AddUser(tenantPool, sandbox.User{Username: name, Enabled: true, Attributes: map[string]string{"email": name + "@example.com", "email_verified": "true"}})
	}
	at := httptest.NewServer(server)
	t.Cleanup(at.Close)
	t.Setenv("AWS_ENDPOINT_URL", at.URL)
	client, err := Open(t.Context(), Config{Region: "us-west-2", Role: tenantRole})
	if err != nil {
		t.Fatal(err)
	}
	return server, client
}

func resetOf(t *testing.T, c *Client, username string) error {
	t.Helper()
	_, err := c.Directory(Pool{ID: tenantPool}).Do(t.Context(), runner.Task{Username: username, Action: jobs.Reset})
	return err
}

// All that a job asks is asked as its role, which is assumed once.
func TestRole(t *testing.T) {
	server, client := tenant(t, nil)
	if err := client.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := client.Describe(t.Context(), tenantPool); err != nil {
		t.Errorf("describing: %v", err)
	}
	if err := resetOf(t, client, "ana"); err != nil {
		t.Errorf("resetting: %v", err)
	}
	arn, account, err := client.Identity(t.Context())
	if arn != "arn:aws:sts::111122223333:assumed-role/cogpass/night" || account != tenantAccount || err != nil {
		t.Errorf("got %s, %s, %v", arn, account, err)
	}
	secrets, err := client.Secrets(SecretsConfig{PoolID: tenantPool})
	if err != nil {
		t.Fatal(err)
	}
	h := runner.Handover{Username: "ana", Version: "01234567-89ab-cdef-0123-456789abcdef", Password: jobs.NewSecret("Correct-horse-7")}
	if _, err := secrets.Prepare(t.Context(), h); err != nil {
		t.Errorf("handing over: %v", err)
	}
	if got := server.Secrets(); len(got) != 1 || !strings.Contains(got[0].ARN, ":"+tenantAccount+":") {
		t.Errorf("got secrets %v", got)
	}
	got := server.Sessions()
	if len(got) != 1 || got[0].Role != tenantRole.ARN || got[0].Name != "night" || got[0].ExternalID != "e-1" {
		t.Errorf("got sessions %+v", got)
	}
	if len(got) == 1 && time.Until(got[0].Expires) < 50*time.Minute {
		t.Errorf("got %s, want an hour", time.Until(got[0].Expires))
	}
}

// Credentials that are refused as expired are fetched anew: the requests that met
// that can be sent again, and nothing of them is in doubt.
func TestRoleIsAssumedAgain(t *testing.T) {
	server, client := tenant(t, nil)
	if err := resetOf(t, client, "ana"); err != nil {
		t.Fatal(err)
	}
	server.ExpireSessions()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			var fault *runner.Error
			if err := resetOf(t, client, "ana"); err != nil && (!errors.As(err, &fault) || fault.Class != runner.Transient) {
				t.Errorf("got %v, want it done or to be sent again", err)
			}
		})
	}
	all.Wait()
	if err := resetOf(t, client, "bo"); err != nil {
		t.Errorf("got %v", err)
	}
	if got := server.Sessions(); len(got) != 2 {
		t.Errorf("the role was assumed %d times, want 2", len(got))
	}
	if got := server.Counts(tenantPool, "bo").Resets; got != 1 {
		t.Errorf("got %d resets", got)
	}
}

// Where the role cannot be assumed any more, a request has not left, whatever STS
// says: it is no task's failure and leaves no doubt.
func TestRoleCannotBeAssumedAgain(t *testing.T) {
	tests := []struct {
		name, fault, want, hint string
		class                   runner.Class
	}{
		{"refused", "AccessDenied: not authorized to perform sts:AssumeRole*", "fetching the AWS credentials: AccessDenied: not authorized", "trust policy", runner.Fatal},
		{"failing", "500*", "fetching the AWS credentials: InternalErrorException", "", runner.Transient},
		{"throttled", "throttle*", "fetching the AWS credentials: TooManyRequestsException", "", runner.Transient},
		{"lost", "lost-before*", "no connection", "", runner.Transient},
		{"expired", "ExpiredToken: The security token included in the request is expired*", "fetching the AWS credentials: ExpiredToken", "", runner.Fatal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server, client := tenant(t, map[string][]string{"AssumeRole": {"ok", tt.fault}})
			if err := resetOf(t, client, "ana"); err != nil {
				t.Fatal(err)
			}
			server.ExpireSessions()
			_ = resetOf(t, client, "bo") // learns that they have expired
			err := resetOf(t, client, "bo")
			var fault *runner.Error
			if !errors.As(err, &fault) || fault.Class != tt.class || !strings.Contains(fault.Message, tt.want) || fault.Unproven || fault.Code != "" {
				t.Fatalf("got %+v, want class %v and %q", fault, tt.class, tt.want)
			}
			var advice interface{ Hint() string }
			if errors.As(fault.Err, &advice) != (tt.hint != "") || advice != nil && !strings.Contains(advice.Hint(), tt.hint) {
				t.Errorf("got hint of %v, want %q", fault.Err, tt.hint)
			}
			if got := server.Counts(tenantPool, "bo"); got.Resets != 0 {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// A hiccup of STS is nobody's affair: it is asked again.
func TestRoleIsAskedForAgain(t *testing.T) {
	server, client := tenant(t, map[string][]string{"AssumeRole": {"500", "lost-before"}})
	if err := client.Check(t.Context()); err != nil || len(server.Sessions()) != 1 {
		t.Errorf("got %v, %d sessions", err, len(server.Sessions()))
	}
}

func TestRoleRefused(t *testing.T) {
	_, client := tenant(t, map[string][]string{"AssumeRole/" + tenantRole.ARN: {"AccessDenied: AKIADEFAULT123456789 is not authorized*"}})
	err := client.Check(t.Context())
	var conf *ConfigError
	if !errors.As(err, &conf) || conf.Kind != RoleRefused || conf.Name != tenantRole.ARN || !strings.Contains(conf.Hint(), "trust policy") {
		t.Fatalf("got %v", err)
	}
	if got := err.Error(); !strings.HasPrefix(got, "the role "+tenantRole.ARN+" cannot be assumed: AccessDenied: ") || strings.Contains(got, "AKIADEFAULT123456789") {
		t.Errorf("got %q", got)
	}
}

// Credentials that cannot be renewed stay expired: the answer is passed on.
func TestFixedCredentialsExpire(t *testing.T) {
	settings(t, someConfig, someCredentials)
	asked := 0
	at := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.WriteHeader(http.StatusBadRequest)
		w.Write([]byte(`{"__type": "com.amazon#ExpiredTokenException", "message": "The security token included in the request is expired"}`))
	}))
	defer at.Close()
	client, err := Open(t.Context(), Config{Region: "us-west-2", EndpointURL: at.URL})
	if err != nil {
		t.Fatal(err)
	}
	var fault *runner.Error
	if err := resetOf(t, client, "ana"); !errors.As(err, &fault) || fault.Class != runner.Fatal || fault.Code != "ExpiredTokenException" || asked != 1 {
		t.Errorf("got %+v after %d requests", fault, asked)
	}
}

// What is sent for credentials does not count as the request that needs them.
func TestLendingLeavesNoTrace(t *testing.T) {
	_, client := tenant(t, nil)
	ctx, f := watch(t.Context())
	if _, err := client.lent.Retrieve(ctx); err != nil || f.sent.Load() || f.connected.Load() {
		t.Errorf("got %v, sent %v, connected %v", err, f.sent.Load(), f.connected.Load())
	}
}

// The time limit of a provider holds whatever the context's.
func TestTimely(t *testing.T) {
	var left time.Duration
	got, err := timely{providerFunc(func(ctx context.Context) error {
		at, _ := ctx.Deadline()
		left = time.Until(at)
		return nil
	})}.Retrieve(context.Background())
	if err != nil || left <= 0 || left > assumeTime {
		t.Errorf("got %v, %v, %s left", got, err, left)
	}
}

type providerFunc func(context.Context) error

func (p providerFunc) Retrieve(ctx context.Context) (aws.Credentials, error) {
	return aws.Credentials{}, p(ctx)
}
