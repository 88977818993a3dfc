package cognito

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	smithyhttp "github.com/aws/smithy-go/transport/http"

	"cogpass/jobs"
	"cogpass/runner"
)

// TestProxy holds that a proxy that lets nothing through is told from the service, and
// blamed on nobody's user: no request has left.
func TestProxy(t *testing.T) {
	answering := func(status int) string {
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodConnect {
				t.Errorf("the proxy got a %s", r.Method)
			}
			w.WriteHeader(status)
		}))
		t.Cleanup(proxy.Close)
		return strings.TrimPrefix(proxy.URL, "http://")
	}
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	for name, c := range map[string]struct {
		proxy         string
		want          runner.Class
		message, hint string
	}{
		"wants a password": {answering(407), runner.Fatal, "does not connect: HTTP status 407 Proxy Authentication Required", "NAME:PASSWORD"},
		"forbids":          {answering(403), runner.Fatal, "does not connect: HTTP status 403 Forbidden", "HTTPS_PROXY"},
		"cannot reach it":  {answering(502), runner.Transient, "does not connect: HTTP status 502 Bad Gateway", "HTTPS_PROXY"},
		"is not there":     {gone.Addr().String(), runner.Host, "no connection to the proxy: connection refused", ""},
	} {
		client := transport(Config{}).WithTransportOptions(func(tr *http.Transport) {
			tr.Proxy = http.ProxyURL(&url.URL{Scheme: "http", User: url.UserPassword("ana", "hunter2"), Host: c.proxy})
		})
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://cognito-idp.us-west-2.example/", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err == nil {
			response.Body.Close()
			t.Fatalf("%s: got an answer", name)
		}
		fault := classify(&smithyhttp.RequestSendError{Err: err}, attempt{changes: true})
		hint := ""
		if adviser, ok := fault.Err.(interface{ Hint() string }); ok {
			hint = adviser.Hint()
		}
		if fault.Class != c.want || !strings.Contains(fault.Message, c.message) || !strings.Contains(hint, c.hint) || strings.Contains(fault.Message+hint, "hunter2") {
			t.Errorf("%s: got class %d, %q, hint %q; want class %d", name, fault.Class, fault.Message, hint, c.want)
		}
	}
}

// TestSpellingsOfTheType holds that an error is known by its type in whatever form AWS
// gives it.
func TestSpellingsOfTheType(t *testing.T) {
	const code = "TooManyRequestsException"
	for _, spelling := range []string{code, "com.amazonaws.cognitoidentityprovider#" + code, code + ":http://internal.amazon.com/coral/com.amazon.coral.service/",
		"aws.protocoltests#" + code + ":http://internal.amazon.com/"} {
		for name, answer := range map[string]struct{ header, body string }{
			"in the header":   {spelling, `{"message": "Rate exceeded"}`},
			"as __type":       {"", `{"__type": "` + spelling + `", "message": "Rate exceeded"}`},
			"as code":         {"", `{"code": "` + spelling + `", "Message": "Rate exceeded"}`},
			"in both":         {spelling, `{"__type": "` + spelling + `"}`},
			"with no message": {spelling, `{}`},
		} {
			d := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if answer.header != "" {
					w.Header()["x-amzn-errortype"] = []string{answer.header} // as it is spelt
				}
				w.WriteHeader(http.StatusBadRequest)
				w.Write([]byte(answer.body))
			}))
			_, err := d.Do(t.Context(), runner.Task{Username: "ana", Action: jobs.Reset})
			if fault := mustFault(t, err); fault.Class != runner.Throttled || fault.Code != code {
				t.Errorf("%s %s: got class %d, code %q", spelling, name, fault.Class, fault.Code)
			}
		}
	}
}

// TestRetryAfter holds that a 503 with Retry-After is a doubt about what was sent, like
// any other, for whoever wrote it.
func TestRetryAfter(t *testing.T) {
	d := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "86400")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	_, err := d.Do(t.Context(), runner.Task{Username: "ana", Action: jobs.Reset})
	if fault := mustFault(t, err); fault.Class != runner.InDoubt {
		t.Errorf("got class %d, %q", fault.Class, fault.Message)
	}
}
