package sandbox

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

func TestControl(t *testing.T) {
	s, c := serve(t, Config{})
	put := func(path, body string) {
		t.Helper()
		if status, text := c.control(http.MethodPut, path, body); status != http.StatusNoContent {
			t.Fatalf("PUT %s: %d %s", path, status, text)
		}
	}
	put("pools", `{"pools": [{"id": "eu-west-1_b", "policy": {"minimumLength": 10}, "users": [{"username": "bo", "password": "hidden-bo-1"}]}]}`)
	put("users?pool=eu-west-1_b", `{"username": "cy", "status": "RESET_REQUIRED", "password": "hidden-cy-1"}
		{"pool": "`+poolID+`", "username": "ana", "enabled": false, "password": "hidden-ana-1"}`)
	put("quotas", `{"UserAccountRecovery": 15}`)
	put("faults", `{"throttle": 0.1, "user": {"cy": ["ok", "500*"]}}`)
	put("latency", `{"latency": "2ms", "jitter": "1ms"}`)
	c.call("AdminSetUserPassword", map[string]any{"UserPoolId": "eu-west-1_b", "Username": "cy", "Password": "hidden-cy-2"})
	c.call("AdminSetUserPassword", map[string]any{"UserPoolId": "eu-west-1_b", "Username": "cy", "Password": "hidden-cy-3"})

	for path, wants := range map[string][]string{
		"":                                   {"--user-fault NAME=LIST"},
		"pools":                              {`"id": "eu-west-1_b"`, `"minimumLength": 10`, poolID},
		"users?pool=eu-west-1_b":             {`"username":"bo"`, `"username":"cy"`, `"status":"FORCE_CHANGE_PASSWORD"`, `"sets":1`, `"requests":2`},
		"users?pool=" + poolID:               {`"username":"ana"`, `"enabled":false`},
		"users?pool=eu-west-1_b&username=cy": {`"sets":1`},
		"quotas":                             {`"UserAccountRecovery": 15`},
		"faults":                             {`"throttle": 0.1`, `"500*"`},
		"latency":                            {`"latency": "2ms"`, `"jitter": "1ms"`},
		"log":                                {`"code":"ok"`, `"code":"InternalErrorException"`},
		"outbox":                             {""},
		"stats":                              {`"connections": 1`, `"requests": 2`, `"failed": 1`, `"busiest": 2`},
	} {
		status, text := c.control(http.MethodGet, path, "")
		for _, want := range wants {
			if status != http.StatusOK || !strings.Contains(text, want) {
				t.Errorf("GET %s: got %d %s, want %s", path, status, text, want)
			}
		}
		if strings.Contains(text, "hidden") {
			t.Errorf("GET %s shows a password: %s", path, text)
		}
	}
	if err := s.SignIn("eu-west-1_b", "bo", "hidden-bo-1"); err != nil {
		t.Errorf("signing in: %v", err)
	}
}

func TestControlRefuses(t *testing.T) {
	_, c := serve(t, Config{})
	for _, test := range []struct{ path, body, want string }{
		{"pools", `{"pools": [{"id": "nowhere"}]}`, `pool "nowhere": want an ID such as`},
		{"pools", "{\n\"pool\": []}", `line 2: json: unknown field "pool"`},
		{"pools", `{"pools": [{"id": "eu-west-1_b", "users": [{"username": "a", "status": "LOST"}]}]}`, `user "a": unknown status "LOST"`},
		{"users", `{"username": "a"}`, `user 1: pool "": want an ID`},
		{"users?pool=eu-west-1_b", `{"username": "a"} {}`, "user 2: a user without a username"},
		{"quotas", `{"Users": 1}`, `no quota category "Users"; the categories are`},
		{"faults", `{"throttle": 1.5}`, "share 1.5: want 0 to 1"},
		{"faults", `{"throttle": 0.6, "fail": 0.6}`, "add up to"},
		{"faults", `{"user": {"a": ["slow"]}}`, `faults of user "a": unknown fault "slow"`},
		{"latency", `{"latency": "fast"}`, "invalid duration"},
		{"latency", `{"latency": "-1ms"}`, "want 0 or more"},
		{"latency", `{"jitter": "-1ms"}`, "want 0 or more"},
		{"pools", `{"pools": [{"id": "eu-west-1_b", "users": [{"username": "a"}, {"username": "b"}, {"username": "a"}]}]}`, `user "a" is there twice`},
		{"pools", "\x00\x00", "want a JSON object"},
		{"quotas", `{} {}`, "more than one JSON value"},
	} {
		if status, text := c.control(http.MethodPut, test.path, test.body); status != http.StatusBadRequest || !strings.Contains(text, test.want) {
			t.Errorf("PUT %s %s: got %d %s, want %s", test.path, test.body, status, text, test.want)
		}
	}
}

