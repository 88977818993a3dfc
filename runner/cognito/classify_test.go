package cognito

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	smithyhttp "github.com/aws/smithy-go/transport/http"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/sandbox"
)

const testPool = "us-west-2_aaaaaaaaa"

// openAt returns the test pool at an endpoint.
func openAt(t testing.TB, url string) *Directory {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "example")
	t.Setenv("AWS_CONFIG_FILE", "none")
	client, err := Open(t.Context(), Config{Region: "us-west-2", EndpointURL: url})
	if err != nil {
		t.Fatal(err)
	}
	return client.Directory(Pool{ID: testPool})
}

// serve returns the test pool of a server.
func serve(t *testing.T, h http.Handler) *Directory {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return openAt(t, server.URL)
}

func newSandbox(c sandbox.Config, names ...string) *sandbox.Server {
	s := sandbox.New(c)
	s.AddPool(sandbox.Pool{ID: testPool})
	for _, name := range names {
		s.AddUser(testPool, sandbox.User{
			Username: name, Enabled: true, Created: time.Now().Add(-time.Hour),
			Attributes: map[string]string{"email": "user@example.com", "email_verified": "true"},
		})
	}
	return s
}

// mustFault returns an error of Do or Look as what it must be.
func mustFault(t testing.TB, err error) *runner.Error {
	t.Helper()
	var fault *runner.Error
	if !errors.As(err, &fault) {
		t.Fatalf("got %v (%T), want a *runner.Error", err, err)
	}
	return fault
}

func TestClassesOverTheWire(t *testing.T) {
	for code, want := range map[string]runner.Class{
		"TooManyRequestsException": runner.Throttled,
		"ThrottlingException":      runner.Throttled,

		"InternalErrorException":      runner.InDoubt,
		"ServiceUnavailableException": runner.InDoubt,
		"RequestTimeoutException":     runner.InDoubt,

		"UserNotFoundException":          runner.UserFault,
		"NotAuthorizedException":         runner.UserFault,
		"InvalidParameterException":      runner.UserFault,
		"UserLambdaValidationException":  runner.UserFault,
		"InvalidLambdaResponseException": runner.UserFault,
		"NobodyHasHeardOfException":      runner.UserFault,

		"InvalidPasswordException":                runner.PasswordFault,
		"PasswordHistoryPolicyViolationException": runner.HistoryFault,

		"LimitExceededException":                             runner.UserLimit,
		"InvalidSmsRoleAccessPolicyException":                runner.Budget,
		"InvalidSmsRoleTrustRelationshipException":           runner.Budget,
		"InvalidEmailRoleAccessPolicyException":              runner.Budget,
		"ResourceNotFoundException":                          runner.Fatal,
		"OperationNotEnabledException":                       runner.Fatal,
		"AccessDeniedException":                              runner.Fatal,
		"AccessDenied":                                       runner.Fatal,
		"ExpiredTokenException":                              runner.Fatal,
		"ExpiredToken":                                       runner.Fatal,
		"UnrecognizedClientException":                        runner.Fatal,
		"InvalidSignatureException":                          runner.Fatal,
		"com.amazonaws.cognito#UnexpectedLambdaException":    runner.LambdaFault,
		"UnexpectedLambdaException:http://internal.amazon/x": runner.LambdaFault,
		"UnexpectedLambdaException":                          runner.LambdaFault,
	} {
		t.Run(code, func(t *testing.T) {
			status := http.StatusBadRequest
			if code == "InternalErrorException" {
				status = http.StatusInternalServerError
			}
			date := time.Date(2026, 3, 1, 9, 30, 7, 0, time.UTC)
			d := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Date", date.Format(http.TimeFormat))
				w.Header().Set("X-Amzn-Requestid", "1b2c")
				w.WriteHeader(status)
				fmt.Fprintf(w, `{"__type": %q, "message": "in\nwords"}`, code)
			}))
			for _, action := range []jobs.Action{jobs.Reset, jobs.SetPermanent} {
				answer, err := d.Do(t.Context(), runner.Task{Username: "ana", Action: action, Password: jobs.NewSecret("Secret-1")})
				fault := mustFault(t, err)
				if fault.Class != want || fault.Message != "in words" || !strings.Contains(code, fault.Code) || fault.Code == "" {
					t.Errorf("%v: got class %d, code %q, message %q; want class %d", action, fault.Class, fault.Code, fault.Message, want)
				}
				if fault.Answer != answer || answer.RequestID != "1b2c" || !answer.Date.Equal(date) {
					t.Errorf("%v: got answer %+v and %+v, want what the server said of it", action, answer, fault.Answer)
				}
			}
		})
	}
}

