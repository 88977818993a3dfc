package cognito

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/hostile"
	"cogpass/runner/sandbox"
)

// verdicts are what each way of an endpoint means: for a request that changes
// something, and for one that does not. A request that was carried out is never
// one that may be sent again as if it had not been.
var verdicts = map[hostile.Way]struct {
	change, question runner.Class
	text             string // a part of what is said
}{
	hostile.CloseUnread: {runner.InDoubt, runner.InDoubt, "connection lost before the answer"},
	hostile.CloseRead:   {runner.InDoubt, runner.InDoubt, "connection lost before the answer"},
	hostile.CloseDone:   {runner.InDoubt, runner.InDoubt, "connection lost before the answer"},
	hostile.CutHeaders:  {runner.InDoubt, runner.InDoubt, "connection lost before the answer"},
	hostile.CutBody:     {runner.InDoubt, runner.InDoubt, "the rest of the answer did not come"},
	hostile.Hang:        {runner.InDoubt, runner.InDoubt, "no answer in time"},
	hostile.Trickle:     {runner.InDoubt, runner.InDoubt, "no answer in time"},

	hostile.Done500: {runner.InDoubt, runner.Transient, "InternalErrorException"},
	hostile.Done502: {runner.InDoubt, runner.Transient, "HTTP status 502 Bad Gateway"},
	hostile.Done503: {runner.InDoubt, runner.Transient, "HTTP status 503 Service Unavailable"},
	hostile.Done504: {runner.InDoubt, runner.Transient, "HTTP status 504 Gateway Timeout"},
	hostile.Done408: {runner.InDoubt, runner.InDoubt, "HTTP status 408 Request Timeout"},
	hostile.Done429: {runner.Throttled, runner.Throttled, "HTTP status 429 Too Many Requests"},

	hostile.OKHTML:     {runner.Unreadable, runner.Unreadable, "not an answer of Cognito's"},
	hostile.OKEmpty:    {runner.Unreadable, runner.Unreadable, "not an answer of Cognito's"},
	hostile.OKHalf:     {runner.Unreadable, runner.Unreadable, "not an answer of Cognito's"},
	hostile.OKLength:   {runner.InDoubt, runner.InDoubt, "the rest of the answer did not come"},
	hostile.OKEndless:  {runner.Unreadable, runner.Unreadable, "bytes: not an answer of Cognito's"},
	hostile.OKLarge:    {runner.Unreadable, runner.Unreadable, "answer"},
	hostile.OKGzipBomb: {runner.Unreadable, runner.Unreadable, "not an answer of Cognito's"},

	hostile.Large400:     {runner.InDoubt, runner.InDoubt, "HTTP status 400 Bad Request"},
	hostile.LargeHeaders: {runner.InDoubt, runner.InDoubt, "headers are longer than 65536 bytes"},
	hostile.Redirect301:  {runner.Fatal, runner.Fatal, "HTTP status 301 Moved Permanently, a redirect to http://127.0.0.1:"},
	hostile.Redirect302:  {runner.Fatal, runner.Fatal, "HTTP status 302 Found, a redirect to http://127.0.0.1:"},
	hostile.Redirect303:  {runner.Fatal, runner.Fatal, "HTTP status 303 See Other, a redirect to http://127.0.0.1:"},
	hostile.Redirect307:  {runner.Fatal, runner.Fatal, "HTTP status 307 Temporary Redirect, a redirect to http://127.0.0.1:"},
	hostile.Redirect308:  {runner.Fatal, runner.Fatal, "HTTP status 308 Permanent Redirect, a redirect to http://127.0.0.1:"},
	hostile.HTML403:      {runner.Fatal, runner.Fatal, "HTTP status 403 Forbidden, with a web page"},
	hostile.HTML404:      {runner.Fatal, runner.Fatal, "HTTP status 404 Not Found, with a web page"},
	hostile.UnknownType:  {runner.UserFault, runner.UserFault, "NobodyHasHeardOfException: no"},
	hostile.HeaderType:   {runner.Throttled, runner.Throttled, "TooManyRequestsException: HTTP status 400 Bad Request"},
	hostile.NoType:       {runner.InDoubt, runner.UserFault, "HTTP status 400 Bad Request"},
	hostile.Bare429:      {runner.Throttled, runner.Throttled, "HTTP status 429 Too Many Requests"},
	hostile.Cut400:       {runner.Throttled, runner.Throttled, "TooManyRequestsException"},
	hostile.Stall400:     {runner.Throttled, runner.Throttled, "TooManyRequestsException"},
	hostile.CutBare400:   {runner.InDoubt, runner.InDoubt, "HTTP status 400 Bad Request, and the rest"},

	hostile.Escapes:      {runner.UserFault, runner.UserFault, "failed with [31mred]8;;http://x/ ."},
	hostile.HeaderEscape: {runner.InDoubt, runner.InDoubt, "connection lost before the answer"},
	hostile.EchoPlain:    {runner.UserFault, runner.UserFault, ""},
	hostile.EchoRequest:  {runner.UserFault, runner.UserFault, ""},
	hostile.EchoJSON:     {runner.UserFault, runner.UserFault, ""},
	hostile.EchoUnicode:  {runner.UserFault, runner.UserFault, ""},
	hostile.EchoURL:      {runner.UserFault, runner.UserFault, ""},
	hostile.EchoHTML:     {runner.UserFault, runner.UserFault, ""},
	hostile.EchoBase64:   {runner.UserFault, runner.UserFault, ""},
	hostile.EchoPassword: {runner.UserFault, runner.UserFault, ""},
	hostile.EchoHex:      {runner.UserFault, runner.UserFault, ""},
	hostile.EchoCut:      {runner.UserFault, runner.UserFault, ""},
}

