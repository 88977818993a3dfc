package cognito

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

// settings gives a test shared config files of its own, and no other setting.
func settings(t *testing.T, conf, credentials string) {
	t.Helper()
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
			os.Unsetenv(name)
		}
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"config": conf, "credentials": credentials} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(dir, "config"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(dir, "credentials"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

const (
	someConfig      = "[default]\nregion = us-east-1\n[profile other]\nregion = eu-west-1\n"
	someCredentials = "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = s\n[other]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = s\n"
)

func TestOpenSays(t *testing.T) {
	tests := map[string]struct {
		conf, credentials string
		env               map[string]string
		open              Config
		kind              ConfigKind
		name, hint        string
	}{
		"no Region":         {credentials: someCredentials, kind: NoRegion, hint: "AWS_REGION"},
		"no credentials":    {conf: someConfig, kind: NoCredentials, hint: "aws sso login"},
		"bad credentials":   {conf: "[default]\nregion = us-east-1\ncredential_process = /nonexistent/command\n", kind: BadCredentials, hint: "aws sso login"},
		"unknown profile":   {conf: someConfig, credentials: someCredentials, open: Config{Profile: "nope"}, kind: UnknownProfile, name: "nope", hint: "list-profiles"},
		"unknown, from env": {conf: someConfig, credentials: someCredentials, env: map[string]string{"AWS_PROFILE": "nope"}, kind: UnknownProfile, name: "nope", hint: "list-profiles"},
		"no CA bundle":      {conf: someConfig, credentials: someCredentials, open: Config{CABundle: "/nonexistent.pem"}, kind: BadSettings, name: "/nonexistent.pem"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			settings(t, tt.conf, tt.credentials)
			for k, v := range tt.env {
				t.Setenv(k, v)
			}
			client, err := Open(context.Background(), tt.open)
			if err == nil {
				err = client.Check(context.Background())
			}
			var conf *ConfigError
			if !errors.As(err, &conf) {
				t.Fatalf("got %v, want a ConfigError", err)
			}
			if conf.Kind != tt.kind || conf.Name != tt.name || !strings.Contains(conf.Hint(), tt.hint) {
				t.Errorf("got kind %d, name %q, hint %q; want %d, %q, %q", conf.Kind, conf.Name, conf.Hint(), tt.kind, tt.name, tt.hint)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("got more than a line: %q", err)
			}
		})
	}
}

// A process that writes something else than credentials may have written a key.
func TestCredentialProcessIsNotQuoted(t *testing.T) {
	for name, process := range map[string]string{
		"no JSON":    `echo "AKIACANARY canary-secret-key"`,
		"half JSON":  `printf {\"Version\":1,\"SecretAccessKey\":\"canary-secret-key\"`,
		"no key":     `echo {\"Version\":1,\"SecretAccessKey\":\"canary-secret-key\"}`,
		"it failed":  `echo canary-secret-key; exit 7`,
		"no version": `echo {\"SecretAccessKey\":\"canary-secret-key\"}`,
	} {
		t.Run(name, func(t *testing.T) {
			client := openProcess(t, process)
			_, _, described := client.Describe(t.Context(), testPool)
			for _, err := range []error{client.Check(t.Context()), described} {
				if err == nil || strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), "credential_process") {
					t.Errorf("got %v", err)
				}
			}
		})
	}
}

// A request whose credentials could not be fetched has not left, though the one
// for them has.
func TestNotSentWithoutCredentials(t *testing.T) {
	for name, tt := range map[string]struct {
		answer http.HandlerFunc
		want   runner.Class
	}{
		"no answer": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, runner.Transient},
		"refused": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>")
		}, runner.Fatal},
	} {
		t.Run(name, func(t *testing.T) {
			sts := httptest.NewServer(tt.answer)
			defer sts.Close()
			settings(t, "[default]\nregion = us-west-2\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = other\n",
				"[other]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = s\n")
			t.Setenv("AWS_ENDPOINT_URL_STS", sts.URL)
			client, err := Open(t.Context(), Config{EndpointURL: "http://127.0.0.1:1"})
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.Directory(Pool{ID: testPool}).Do(t.Context(), runner.Task{Username: "ana", Action: jobs.Reset})
			if fault := mustFault(t, err); fault.Class != tt.want {
				t.Errorf("got class %d (%v), want %d: %v", fault.Class, err, tt.want, fault.Err)
			}
		})
	}
}

