package hostile_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cogpass/runner/hostile"
	"cogpass/runner/sandbox"
)

const poolID = "us-west-2_aaaaaaaaa"

func newPool() *sandbox.Server {
	s := sandbox.New(sandbox.Config{})
	s.AddPool(sandbox.Pool{ID: poolID})
	for _, name := range []string{"ana", "bo"} {
		s.AddUser(poolID, sandbox.User{Username: name, Enabled: true, Attributes: map[string]string{"email": "a@example.com", "email_verified": "true"}})
	}
	return s
}

// send sends a request, reads 1 MB of the answer at most, and returns its status;
// 0 where there is none.
func send(t *testing.T, ctx context.Context, url, operation, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	r.Header.Set("Authorization", "any")
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(r)
	if err != nil {
		return 0, ""
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return response.StatusCode, string(text)
}

// Every way carries out what it says, once, and for its own user only.
func TestWays(t *testing.T) {
	seen := map[hostile.Way]bool{}
	for _, spec := range hostile.Ways() {
		t.Run(string(spec.Way), func(t *testing.T) {
			if seen[spec.Way] {
				t.Errorf("there are two ways %q", spec.Way)
			}
			seen[spec.Way] = true
			pool := newPool()
			endpoint := &hostile.Endpoint{Handler: pool, Pace: time.Millisecond}
			endpoint.Add(hostile.Rule{User: "ana", Way: spec.Way})
			server := httptest.NewServer(endpoint)
			defer server.Close()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if !spec.Ends {
				go func() {
					for endpoint.Met(spec.Way) == 0 || spec.Done && pool.Counts(poolID, "ana").Resets == 0 {
						time.Sleep(time.Millisecond)
					}
					cancel()
				}()
			}
			operation, body := "AdminResetUserPassword", `{"UserPoolId": %q, "Username": %q}`
			if spec.Look {
				operation, body = "ListUsers", `{"UserPoolId": %q, "Filter": "username = \"%s\""}`
			}
			_, spoiled := send(t, ctx, server.URL, operation, fmt.Sprintf(body, poolID, "ana"))
			want := 0
			if spec.Done && !spec.Look {
				want = 1
			}
			if got := pool.Counts(poolID, "ana").Resets; got != want {
				t.Errorf("ana was reset %d times, want %d", got, want)
			}
			status, plain := send(t, t.Context(), server.URL, operation, fmt.Sprintf(body, poolID, "bo"))
			if status != http.StatusOK || spec.Look && strings.ReplaceAll(plain, "bo", "ana") == spoiled {
				t.Errorf("bo meets %d, want 200, and another answer than ana's", status)
			}
			if got := endpoint.Met(spec.Way); got != 1 {
				t.Errorf("%d requests were spoiled, want 1", got)
			}
		})
	}
}

// A rule holds as often as it says, and then the next.
func TestRules(t *testing.T) {
	endpoint := &hostile.Endpoint{Handler: newPool()}
	endpoint.Add(hostile.Rule{Operation: "DescribeUserPool", Way: hostile.HTML404})
	endpoint.Add(hostile.Rule{User: "ana", Way: hostile.HTML403, Times: 2})
	endpoint.Add(hostile.Rule{User: "ana", Way: hostile.Bare429, Times: 1})
	server := httptest.NewServer(endpoint)
	defer server.Close()
	reset := func() int {
		status, _ := send(t, t.Context(), server.URL, "AdminResetUserPassword", `{"UserPoolId": "`+poolID+`", "Username": "ana"}`)
		return status
	}
	for i, want := range []int{403, 403, 429, 200} {
		if got := reset(); got != want {
			t.Errorf("request %d: got %d, want %d", i+1, got, want)
		}
	}
	if status, _ := send(t, t.Context(), server.URL, "DescribeUserPool", `{"UserPoolId": "`+poolID+`"}`); status != 404 {
		t.Errorf("another operation: got %d, want 404", status)
	}
	endpoint.Clear()
	if status, _ := send(t, t.Context(), server.URL, "DescribeUserPool", `{"UserPoolId": "`+poolID+`"}`); status != 200 {
		t.Errorf("without rules: got %d, want 200", status)
	}
}