// A password with something to escape in each encoding.
const hostilePassword = `Zq7"<canary>&%/+ä§!`

// long reports whether to do what takes minutes, as make test-long does.
func long() bool { return os.Getenv("COGPASS_LONG") != "" }

// openHostile returns the test pool at an endpoint that misbehaves in one way.
func openHostile(t *testing.T, way hostile.Way) *Directory {
	t.Helper()
	pool := newSandbox(sandbox.Config{}, "ana")
	pool.AddUser(testPool, sandbox.User{Username: "ana", Enabled: true, Password: hostilePassword, Attributes: map[string]string{"email": "user@example.com", "email_verified": "true"}})
	endpoint := &hostile.Endpoint{Handler: pool, Pace: time.Millisecond}
	endpoint.Add(hostile.Rule{Way: way})
	server := httptest.NewServer(endpoint)
	d := openAt(t, server.URL)
	t.Cleanup(server.Close)
	switch way {
	case hostile.Hang, hostile.Trickle, hostile.Stall400:
		d.client.answerIn = 100 * time.Millisecond
	}
	return d
}

// TestHostileEndpoint meets every way with a request, and in make test-long with
// each of them.
func TestHostileEndpoint(t *testing.T) {
	for i, spec := range hostile.Ways() {
		if spec.Look {
			continue
		}
		t.Run(string(spec.Way), func(t *testing.T) {
			d := openHostile(t, spec.Way)
			requests := map[string]func() (runner.Answer, error){
				"reset": func() (runner.Answer, error) {
					return d.Do(t.Context(), runner.Task{Username: "ana", Action: jobs.Reset})
				},
				"set": func() (runner.Answer, error) {
					return d.Do(t.Context(), runner.Task{Username: "ana", Action: jobs.SetPermanent, Password: jobs.NewSecret(hostilePassword)})
				},
				"create": func() (runner.Answer, error) {
					return d.Do(t.Context(), runner.Task{Username: "new", Action: jobs.SetTemporary, Step: runner.Create, Password: jobs.NewSecret(hostilePassword), Create: &jobs.Creation{}})
				},
				"sign-out": func() (runner.Answer, error) {
					return d.Do(t.Context(), runner.Task{Username: "ana", Action: jobs.SignOut})
				},
				"check": func() (runner.Answer, error) {
					return d.WithCheck(Check{ClientID: sandbox.ClientID(testPool)}).Do(t.Context(), checkTask("ana", hostilePassword))
				},
				"page": func() (runner.Answer, error) {
					page, err := d.Page(t.Context(), Query{}, "")
					return page.Answer, err
				},
				"look": func() (runner.Answer, error) {
					s, err := d.Look(t.Context(), "ana")
					return s.Answer, err
				},
				"describe": func() (runner.Answer, error) {
					_, answer, err := d.client.Describe(t.Context(), testPool)
					return answer, err
				},
			}
			switch spec.Way {
			case hostile.OKLarge, hostile.OKGzipBomb, hostile.Large400, hostile.LargeHeaders: // slow, and the same for all
				for _, name := range []string{"set", "look", "page", "create", "sign-out", "check"} {
					delete(requests, name)
				}
			}
			if !long() {
				names := slices.Sorted(maps.Keys(requests))
				name := names[i%len(names)]
				requests = map[string]func() (runner.Answer, error){name: requests[name]}
			}
			want, known := verdicts[spec.Way]
			for name, send := range requests {
				answer, err := send()
				switch spec.Way {
				case hostile.Unsolicited: // it may be the next request's connection that is closed for it
					if err == nil || mustFault(t, err).Class == runner.InDoubt {
						continue
					}
				case hostile.DateAhead, hostile.DateBehind:
					if err != nil {
						t.Errorf("%s: %v", name, err)
					}
					continue
				}
				fault := mustFault(t, err)
				class := want.change
				changes := name != "look" && name != "describe" && name != "page"
				if !changes {
					class = want.question
				}
				said := strings.Replace(fault.Error(), "the new password does not let the user in: ", "", 1)
				if !known || fault.Class != class || !strings.Contains(said, want.text) {
					t.Errorf("%s: got class %d (%v), want %d (%s)", name, fault.Class, fault, class, want.text)
				}
				if spec.Done && changes && !fault.Unproven && class != runner.InDoubt && class != runner.Unreadable {
					t.Errorf("%s: class %d, though it was carried out", name, class)
				}
				if stranger := class == runner.Fatal; changes && stranger && !fault.Unproven {
					t.Errorf("%s: an answer that is not Cognito's counts as proof", name)
				}
				mustBeShowable(t, name, fault, answer)
			}
		})
	}
}