// Credentials that do not come hold nothing up for ever.
func TestCredentialsHaveATimeLimit(t *testing.T) {
	client := openProcess(t, "exec >/dev/null 2>&1; sleep 3") // lets go of the test's own streams
	client.credentialsIn, client.answerIn = 50*time.Millisecond, 50*time.Millisecond
	var conf *ConfigError
	if err := client.Check(t.Context()); !errors.As(err, &conf) || conf.Kind != BadCredentials || !strings.Contains(err.Error(), "no answer in time") {
		t.Errorf("got %v, want that no answer came in time", err)
	}
	_, err := client.Directory(Pool{ID: testPool}).Do(t.Context(), runner.Task{Username: "ana", Action: jobs.Reset})
	if fault := mustFault(t, err); fault.Class != runner.Transient {
		t.Errorf("got class %d (%v), want one that was not sent", fault.Class, err)
	}
}

// openProcess returns a client whose credentials a command writes.
func openProcess(t *testing.T, command string) *Client {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the commands are a shell's")
	}
	settings(t, "[default]\nregion = us-west-2\ncredential_process = "+command+"\n", "")
	client, err := Open(t.Context(), Config{EndpointURL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestEndpointAndIdentity(t *testing.T) {
	var path, authorization string
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		path, authorization = r.URL.Path, r.Header.Get("Authorization")
	}))
	defer server.Close()
	elsewhere := "http://127.0.0.1:1"
	tests := map[string]struct {
		conf string
		env  map[string]string
		open Config
		want []string // in the signature
	}{
		"option":           {open: Config{EndpointURL: server.URL, Region: "ap-south-1"}, env: map[string]string{"AWS_ENDPOINT_URL": elsewhere}, want: []string{"AKIADEFAULT", "ap-south-1"}},
		"service's own":    {env: map[string]string{"AWS_ENDPOINT_URL": elsewhere, "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": server.URL}, want: []string{"us-east-1"}},
		"for all":          {env: map[string]string{"AWS_ENDPOINT_URL": server.URL}, want: []string{"us-east-1"}},
		"profile":          {open: Config{Profile: "other", EndpointURL: server.URL}, want: []string{"AKIAOTHER", "eu-west-1"}},
		"services":         {conf: "[default]\nregion = us-east-1\nservices = here\n[services here]\ncognito_identity_provider =\n  endpoint_url = " + server.URL + "\n", want: []string{"us-east-1"}},
		"profile beats":    {open: Config{Profile: "other", EndpointURL: server.URL}, env: map[string]string{"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "s"}, want: []string{"AKIAOTHER"}},
		"FIPS is left out": {open: Config{EndpointURL: server.URL}, env: map[string]string{"AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "true"}, want: []string{"AKIADEFAULT"}},
		"not signed":       {open: Config{NoSign: true, EndpointURL: server.URL}},
		"timeouts of old":  {open: Config{EndpointURL: server.URL, ConnectTimeout: -1, ReadTimeout: -1}, want: []string{"AKIADEFAULT"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			conf := tt.conf
			if conf == "" {
				conf = someConfig
			}
			settings(t, conf, someCredentials)
			for k, v := range tt.env {
				t.Setenv(k, v)
			}
			client, err := Open(context.Background(), tt.open)
			if err != nil {
				t.Fatal(err)
			}
			before := calls.Load()
			if _, err := client.Call(context.Background(), AdminSetUserPassword, []byte("{}")); err != nil {
				t.Fatal(err)
			}
			if calls.Load() != before+1 || path != "/" {
				t.Errorf("got %d calls, path %q", calls.Load()-before, path)
			}
			for _, want := range tt.want {
				if !strings.Contains(authorization, want) {
					t.Errorf("%s is not in the signature %q", want, authorization)
				}
			}
			if tt.open.NoSign && authorization != "" {
				t.Errorf("got signature %q, want none", authorization)
			}
		})
	}
}

// A large run keeps its connections: it would run out of ports otherwise.
func TestConnectionsAreKept(t *testing.T) {
	settings(t, someConfig, someCredentials)
	var opened atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(5 * time.Millisecond): // as far as a server is at least
		case <-r.Context().Done():
		}
		w.Write([]byte("{}"))
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	const conns = 32
	client, err := Open(context.Background(), Config{EndpointURL: server.URL, Conns: conns})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range conns {
		wg.Go(func() {
			for range 20 {
				if _, err := client.Call(context.Background(), AdminResetUserPassword, []byte("{}")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := opened.Load(); n > 2*conns {
		t.Errorf("got %d connections for %d at a time, want %d at most", n, conns, 2*conns)
	}
}
