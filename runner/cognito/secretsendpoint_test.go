package cognito

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"cogpass/runner/sandbox"
)

func TestSecretsEndpoint(t *testing.T) {
	const here, there = "http://127.0.0.1:1", "http://127.0.0.1:2"
	for name, tt := range map[string]struct {
		env  map[string]string
		open Config
		cfg  SecretsConfig
		want string
		one  bool
	}{
		"AWS":                           {nil, Config{}, SecretsConfig{}, "", false},
		"all services here":             {map[string]string{"AWS_ENDPOINT_URL": here}, Config{}, SecretsConfig{}, here, false},
		"Cognito here":                  {map[string]string{"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": here}, Config{}, SecretsConfig{}, "", true},
		"Cognito here, by flag":         {nil, Config{EndpointURL: here}, SecretsConfig{}, "", true},
		"both here":                     {map[string]string{"AWS_ENDPOINT_URL_SECRETS_MANAGER": there}, Config{EndpointURL: here}, SecretsConfig{}, there, false},
		"secrets alone":                 {map[string]string{"AWS_ENDPOINT_URL_SECRETS_MANAGER": there}, Config{}, SecretsConfig{}, there, false},
		"both, one of them by a caller": {nil, Config{EndpointURL: here}, SecretsConfig{EndpointURL: there}, there, false},
		"the caller's before the rest":  {map[string]string{"AWS_ENDPOINT_URL": here}, Config{}, SecretsConfig{EndpointURL: there}, there, false},
		"not used":                      {map[string]string{"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": here, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, Config{}, SecretsConfig{}, "", false},
	} {
		settings(t, someConfig, someCredentials)
		for k, v := range tt.env {
			t.Setenv(k, v)
		}
		client, err := Open(t.Context(), tt.open)
		if err != nil {
			t.Fatal(err)
		}
		got, err := client.SecretsEndpoint(tt.cfg)
		var wrong *ConfigError
		one := errors.As(err, &wrong) && wrong.Kind == OneEndpoint && strings.Contains(wrong.Hint(), "AWS_ENDPOINT_URL_SECRETS_MANAGER")
		if got != tt.want || one != tt.one || !one && err != nil {
			t.Errorf("%s: got %q (%v), want %q, refused: %v", name, got, err, tt.want, tt.one)
		}
		tt.cfg.PoolID = testPool
		if _, err := client.Secrets(tt.cfg); (err != nil) != tt.one {
			t.Errorf("%s: Secrets: got %v, refused: %v", name, err, tt.one)
		}
	}
}

// Requests go to the Region that is asked for.
func TestSecretsRegion(t *testing.T) {
	for region, want := range map[string]string{"": "us-west-2", "eu-west-1": "eu-west-1"} {
		server := newSandbox(sandbox.Config{})
		web := httptest.NewServer(server)
		defer web.Close()
		d := openAt(t, web.URL)
		s, err := d.client.Secrets(SecretsConfig{PoolID: testPool, EndpointURL: web.URL, Region: region, KMSKeyID: "alias/mine"})
		if err != nil {
			t.Fatal(err)
		}
		if err := phase(t.Context(), s, "prepare", handover("ana", 1)); err != nil {
			t.Fatal(err)
		}
		if got := server.Secret(s.Name("ana")); !strings.Contains(got.ARN, ":"+want+":") || got.KMSKey != "alias/mine" {
			t.Errorf("got %s with the key %q, want Region %s", got.ARN, got.KMSKey, want)
		}
	}
}