// mustBeShowable fails where anything that is said of an answer holds the
// password, or what a terminal would obey, or is without bound.
func mustBeShowable(t *testing.T, name string, fault *runner.Error, answer runner.Answer) {
	t.Helper()
	all := fmt.Sprint(fault.Code, "\n", fault.Message, "\n", fault.Answer.RequestID, "\n", answer.RequestID)
	for err := error(fault); err != nil; err = errors.Unwrap(err) {
		all += "\n" + err.Error()
	}
	for _, part := range []string{"canary", "Y2FuYXJ5", "63616e617279", `\u0063\u0061`, "\x1b", "\u202e", "Zq7"} {
		if strings.Contains(all, part) {
			t.Errorf("%s: %q shows %q", name, all, part)
		}
	}
	if len(all) > 4000 {
		t.Errorf("%s: %d bytes are said", name, len(all))
	}
}

// No answer makes a program large.
func TestMemoryOfHostileAnswers(t *testing.T) {
	for _, way := range []hostile.Way{hostile.OKEndless, hostile.OKLarge, hostile.OKGzipBomb, hostile.Large400, hostile.LargeHeaders} {
		d := openHostile(t, way)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		_, err := d.Do(t.Context(), runner.Task{Username: "ana", Action: jobs.Reset})
		runtime.ReadMemStats(&after)
		// The endpoint's own is among it: a 10 MB answer in blocks.
		if got := after.TotalAlloc - before.TotalAlloc; err == nil || got > 64<<20 {
			t.Errorf("%s: %d MB were used (%v)", way, got>>20, err)
		}
	}
}

// Nor does one to the AWS CLI's commands. It is no fault of the connection, for
// which they would send again.
func TestCallReadsNoAnswerWithoutEnd(t *testing.T) {
	for _, way := range []hostile.Way{hostile.OKEndless, hostile.Large400, hostile.LargeHeaders} {
		d := openHostile(t, way)
		_, err := d.client.Call(t.Context(), AdminResetUserPassword, []byte(`{"Username": "ana"}`))
		var fault *CallError
		if !errors.As(err, &fault) || fault.Fault != NotSent {
			t.Errorf("%s: got %v, want an answer that is too long", way, err)
		}
	}
}