func TestControlHasNoSuchPool(t *testing.T) {
	_, c := serve(t, Config{})
	if status, text := c.control(http.MethodGet, "users?pool=eu-west-1_b", ""); status != http.StatusNotFound {
		t.Errorf("got %d %s, want 404", status, text)
	}
}

// endless is what a device gives.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	clear(p)
	e.read += len(p)
	return len(p), nil
}

func TestLoadReadsNoDevice(t *testing.T) {
	var zero endless
	if err := New(Config{}).Load(&zero); err == nil || zero.read > 1<<20 {
		t.Errorf("got %v after %d bytes, want an error at once", err, zero.read)
	}
}

// TestDocumentation loads the pool file that the help and docs/sandbox.md show.
func TestDocumentation(t *testing.T) {
	page, err := os.ReadFile("../../docs/sandbox.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "```json\n")
	text, _, _ = strings.Cut(text, "```")
	help := Help[strings.Index(Help, `{"pools"`):]
	help = help[:strings.Index(help, "}]}]}")+len("}]}]}")]
	for name, text := range map[string]string{"docs/sandbox.md": text, "Help": help} {
		s := New(Config{})
		if err := s.Load(strings.NewReader(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := s.SignIn(poolID, "ana", "Passw0rd!"); err != nil {
			t.Errorf("%s: signing in: %v", name, err)
		}
	}
}

func TestBusiestSecond(t *testing.T) {
	var l tally
	for _, ms := range []int{0, 400, 999, 1000, 1399, 1400, 3000} {
		l.count(time.UnixMilli(int64(ms)), ms/1000)
	}
	if l.busiest != 4 {
		t.Errorf("got %d, want the 4 from 400 to 1399 ms", l.busiest)
	}
	text, _ := json.Marshal(l.seconds)
	if want := `[{"second":0,"requests":3,"throttled":0},{"second":1,"requests":3,"throttled":0},{"second":3,"requests":1,"throttled":0}]`; string(text) != want {
		t.Errorf("got %s, want %s", text, want)
	}
}

func TestRing(t *testing.T) {
	for keep, want := range map[int]int{-1: 0, 1: 1, 3: 3, 10: 5} {
		r := ring[int]{keep: keep}
		for i := range 5 {
			r.add(i)
		}
		got := r.all()
		if len(got) != want || want > 0 && (got[0] != 5-want || got[want-1] != 4) {
			t.Errorf("keeping %d: got %v, want the latest %d", keep, got, want)
		}
	}
}

// Users that curl puts, which calls its body a form, are there afterwards.
func TestPutUsersAsCurlDoes(t *testing.T) {
	s := New(Config{})
	s.AddPool(Pool{ID: poolID})
	r := httptest.NewRequest("PUT", "/sandbox/users?pool="+poolID, strings.NewReader(`{"username": "zz"}`))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if _, there := s.User(poolID, "zz"); w.Code != 204 || !there {
		t.Errorf("got status %d, and the user is there: %v", w.Code, there)
	}
}
