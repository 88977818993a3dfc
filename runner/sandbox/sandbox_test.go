package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

const poolID = "us-west-2_aaaaaaaaa"

// client speaks to a Server over the wire.
type client struct {
	t    testing.TB
	url  string
	http *http.Client
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   map[string]any
}

// code is AWS's error code, or "" for success.
func (a answer) code() string { code, _ := a.body["__type"].(string); return code }

func (a answer) message() string { message, _ := a.body["message"].(string); return message }

// serve starts a Server with one pool, and ends it with the test.
func serve(t testing.TB, c Config) (*Server, *client) {
	t.Helper()
	s := New(c)
	s.AddPool(Pool{ID: poolID, Name: "staff", Policy: DefaultPolicy()})
	url, err := s.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return s, &client{t, url, &http.Client{Transport: transport}}
}

// send sends a body to an operation; the error is the transport's.
func (c *client) send(operation, body string) (answer, error) {
	r, err := http.NewRequest(http.MethodPost, c.url+"/", strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=any")
	return c.do(r)
}

func (c *client) do(r *http.Request) (answer, error) {
	response, err := c.http.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: response.StatusCode, header: response.Header}
	if err := json.Unmarshal(text, &a.body); err != nil {
		return answer{}, fmt.Errorf("answer %q: %w", text, err)
	}
	return a, nil
}

// call sends an input for the pool and wants an answer.
func (c *client) call(operation string, in map[string]any) answer {
	c.t.Helper()
	if _, ok := in["UserPoolId"]; !ok {
		in["UserPoolId"] = poolID
	}
	body, err := json.Marshal(in)
	if err != nil {
		c.t.Fatal(err)
	}
	a, err := c.send(operation, string(body))
	if err != nil {
		c.t.Fatalf("%s: %v", operation, err)
	}
	return a
}

// control asks the control path, and returns the body.
func (c *client) control(method, path, body string) (int, string) {
	c.t.Helper()
	r, err := http.NewRequest(method, c.url+"/sandbox/"+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	response, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(response.Body); err != nil {
		c.t.Fatal(err)
	}
	return response.StatusCode, text.String()
}

// ana is a user who can be reset.
func ana() User {
	return User{
		Username: "ana", Enabled: true, Password: "Passw0rd!",
		Attributes: map[string]string{"email": "ana@example.com", "email_verified": "true"},
	}
}

func TestProtocol(t *testing.T) {
	now := time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)
	s, c := serve(t, Config{Now: func() time.Time { return now }})
	s.AddUser(poolID, ana())
	tests := map[string]struct {
		operation, body string
		unsigned        bool
		status          int
		code, message   string
	}{
		"ok":                {"AdminSetUserPassword", `{"UserPoolId":"` + poolID + `","Username":"ana","Password":"Another1!","Permanent":true}`, false, 200, "", ""},
		"unknown operation": {"AdminEverything", `{}`, false, 400, "UnknownOperationException", ""},
		"unsigned":          {"AdminGetUser", `{"UserPoolId":"` + poolID + `","Username":"ana"}`, true, 400, "UnrecognizedClientException", "security token"},
		"no JSON":           {"AdminGetUser", `{`, false, 400, "SerializationException", ""},
		"wrong type":        {"AdminSetUserPassword", `{"Permanent":"yes"}`, false, 400, "SerializationException", "STRING_VALUE cannot be converted to bool"},
		"no username":       {"AdminGetUser", `{"UserPoolId":"` + poolID + `"}`, false, 400, "InvalidParameterException", "1 validation error detected: Value '' at 'username'"},
		"two faults":        {"AdminGetUser", `{"UserPoolId":"nowhere","Username":"a b"}`, false, 400, "InvalidParameterException", "2 validation errors detected: "},
		"long username":     {"AdminGetUser", `{"UserPoolId":"` + poolID + `","Username":"` + strings.Repeat("ä", 129) + `"}`, false, 400, "InvalidParameterException", "less than or equal to 128"},
		"longest username":  {"AdminGetUser", `{"UserPoolId":"` + poolID + `","Username":"` + strings.Repeat("ä", 128) + `"}`, false, 400, "UserNotFoundException", "User does not exist."},
		"no password":       {"AdminSetUserPassword", `{"UserPoolId":"` + poolID + `","Username":"ana"}`, false, 400, "InvalidParameterException", "'password'"},
		"password edge":     {"AdminSetUserPassword", `{"UserPoolId":"` + poolID + `","Username":"ana","Password":"Secret-1! "}`, false, 400, "InvalidParameterException", "Value at 'password'"},
		"unknown pool":      {"AdminGetUser", `{"UserPoolId":"us-west-2_b","Username":"ana"}`, false, 400, "ResourceNotFoundException", "User pool us-west-2_b does not exist."},
		"unknown user":      {"AdminResetUserPassword", `{"UserPoolId":"` + poolID + `","Username":"bo"}`, false, 400, "UserNotFoundException", "User does not exist."},
		"too large":         {"AdminGetUser", strings.Repeat(" ", maxBody+1), false, 413, "RequestEntityTooLargeException", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r, _ := http.NewRequest(http.MethodPost, c.url, strings.NewReader(test.body))
			r.Header.Set("X-Amz-Target", targetPrefix+test.operation)
			if !test.unsigned {
				r.Header.Set("Authorization", "any")
			}
			got, err := c.do(r)
			if err != nil {
				t.Fatal(err)
			}
			if got.status != test.status || got.code() != test.code || !strings.Contains(got.message(), test.message) {
				t.Errorf("got %d %v, want %d %s with %q", got.status, got.body, test.status, test.code, test.message)
			}
			if kind := got.header.Get("X-Amzn-Errortype"); !strings.HasPrefix(kind, test.code) {
				t.Errorf("error type %q, want %q", kind, test.code)
			}
			if id := got.header.Get("X-Amzn-Requestid"); len(id) != 36 {
				t.Errorf("request ID %q, want a UUID", id)
			}
			if date := got.header.Get("Date"); date != now.Format(http.TimeFormat) {
				t.Errorf("date %q, want the server's clock", date)
			}
			if strings.Contains(got.message(), "Secret-1!") {
				t.Errorf("message %q shows the password", got.message())
			}
		})
	}
}

