package sandbox

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
)

// counters are what a request may change though it is refused.
var counters = regexp.MustCompile(`"(requests|wrong)":[0-9]+`)

// snapshot is all that the control path shows, but for counters of requests.
func snapshot(t *testing.T, s *Server) string {
	t.Helper()
	var all strings.Builder
	for _, path := range []string{"pools", "users", "outbox", "secrets", "tokens", "quotas", "faults", "latency", "emails"} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, controlPath+path, nil))
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
		all.WriteString(counters.ReplaceAllString(w.Body.String(), ""))
	}
	return all.String()
}

// FuzzProtocol sends any request: it is answered in the protocol's form, shows no
// password, and changes nothing where it is refused.
func FuzzProtocol(f *testing.F) {
	const pool = `{"UserPoolId":"` + poolID + `","Username":"ana"`
	for name := range operations {
		target := targetPrefix + name
		if operations[name].secret {
			target = secretsPrefix + name
		}
		f.Add("POST", "/", target, true, pool+`,"Password":"Another1!","Permanent":true,"SecretId":"cogpass/ana","Name":"cogpass/ben","SecretString":"x","ClientId":"uswest2aaaaaaaaa"}`)
		f.Add("POST", "/", target, false, pool+"}")
	}
	for _, path := range []string{"pools", "users?pool=" + poolID, "quotas", "faults", "latency", "clock", "emails"} {
		f.Add("PUT", controlPath+path, "", false, `{"username":"ben"}`+"\n"+`{"username":"cy","status":"NONE"}`)
		f.Add("PUT", controlPath+path, "", false, `{"throttle":2,"latency":"-1s","UserRead":-1,"ahead":"x","daily":-1,"pools":[{"id":"us-west-2_b"},{"id":""}]}`)
	}
	f.Add("GET", controlPath+"users?pool=%zz", "", false, "")
	f.Add("POST", "/", targetPrefix+"ListUsers", true, `{"UserPoolId":"`+poolID+`","Filter":"email ^= \"a\\","Limit":-1,"PaginationToken":"AAAA"}`)
	f.Fuzz(func(t *testing.T, method, path, target string, signed bool, body string) {
		now := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
		s := New(Config{Now: func() time.Time { return now }})
		s.AddPool(Pool{ID: poolID, Name: "staff", Policy: DefaultPolicy()})
		user := ana()
		user.Password = "Canary-of-4na"
		s.AddUser(poolID, user)
		r, err := http.NewRequest(method, "http://127.0.0.1/"+strings.TrimPrefix(path, "/"), strings.NewReader(body))
		if err != nil || strings.Contains(body, "Canary") {
			return
		}
		r.Header.Set("X-Amz-Target", target)
		if signed {
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=any")
		}
		before := snapshot(t, s)
		w := httptest.NewRecorder()
		if lost := serveLost(s, w, r); lost {
			t.Error("an answer is lost, and no fault is set")
		}
		refused := w.Code >= 400
		if refused && snapshot(t, s) != before {
			t.Errorf("%s %s %s %s is refused, and changes\n%sto\n%s", method, path, target, body, before, snapshot(t, s))
		}
		if strings.Contains(w.Body.String(), "Canary") {
			t.Errorf("%s shows the password", w.Body)
		}
		if strings.HasPrefix(r.URL.Path, controlPath) || isSTS(r) {
			return
		}
		var answer map[string]any
		if err := json.Unmarshal(bytes.TrimSpace(w.Body.Bytes()), &answer); err != nil {
			t.Errorf("%s is answered %q: %v", target, w.Body, err)
		}
		if code, _ := answer["__type"].(string); refused != (code != "") || w.Header()["X-Amzn-Requestid"] == nil {
			t.Errorf("%s is answered %d %s", target, w.Code, w.Body)
		}
	})
}

// serveLost serves a request, and reports whether its answer is lost.
func serveLost(s *Server, w http.ResponseWriter, r *http.Request) (lost bool) {
	defer func() {
		if p := recover(); p == http.ErrAbortHandler {
			lost = true
		} else if p != nil {
			panic(p)
		}
	}()
	s.ServeHTTP(w, r)
	return false
}