// A redirect is not followed: a code would be sent by whom it names.
func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, way := range []hostile.Way{hostile.Redirect301, hostile.Redirect302, hostile.Redirect303, hostile.Redirect307, hostile.Redirect308} {
		pool := newSandbox(sandbox.Config{}, "ana")
		endpoint := &hostile.Endpoint{Handler: pool}
		endpoint.Add(hostile.Rule{Way: way})
		server := httptest.NewServer(endpoint)
		d := openAt(t, server.URL)
		_, err := d.Do(t.Context(), runner.Task{Username: "ana", Action: jobs.Reset})
		if counts := pool.Counts(testPool, "ana"); counts.Resets != 0 {
			t.Errorf("%s: ana was reset", way)
		}
		_, _ = d.client.Call(t.Context(), AdminResetUserPassword, []byte(`{"UserPoolId": "`+testPool+`", "Username": "ana"}`))
		if counts := pool.Counts(testPool, "ana"); counts.Resets != 0 {
			t.Errorf("%s: ana was reset by the AWS CLI's command", way)
		}
		var hinter interface{ Hint() string }
		if !errors.As(err, &hinter) || !strings.Contains(hinter.Hint(), "--endpoint-url") {
			t.Errorf("%s: got %v without a hint", way, err)
		}
		server.Close()
	}
}

// What a look shows is proof of a user's state, or is not taken for it.
func TestHostileLooks(t *testing.T) {
	for _, tt := range []struct {
		way   hostile.Way
		class runner.Class
		ok    func(s runner.Sight) bool // of a look without an error
	}{
		{hostile.LookOther, 0, func(s runner.Sight) bool { return s.Username != "ana" && s.Alias == "" }},
		{hostile.LookNobody, 0, func(s runner.Sight) bool { return !s.Found }},
		{hostile.LookTwo, 0, func(s runner.Sight) bool { return !s.Found }},
		{hostile.LookNoTime, 0, func(s runner.Sight) bool { return s.Found && s.Modified.IsZero() }},
		{hostile.LookNullTime, 0, func(s runner.Sight) bool { return s.Found && s.Modified.IsZero() }},
		{hostile.LookZeroTime, 0, func(s runner.Sight) bool { return s.Found && s.Modified.Unix() <= 0 }},
		{hostile.LookWholeSeconds, 0, func(s runner.Sight) bool { return s.Found && s.Modified.Nanosecond() == 0 }},
		{hostile.LookStringTime, runner.Unreadable, nil},
		{hostile.LookEmptyPage, runner.Unreadable, nil},
		{hostile.LookEscapes, runner.Unreadable, nil},
	} {
		d := openHostile(t, tt.way)
		s, err := d.Look(t.Context(), "ana")
		switch {
		case tt.ok == nil:
			if fault := mustFault(t, err); fault.Class != tt.class {
				t.Errorf("%s: got class %d (%v), want %d", tt.way, fault.Class, err, tt.class)
			}
		case err != nil || !tt.ok(s):
			t.Errorf("%s: got %+v (%v)", tt.way, s, err)
		}
	}
	for _, spec := range hostile.Ways() {
		if spec.Look {
			d := openHostile(t, spec.Way)
			if s, _ := d.Look(t.Context(), "ana"); len(s.Sub) > 36 || len(s.Status) > 32 || strings.Contains(s.Sub+string(s.Status), "\x1b") {
				t.Errorf("%s: got sub %q, status %q", spec.Way, s.Sub, s.Status)
			}
		}
	}
}

// A request that is given up while it has a connection may have left.
func TestGivenUpWithAConnection(t *testing.T) {
	f := new(flight)
	f.connected.Store(true)
	if !f.left(fmt.Errorf("sending: %w", context.Canceled)) || f.left(errors.New("broken pipe")) {
		t.Error("want one that is given up in doubt, and one that failed not")
	}
}
