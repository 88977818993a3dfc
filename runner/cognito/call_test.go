package cognito

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func open(t *testing.T, c Config) *Client {
	t.Helper()
	settings(t, someConfig, someCredentials)
	client, err := Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestCallSendsTheBodyAsItIs(t *testing.T) {
	var body, target, contentType string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		body, target, contentType = string(data), r.Header.Get("X-Amz-Target"), r.Header.Get("Content-Type")
		w.Header().Set("X-Amzn-Requestid", "r-1")
		w.WriteHeader(http.StatusTeapot)
		io.WriteString(w, "not JSON")
	}))
	defer server.Close()
	client := open(t, Config{EndpointURL: server.URL})
	for op, sent := range map[Operation]string{
		AdminSetUserPassword:   `{"Permanent": false, "Password": "", "Other": [null]}`,
		AdminResetUserPassword: `{"ClientMetadata": {}}`,
	} {
		answer, err := client.Call(context.Background(), op, []byte(sent))
		if err != nil {
			t.Fatal(err)
		}
		if body != sent || target != "AWSCognitoIdentityProviderService."+string(op) || contentType != "application/x-amz-json-1.1" {
			t.Errorf("got body %s, target %s, type %s; want %s, %s", body, target, contentType, sent, op)
		}
		if answer.Status != http.StatusTeapot || string(answer.Body) != "not JSON" || answer.Header.Get("X-Amzn-Requestid") != "r-1" {
			t.Errorf("got %+v", answer)
		}
	}
}

func TestCallFaults(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // or else the server does not see the client leave
		<-r.Context().Done()
	}
	drop := func(w http.ResponseWriter, r *http.Request) {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			conn.Close()
		}
	}
	half := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "{")
	}
	tests := map[string]struct {
		handler http.HandlerFunc
		url     string
		tls     bool
		want    CallFault
	}{
		"refused": {url: "http://127.0.0.1:1", want: Unreachable},
		"silence": {handler: hang, want: ReadTimeout},
		"dropped": {handler: drop, want: Closed},
		"cut off": {handler: half, want: Closed},
		"TLS":     {handler: hang, tls: true, want: BadTLS},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			url := tt.url
			if tt.handler != nil {
				server := httptest.NewUnstartedServer(tt.handler)
				if tt.tls {
					server.StartTLS()
				} else {
					server.Start()
				}
				defer server.Close()
				url = server.URL
			}
			client := open(t, Config{EndpointURL: url, ReadTimeout: 200 * time.Millisecond})
			_, err := client.Call(context.Background(), AdminSetUserPassword, []byte("{}"))
			var fault *CallError
			if !errors.As(err, &fault) || fault.Fault != tt.want {
				t.Errorf("got %v, want fault %d", err, tt.want)
			}
		})
	}
}