// A limit of one user's is not the day's limit of e-mails.
func TestLimits(t *testing.T) {
	for text, want := range map[string]runner.Class{
		"Exceeded daily email limit for the operation or the account.": runner.Budget,
		"Attempt limit exceeded, please try after some time.":          runner.UserLimit,
		"": runner.UserLimit,
	} {
		d := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"__type": "LimitExceededException", "message": %q}`, text)
		}))
		_, err := d.Do(t.Context(), runner.Task{Username: "ana", Action: jobs.Reset})
		if fault := mustFault(t, err); fault.Class != want {
			t.Errorf("%q: got class %d, want %d", text, fault.Class, want)
		}
	}
}

// What this machine lacks is nobody's fault, and the engine learns which it is.
func TestHostFaults(t *testing.T) {
	dial := func(err error) error {
		return &smithyhttp.RequestSendError{Err: &url.Error{Op: "Post", URL: "http://x/", Err: &net.OpError{Op: "dial", Net: "tcp", Err: err}}}
	}
	for name, err := range map[string]error{
		"files":         dial(os.NewSyscallError("socket", syscall.EMFILE)),
		"system files":  dial(os.NewSyscallError("socket", syscall.ENFILE)),
		"memory":        dial(os.NewSyscallError("socket", syscall.ENOMEM)),
		"buffers":       dial(os.NewSyscallError("connect", syscall.ENOBUFS)),
		"no route":      dial(os.NewSyscallError("connect", syscall.EHOSTUNREACH)),
		"no network":    dial(os.NewSyscallError("connect", syscall.ENETUNREACH)),
		"no port left":  dial(os.NewSyscallError("connect", syscall.EADDRNOTAVAIL)),
		"no such name":  dial(&net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}),
		"of a provider": fmt.Errorf("get identity: get credentials: %w", dial(os.NewSyscallError("socket", syscall.EMFILE))),
	} {
		fault := classify(err, attempt{changes: true})
		var number syscall.Errno
		if fault.Class != runner.Host || name != "no such name" && !errors.As(fault, &number) {
			t.Errorf("%s: got class %d (%v), want Host and its cause", name, fault.Class, fault)
		}
		if fault := classify(err, attempt{left: true, changes: true}); fault.Class != runner.InDoubt {
			t.Errorf("%s, after it left: got class %d, want in doubt", name, fault.Class)
		}
	}
	refused := dial(os.NewSyscallError("connect", syscall.ECONNREFUSED))
	if fault := classify(refused, attempt{changes: true}); fault.Class != runner.Transient {
		t.Errorf("refused: got class %d, want Transient", fault.Class)
	}
}

// What stands between may answer without an error code.
func TestStatusWithoutCode(t *testing.T) {
	for status, want := range map[int]runner.Class{
		403: runner.Fatal, 404: runner.Fatal, 401: runner.Fatal, 407: runner.Fatal, 429: runner.Throttled, 400: runner.InDoubt,
		500: runner.InDoubt, 502: runner.InDoubt, 503: runner.InDoubt, 504: runner.InDoubt,
	} {
		d := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, "no", status)
		}))
		_, err := d.Do(t.Context(), runner.Task{Username: "ana", Action: jobs.Reset})
		if fault := mustFault(t, err); fault.Class != want || fault.Message == "" {
			t.Errorf("HTTP %d: got class %d (%s), want %d", status, fault.Class, fault.Message, want)
		}
	}
}

// refuseWith answers every request with an error.
func refuseWith(code string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"__type": %q}`, code)
	})
}

// hangUp ends a connection without an answer, after some bytes of one.
func hangUp(t *testing.T, w http.ResponseWriter, reset bool, text string) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	fmt.Fprint(conn, text)
	if reset {
		conn.(*net.TCPConn).SetLinger(0)
	}
	conn.Close()
}

