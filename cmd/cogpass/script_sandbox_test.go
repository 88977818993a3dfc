package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"cogpass/runner/hostile"
	"cogpass/runner/sandbox"
)

// faultValues is the flag -fault of the script command sandbox.
type faultValues map[string][]string

func (f faultValues) String() string { return "" }
func (f faultValues) Set(text string) error {
	name, faults, err := sandbox.ParseUserFault(text)
	f[name] = faults
	return err
}

func cmdSandbox(ts *testscript.TestScript, w *scriptWorld, args []string) {
	cfg := sandbox.Config{Faults: sandbox.Faults{User: map[string][]string{}}}
	flags := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	numbered := flags.Int("users", 0, "how many users u00001…")
	name := flags.String("name", "staff", "of the pool")
	mail := flags.String("mail", "DEVELOPER", "what the pool sends with; COGNITO_DEFAULT has 50 e-mails a day")
	file := flags.String("file", "", "pools and users, as in docs/sandbox.md, in place of a pool with the users that are named")
	flags.DurationVar(&cfg.Latency, "latency", 0, "")
	flags.DurationVar(&cfg.Jitter, "jitter", 0, "")
	flags.Float64Var(&cfg.Faults.Throttle, "throttle", 0, "")
	flags.Float64Var(&cfg.Faults.Fail, "fail", 0, "")
	flags.Float64Var(&cfg.Faults.LostAfter, "lost-after", 0, "")
	flags.Float64Var(&cfg.Faults.LostBefore, "lost-before", 0, "")
	flags.Var(faultValues(cfg.Faults.User), "fault", "NAME=FAULT,…")
	endpoint := new(hostile.Endpoint)
	flags.Func("way", "OPERATION/USER=WAY, in hostile's words; either may be empty", func(text string) error {
		at, way, _ := strings.Cut(text, "=")
		operation, user, _ := strings.Cut(at, "/")
		endpoint.Add(hostile.Rule{Operation: operation, User: user, Way: hostile.Way(way)})
		return nil
	})
	refused := map[string]string{}
	flags.Func("refuse", "OPERATION=CODE", func(text string) error {
		operation, code, _ := strings.Cut(text, "=")
		refused[operation] = code
		return nil
	})
	ts.Check(flags.Parse(args))
	if w.server != nil {
		w.server.Close()
	}
	w.server = sandbox.New(cfg)
	if *file != "" {
		ts.Check(w.server.Load(strings.NewReader(ts.ReadFile(*file))))
	} else {
		w.server.AddPool(sandbox.Pool{ID: scriptPool, Name: *name, Policy: sandbox.DefaultPolicy(), EmailSendingAccount: *mail})
	}
	users := flags.Args()
	for i := range *numbered {
		users = append(users, fmt.Sprintf("u%05d", i+1))
	}
	for i, username := range users {
		w.server.AddUser(scriptPool, sandbox.User{
			Username: username, Status: "CONFIRMED", Enabled: true,
			Attributes: map[string]string{"email": fmt.Sprintf("user%d@example.com", i+1), "email_verified": "true"},
		})
	}
	if w.listener != nil {
		w.listener.Close()
	}
	endpoint.Handler = refusing{w.server, refused}
	w.listener = httptest.NewServer(endpoint)
	ts.Setenv("SANDBOX", w.listener.URL)
	ts.Setenv("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", w.listener.URL)
}

// refusing answers some operations with an error, for everyone; the others are
// the sandbox's.
type refusing struct {
	http.Handler
	codes map[string]string // by operation
}

func (h refusing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	code := h.codes[operation]
	if code == "" {
		h.Handler.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(http.StatusBadRequest)
	fmt.Fprintf(w, `{"__type":%q,"message":"\u001b[31mrefused"}`, code)
}

// requests is how many password requests have come.
func (w *scriptWorld) requests() int {
	if w.server == nil {
		return 0
	}
	n := 0
	for operation, stats := range w.server.Stats().Operations {
		if operation == "AdminSetUserPassword" || operation == "AdminResetUserPassword" {
			n += stats.Requests
		}
	}
	return n
}

func cmdRequests(ts *testscript.TestScript, w *scriptWorld, args []string) {
	need(ts, len(args) <= 1 && w.server != nil, "requests [N], after sandbox")
	got := w.requests()
	if len(args) == 0 {
		ts.Setenv("REQUESTS", strconv.Itoa(got))
	} else if got != number64(ts, args[0]) {
		ts.Fatalf("got %d password requests at the sandbox, want %s", got, args[0])
	}
}

func cmdLatency(ts *testscript.TestScript, w *scriptWorld, args []string) {
	need(ts, len(args) == 1 && w.server != nil, "latency D, after sandbox")
	d, err := time.ParseDuration(args[0])
	ts.Check(err)
	w.server.SetLatency(d, 0)
}

// cmdFaults replaces the faults that users meet.
func cmdFaults(ts *testscript.TestScript, w *scriptWorld, args []string) {
	need(ts, w.server != nil, "faults [NAME=FAULT,…]…, after sandbox")
	faults := sandbox.Faults{User: map[string][]string{}}
	for _, text := range args {
		ts.Check(faultValues(faults.User).Set(text))
	}
	w.server.SetFaults(faults)
}

// cmdSessions checks what AssumeRole has given.
func cmdSessions(ts *testscript.TestScript, w *scriptWorld, args []string) {
	need(ts, len(args) > 0 && w.server != nil, "sessions N [FIELD=VALUE]…, after sandbox")
	all := w.server.Sessions()
	if strconv.Itoa(len(all)) != args[0] {
		ts.Fatalf("%d sessions, want %s: %+v", len(all), args[0], all)
	}
	for _, one := range all {
		text, err := json.Marshal(one)
		ts.Check(err)
		for _, field := range args[1:] {
			name, want, _ := strings.Cut(field, "=")
			if !strings.Contains(string(text), fmt.Sprintf("%q:%q", name, want)) {
				ts.Fatalf("got session %s, want %s", text, field)
			}
		}
	}
}

func cmdUser(ts *testscript.TestScript, w *scriptWorld, args []string) {
	need(ts, len(args) >= 2 && w.server != nil, "user NAME FIELD=VALUE…, after sandbox")
	for _, u := range w.users(ts, args[0]) {
		for _, field := range args[1:] {
			name, want, _ := strings.Cut(field, "=")
			if got := fmt.Sprint(u[name]); got != want {
				ts.Fatalf("user %v has %s %s, want %s", u["username"], name, got, want)
			}
		}
	}
}

// users asks the sandbox for a user, or for all.
func (w *scriptWorld) users(ts *testscript.TestScript, name string) []map[string]any {
	query := ""
	if name != "*" {
		query = "?username=" + name
	}
	response, err := http.Get(ts.Getenv("SANDBOX") + "/sandbox/users" + query)
	ts.Check(err)
	defer response.Body.Close()
	var users []map[string]any
	for decoder := json.NewDecoder(response.Body); decoder.More(); {
		var u map[string]any
		ts.Check(decoder.Decode(&u))
		users = append(users, u)
	}
	if len(users) == 0 {
		ts.Fatalf("no user %s at the sandbox", name)
	}
	return users
}

func cmdSignsIn(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	need(ts, len(args) == 2 && w.server != nil, "signs-in USER PASSWORD, after sandbox")
	err := w.server.SignIn(scriptPool, args[0], args[1])
	if (err == nil) == neg {
		ts.Fatalf("signing %s in: %v", args[0], err)
	}
}