func TestListenRefusesAnythingButLoopback(t *testing.T) {
	for addr, ok := range map[string]bool{
		"127.0.0.1:0": true, "localhost:0": true, "127.9.9.9:0": true,
		":0": false, "0.0.0.0:0": false, "[::]:0": false, "10.0.0.1:0": false, "example.com:0": false, "127.0.0.1": false,
	} {
		s := New(Config{})
		_, err := s.Listen(addr)
		if (err == nil) != ok {
			t.Errorf("Listen(%q) gives %v, want ok %v", addr, err, ok)
		}
		if err := s.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	}
}

func TestConnectionsAreCounted(t *testing.T) {
	s, c := serve(t, Config{})
	for range 3 {
		c.call("DescribeUserPool", map[string]any{})
	}
	if got := s.Connections(); got != 1 {
		t.Errorf("got %d connections for one client, want 1", got)
	}
}

func TestCloseEndsWaitingRequests(t *testing.T) {
	s, c := serve(t, Config{Latency: time.Hour})
	ended := make(chan error)
	go func() {
		_, err := c.send("DescribeUserPool", `{"UserPoolId":"`+poolID+`"}`)
		ended <- err
	}()
	for len(s.Log()) == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil {
		t.Error("the request was answered, want its connection closed")
	}
}

// TestConcurrentUse does everything at once, for the race detector, and for
// locks that wait for each other.
func TestConcurrentUse(t *testing.T) {
	s, c := serve(t, Config{ListLag: time.Millisecond, Faults: Faults{Throttle: 0.1}})
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for i := range 40 {
				u := ana()
				u.Username = fmt.Sprint("user-", i%10)
				switch (worker + i) % 8 {
				case 0:
					s.AddUser(poolID, u)
				case 1:
					s.AddPool(Pool{ID: poolID, Policy: DefaultPolicy(), AliasAttributes: []string{"email"}})
				case 2:
					s.SetFaults(Faults{Fail: 0.1})
				case 3:
					s.Stats()
				default:
					operation := []string{"ListUsers", "AdminResetUserPassword", "AdminCreateUser", "AdminSetUserPassword"}[(worker+i)%4]
					body := fmt.Sprintf(`{"UserPoolId":%q,"Username":%q,"Password":"Another1!"}`, poolID, u.Username)
					if _, err := c.send(operation, body); err != nil {
						t.Errorf("%s: %v", operation, err)
					}
				}
			}
		})
	}
	all.Wait()
	for _, u := range []string{"user-0", "user-9"} {
		if counts := s.Counts(poolID, u); counts.Sets+counts.Resets > counts.Requests {
			t.Errorf("%s: got %+v, more changes than requests", u, counts)
		}
	}
}

func BenchmarkSetPassword(b *testing.B) {
	s, c := serve(b, Config{})
	s.AddUser(poolID, ana())
	body := `{"UserPoolId":"` + poolID + `","Username":"ana","Password":"Another1!","Permanent":true}`
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if a, err := c.send("AdminSetUserPassword", body); err != nil || a.status != 200 {
				b.Errorf("got %v, %v", a, err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
}