// Where no answer came it decides over a second code whether the request left.
func TestNoAnswer(t *testing.T) {
	refusing := httptest.NewServer(http.NotFoundHandler())
	refusing.Close()
	encrypted := httptest.NewTLSServer(http.NotFoundHandler())
	defer encrypted.Close()
	encrypted.Config.ErrorLog = log.New(io.Discard, "", 0)
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	plain.Config.ErrorLog = encrypted.Config.ErrorLog
	garbled, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer garbled.Close()
	go func() {
		for {
			conn, err := garbled.Accept()
			if err != nil {
				return
			}
			conn.Close() // before the TLS handshake
		}
	}()
	answering := func(h http.HandlerFunc) func(*testing.T) *Directory {
		return func(t *testing.T) *Directory { return serve(t, h) }
	}
	at := func(url string) func(*testing.T) *Directory {
		return func(t *testing.T) *Directory { return openAt(t, url) }
	}
	arrived := make(chan struct{}, 10)
	hang := func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // or the end of the connection would not be noticed
		arrived <- struct{}{}
		<-r.Context().Done()
	}
	cancelled := func(ctx context.Context) context.Context {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return ctx
	}
	late := func(ctx context.Context) context.Context {
		ctx, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		context.AfterFunc(ctx, cancel)
		return ctx
	}
	whenThere := func(ctx context.Context) context.Context {
		ctx, cancel := context.WithCancel(ctx)
		go func() { <-arrived; cancel() }()
		return ctx
	}
	for _, tt := range []struct {
		name    string
		open    func(*testing.T) *Directory
		ctx     func(context.Context) context.Context
		want    runner.Class
		message string
	}{
		{"refused", at(refusing.URL), nil, runner.Transient, "no connection: connection refused"},
		{"no TLS", at("https://" + garbled.Addr().String()), nil, runner.Transient, "no connection: "},
		{"a strange certificate", at(encrypted.URL), nil, runner.Fatal, "certificate"},
		{"HTTP where TLS is expected", at("https://" + strings.TrimPrefix(plain.URL, "http://")), nil, runner.Transient, "no connection: http: server gave HTTP response to HTTPS client"},
		{"TLS where HTTP is expected", at("http://" + strings.TrimPrefix(encrypted.URL, "https://")), nil, runner.InDoubt, "HTTP status 400 Bad Request"},
		{"cancelled before", answering(hang), cancelled, runner.Transient, "no connection: context canceled"},
		{"cancelled in flight", answering(hang), whenThere, runner.InDoubt, "cut off before the answer"},
		{"too late", answering(hang), late, runner.InDoubt, "no answer in time"},
		{"end of the connection", answering(func(w http.ResponseWriter, r *http.Request) { hangUp(t, w, false, "") }), nil, runner.InDoubt, "connection lost before the answer"},
		{"reset of the connection", answering(func(w http.ResponseWriter, r *http.Request) { hangUp(t, w, true, "") }), nil, runner.InDoubt, "connection lost before the answer"},
		{"end in the headers", answering(func(w http.ResponseWriter, r *http.Request) { hangUp(t, w, false, "HTTP/1.1 200 OK\r\nDa") }), nil, runner.InDoubt, "connection lost before the answer"},
		{"end in the body", answering(func(w http.ResponseWriter, r *http.Request) {
			hangUp(t, w, false, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
		}), nil, runner.InDoubt, "the rest of the answer did not come"},
		{"an answer that is none", answering(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<html>") }), nil, runner.Unreadable, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, ctx := tt.open(t), t.Context()
			if tt.ctx != nil {
				ctx = tt.ctx(ctx)
			}
			_, err := d.Do(ctx, runner.Task{Username: "ana", Action: jobs.SetPermanent, Password: jobs.NewSecret("Secret-1")})
			if fault := mustFault(t, err); fault.Class != tt.want || !strings.Contains(fault.Message, tt.message) {
				t.Errorf("got class %d, message %q; want class %d, message %q", fault.Class, fault.Message, tt.want, tt.message)
			}
		})
	}
}

// A connection that was kept open and has died meanwhile may not lead the
// transport to send a request twice by itself.
func TestKeptConnectionsSendOnce(t *testing.T) {
	var requests atomic.Int32
	d := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) == 2 {
			hangUp(t, w, false, "")
			return
		}
		fmt.Fprint(w, "{}")
	}))
	task := runner.Task{Username: "ana", Action: jobs.Reset}
	if _, err := d.Do(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	_, err := d.Do(t.Context(), task)
	if fault := mustFault(t, err); fault.Class != runner.InDoubt {
		t.Errorf("got class %d (%s), want in doubt", fault.Class, fault.Message)
	}
	if n := requests.Load(); n != 2 {
		t.Errorf("%d requests came, want 2", n)
	}
}

func TestMessagesHideThePassword(t *testing.T) {
	const password = "Hunter2  Hunter2!" // of which a message keeps one space
	s := newSandbox(sandbox.Config{Faults: sandbox.Faults{User: map[string][]string{
		"ana": {"InvalidPasswordException: " + password + " is weak", "InvalidParameterException: not\t" + password,
			"InvalidParameterException: " + strings.Repeat("x", 485) + " " + password}, // it would be cut within the password
	}}}, "ana")
	d := serve(t, s)
	for range 3 {
		_, err := d.Do(t.Context(), runner.Task{Username: "ana", Action: jobs.SetPermanent, Password: jobs.NewSecret(password)})
		for _, text := range []string{err.Error(), mustFault(t, err).Message, fmt.Sprintf("%v %+v", err, mustFault(t, err))} {
			if strings.Contains(text, "Hunter2") || !strings.Contains(text, "[secret]") {
				t.Errorf("got %q, want the password hidden", text)
			}
		}
	}
}
