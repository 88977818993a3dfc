package cognito

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/sandbox"
)

const newPassword = "Fresh-Word-42"

// checkTask is the check of a password that was set.
func checkTask(username, password string) runner.Task {
	return runner.Task{Username: username, Action: jobs.SetPermanent, Step: runner.Check, Password: jobs.NewSecret(password)}
}

// checkedSandbox returns a sandbox with users of that password and app clients of all kinds.
func checkedSandbox(names ...string) *sandbox.Server {
	s := newSandbox(sandbox.Config{})
	s.AddPool(sandbox.Pool{ID: testPool, Clients: []sandbox.Client{
		{ID: "app"}, {ID: "web", Secret: "client-secret-7"}, {ID: "kept", NoRevocation: true},
		{ID: "admins", Flows: []string{"ADMIN_USER_PASSWORD_AUTH"}}, {ID: "users", Flows: []string{"USER_PASSWORD_AUTH"}},
	}})
	for _, name := range names {
		s.AddUser(testPool, sandbox.User{Username: name, Enabled: true, Password: newPassword})
	}
	return s
}

// The requests of a check are exactly these, and only the administrator's is
// signed.
func TestCheckRequests(t *testing.T) {
	const hash = `"SECRET_HASH":"if76Fz5BNjGllyKPRiEE8vJ+KOQ4pKkGmV0GP3J106g=",` // of printf anaweb | openssl dgst -sha256 -hmac client-secret-7 -binary | base64
	const user = `"USERNAME":"ana"`
	for name, tt := range map[string]struct {
		check Check
		want  string
	}{
		"a user's": {Check{ClientID: "app"},
			`InitiateAuth {"AuthFlow":"USER_PASSWORD_AUTH","AuthParameters":{"PASSWORD":"Fresh-Word-42",` + user + `},"ClientId":"app"}; RevokeToken {"ClientId":"app","Token":"r-1"}; `},
		"with a secret": {Check{ClientID: "web", ClientSecret: jobs.NewSecret("client-secret-7")},
			`InitiateAuth {"AuthFlow":"USER_PASSWORD_AUTH","AuthParameters":{"PASSWORD":"Fresh-Word-42",` + hash + user + `},"ClientId":"web"}; RevokeToken {"ClientId":"web","ClientSecret":"client-secret-7","Token":"r-1"}; `},
		"an administrator's": {Check{ClientID: "app", Admin: true},
			`signed AdminInitiateAuth {"AuthFlow":"ADMIN_USER_PASSWORD_AUTH","AuthParameters":{"PASSWORD":"Fresh-Word-42",` + user + `},"ClientId":"app","UserPoolId":"us-west-2_aaaaaaaaa"}; RevokeToken {"ClientId":"app","Token":"r-1"}; `},
	} {
		got := ""
		d := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			var fields map[string]any
			_ = json.Unmarshal(body, &fields)
			sorted, _ := json.Marshal(fields)
			_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
			if r.Header.Get("Authorization") != "" {
				got += "signed "
			}
			got += operation + " " + string(sorted) + "; "
			_, _ = io.WriteString(w, `{"AuthenticationResult":{"AccessToken":"a-1","RefreshToken":"r-1"}}`)
		}))
		if _, err := d.WithCheck(tt.check).Do(t.Context(), checkTask("ana", newPassword)); err != nil || got != tt.want {
			t.Errorf("%s: got %s (%v)\nwant %s", name, got, err, tt.want)
		}
	}
}

func TestCheck(t *testing.T) {
	web := Check{ClientID: "web", ClientSecret: jobs.NewSecret("client-secret-7")}
	for name, tt := range map[string]struct {
		check   Check // zero: the client app
		admin   bool  // tried both ways otherwise
		user    func(*sandbox.User)
		fault   string // that the sign-in meets
		class   runner.Class
		message string // empty: it is ok
		wrong   int    // passwords that the pool has counted
	}{
		"right":                {},
		"right, with a secret": {check: web},
		"a temporary one":      {user: func(u *sandbox.User) { u.Status = "FORCE_CHANGE_PASSWORD" }},
		"a code by SMS":        {user: func(u *sandbox.User) { u.MFA = "SMS_MFA" }},
		"a code of an app":     {user: func(u *sandbox.User) { u.MFA = "SOFTWARE_TOKEN_MFA" }},
		"a code by e-mail":     {user: func(u *sandbox.User) { u.MFA = "EMAIL_OTP" }},
		"no second factor yet": {user: func(u *sandbox.User) { u.MFA = "MFA_SETUP" }},

		"wrong":          {user: func(u *sandbox.User) { u.Password = "Another-1" }, class: runner.UserFault, message: "the new password does not let the user in: Incorrect username or password.", wrong: 1},
		"gone":           {fault: "UserNotFoundException: User does not exist.", class: runner.UserFault, message: "let the user in: User does not exist."},
		"disabled":       {user: func(u *sandbox.User) { u.Enabled = false }, class: runner.UserFault, message: "let the user in: User is disabled."},
		"reset":          {user: func(u *sandbox.User) { u.Status = "RESET_REQUIRED" }, class: runner.UserFault, message: "let the user in: Password reset required for the user"},
		"unconfirmed":    {user: func(u *sandbox.User) { u.Status = "UNCONFIRMED" }, class: runner.UserFault, message: "let the user in: User is not confirmed."},
		"locked out":     {fault: "NotAuthorizedException: Password attempts exceeded", class: runner.UserFault, message: "let the user in: Password attempts exceeded"},
		"a trigger's no": {fault: "UserLambdaValidationException: PreAuthentication failed with error no.", class: runner.UserFault, message: "PreAuthentication failed"},

		"throttled":       {fault: "throttle", class: runner.Throttled, message: "Rate exceeded"},
		"a broken one":    {fault: "500", class: runner.InDoubt, message: "internal error"},
		"a trigger fails": {fault: "UnexpectedLambdaException: boom", class: runner.LambdaFault, message: "boom"},
		"lost before":     {fault: "lost-before", class: runner.InDoubt, message: "connection lost"},

		"no such client":    {check: Check{ClientID: "nobodys"}, class: runner.Fatal, message: "User pool client nobodys does not exist."},
		"no secret given":   {check: Check{ClientID: "web"}, class: runner.Fatal, message: "SECRET_HASH was not received"},
		"a wrong secret":    {check: Check{ClientID: "web", ClientSecret: jobs.NewSecret("client-secret-8")}, class: runner.Fatal, message: "Unable to verify secret hash for client web"},
		"a secret too many": {check: Check{ClientID: "app", ClientSecret: jobs.NewSecret("client-secret-7")}, class: runner.Fatal, message: "not configured for secret"},
		"a web ACL":         {fault: "ForbiddenException: Request not allowed due to WAF block.", class: runner.Fatal, message: "WAF"},
		"expired":           {admin: true, fault: "ExpiredTokenException: The security token included in the request is expired", class: runner.Fatal, message: "expired"},
		"no permission":     {admin: true, fault: "AccessDeniedException: User is not authorized to perform: cognito-idp:AdminInitiateAuth", class: runner.Fatal, message: "not authorized"},
	} {
		for operation, admin := range map[string]bool{"InitiateAuth": false, "AdminInitiateAuth": true} {
			if tt.admin && !admin {
				continue
			}
			s := checkedSandbox()
			u := sandbox.User{Username: "ana", Enabled: true, Password: newPassword}
			if tt.user != nil {
				tt.user(&u)
			}
			s.AddUser(testPool, u)
			if tt.fault != "" {
				s.SetFaults(sandbox.Faults{User: map[string][]string{operation + "/ana": {tt.fault}}})
			}
			c := tt.check
			if c.ClientID == "" {
				c.ClientID = "app"
			}
			c.Admin = admin
			answer, err := serve(t, s).WithCheck(c).Do(t.Context(), checkTask("ana", newPassword))
			if tt.message == "" {
				if err != nil || answer.Note != "" || answer.RequestID == "" {
					t.Errorf("%s, %s: got %v, note %q, want success", name, operation, err, answer.Note)
				}
			} else if fault := mustFault(t, err); fault.Class != tt.class || !strings.Contains(fault.Message, tt.message) || fault.Unproven {
				t.Errorf("%s, %s: got class %d, %q; want class %d, %q", name, operation, fault.Class, fault.Message, tt.class, tt.message)
			}
			if tokens, wrong := s.Tokens(), s.Counts(testPool, "ana").Wrong; tokens.Live != 0 || wrong != tt.wrong {
				t.Errorf("%s, %s: %+v and %d wrong passwords, want none live and %d", name, operation, tokens, wrong, tt.wrong)
			}
		}
	}
}

// A flow that the client does not have is said with what to do about it.
func TestCheckNeedsAFlow(t *testing.T) {
	for clientID, admin := range map[string]bool{"admins": false, "users": true} {
		d := serve(t, checkedSandbox("ana"))
		_, err := d.WithCheck(Check{ClientID: clientID, Admin: admin}).Do(t.Context(), checkTask("ana", newPassword))
		var hint interface{ Hint() string }
		if fault := mustFault(t, err); fault.Class != runner.Fatal || !errors.As(fault, &hint) || !strings.Contains(hint.Hint(), "ALLOW_USER_PASSWORD_AUTH") {
			t.Errorf("%s: got class %d (%v), want Fatal and a hint", clientID, fault.Class, err)
		}
		if _, err := d.WithCheck(Check{ClientID: clientID, Admin: !admin}).Do(t.Context(), checkTask("ana", newPassword)); err != nil {
			t.Errorf("%s, the other way: %v", clientID, err)
		}
	}
	_, err := serve(t, checkedSandbox("ana")).Do(t.Context(), checkTask("ana", newPassword))
	if fault := mustFault(t, err); fault.Class != runner.Fatal || !strings.Contains(fault.Message, "no request for step") {
		t.Errorf("without a client: got %v", err)
	}
}

// The refusals about a client are no fault of anything but a sign-in.
func TestClientFaultsAreOfSignIns(t *testing.T) {
	for _, fault := range []string{"NotAuthorizedException: a secret", "InvalidParameterException: flow not enabled"} {
		s := checkedSandbox("ana")
		s.SetFaults(sandbox.Faults{User: map[string][]string{"ana": {fault}}})
		_, err := serve(t, s).Do(t.Context(), runner.Task{Username: "ana", Action: jobs.Reset})
		if got := mustFault(t, err); got.Class != runner.UserFault {
			t.Errorf("%s: got class %d for a reset, want UserFault", fault, got.Class)
		}
	}
}

// A username is sent and hashed as it is.
func TestCheckOfHostileUsernames(t *testing.T) {
	names := []string{"../admin", `a"b\c`, "<script>", "ana&PASSWORD=x", "é", "é", "用户", "%2e%2e", "ana@example.com", "web", "\u202egnp", "🦊", "null", strings.Repeat("x", 128)}
	s := checkedSandbox(names...)
	d := serve(t, s).WithCheck(Check{ClientID: "web", ClientSecret: jobs.NewSecret("client-secret-7")})
	for _, name := range names {
		if answer, err := d.Do(t.Context(), checkTask(name, newPassword)); err != nil || answer.Note != "" {
			t.Errorf("%q: %v, %q", name, err, answer.Note)
		}
		if wrong := s.Counts(testPool, name).Wrong; wrong != 0 {
			t.Errorf("%q: %d wrong passwords", name, wrong)
		}
	}
	if got := s.Tokens(); got != (sandbox.Tokens{Given: len(names)}) {
		t.Errorf("got %+v, want %d, none live", got, len(names))
	}
}

// Whose answer was lost is checked again; what the first was given is left, for
// nobody here knows it.
func TestLostChecks(t *testing.T) {
	s := checkedSandbox("ana")
	s.SetFaults(sandbox.Faults{User: map[string][]string{"InitiateAuth/ana": {"lost-after", "lost-before"}}})
	d := serve(t, s).WithCheck(Check{ClientID: "app"})
	for i, want := range []string{"connection lost before the answer", "connection lost before the answer", ""} {
		_, err := d.Do(t.Context(), checkTask("ana", newPassword))
		if want == "" && err != nil || want != "" && mustFault(t, err).Message != want {
			t.Errorf("attempt %d: got %v, want %q", i+1, err, want)
		}
	}
	if got := s.Tokens(); got != (sandbox.Tokens{Given: 2, Live: 1}) {
		t.Errorf("got %+v, want that of the lost answer live", got)
	}
}

// A token that cannot be revoked does not make the password wrong; it is said.
func TestRevoking(t *testing.T) {
	const note = "the password is right, but the sign-in's refresh token could not be revoked: "
	for name, tt := range map[string]struct {
		client string
		faults []string
		note   string
		live   int
	}{
		"lost, before":      {"app", []string{"lost-before"}, "", 0},
		"lost, after":       {"app", []string{"lost-after"}, "", 0},
		"fails once":        {"app", []string{"500"}, "", 0},
		"fails":             {"app", []string{"500*"}, note + "InternalErrorException: ", 1},
		"throttled":         {"app", []string{"throttle*"}, note + "TooManyRequestsException: ", 1},
		"is not to be done": {"kept", nil, note + "UnsupportedOperationException: ", 1},
	} {
		s := checkedSandbox("ana")
		s.SetFaults(sandbox.Faults{User: map[string][]string{"RevokeToken/ana": tt.faults}})
		answer, err := serve(t, s).WithCheck(Check{ClientID: tt.client}).Do(t.Context(), checkTask("ana", newPassword))
		if err != nil || !strings.HasPrefix(answer.Note, tt.note) || tt.note == "" && answer.Note != "" || s.Tokens().Live != tt.live {
			t.Errorf("%s: got %v, note %q, %+v; want note %q, %d live", name, err, answer.Note, s.Tokens(), tt.note, tt.live)
		}
		if n := s.Stats().Operations["RevokeToken"].Requests; n > 2 {
			t.Errorf("%s: %d requests to revoke", name, n)
		}
	}
}

// A run that is cut off between the two requests of a check revokes the token all
// the same.
func TestRevokedWhenCutOff(t *testing.T) {
	s := checkedSandbox("ana")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	revoking := make(chan struct{})
	d := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".RevokeToken") {
			close(revoking)
			<-ctx.Done()
		}
		s.ServeHTTP(w, r)
	})).WithCheck(Check{ClientID: "app"})
	go func() { <-revoking; cancel() }()
	answer, err := d.Do(ctx, checkTask("ana", newPassword))
	if err != nil || answer.Note != "" || s.Tokens() != (sandbox.Tokens{Given: 1}) {
		t.Errorf("got %v, note %q, %+v; want the token revoked", err, answer.Note, s.Tokens())
	}
}

// Only a challenge that follows upon the password tells that it is right.
func TestChallenges(t *testing.T) {
	for answer, tt := range map[string]struct {
		class   runner.Class
		message string
	}{
		`{"ChallengeName": "SELECT_MFA_TYPE", "Session": "x"}`:           {},
		`{"ChallengeName": "DEVICE_SRP_AUTH"}`:                           {},
		`{"AuthenticationResult": {"AccessToken": "a"}}`:                 {}, // nothing to revoke
		`{"ChallengeName": "PASSWORD_VERIFIER"}`:                         {runner.UserFault, "the challenge PASSWORD_VERIFIER, which does not tell"},
		`{"ChallengeName": "CUSTOM_CHALLENGE"}`:                          {runner.UserFault, "the challenge CUSTOM_CHALLENGE, which does not tell"},
		`{"ChallengeName": "Fresh-Word-42 <x>"}`:                         {runner.UserFault, "the challenge , which does not tell"},
		`{}`:                                                             {runner.Unreadable, "neither tokens nor a challenge"},
		`{"AuthenticationResult": {"RefreshToken": "r"}}`:                {runner.Unreadable, "neither tokens nor a challenge"},
		`{"AuthenticationResult": "Fresh-Word-42"}`:                      {runner.Unreadable, ""},
		`{"AuthenticationResult": {"AccessToken": {"Fresh-Word-42":1}}}`: {runner.Unreadable, ""},
	} {
		d := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, answer) }))
		_, err := d.WithCheck(Check{ClientID: "app"}).Do(t.Context(), checkTask("ana", newPassword))
		if tt.class == runner.InDoubt {
			if err != nil {
				t.Errorf("%s: %v", answer, err)
			}
			continue
		}
		if fault := mustFault(t, err); fault.Class != tt.class || !strings.Contains(fault.Message, tt.message) || fault.Unproven && tt.class == runner.UserFault ||
			strings.Contains(fmt.Sprintf("%v %+v", err, fault), "Fresh") {
			t.Errorf("%s: got class %d, %q; want class %d, %q", answer, fault.Class, fault.Message, tt.class, tt.message)
		}
	}
}

// Whatever an endpoint repeats of what it was sent or has given, in whatever form,
// is in no error, note or debug output.
func TestCheckKeepsItsSecrets(t *testing.T) {
	const secret, token = "qX7vClientK3yZ9", "rT5wRefreshM8nB4"
	c := Check{ClientID: "web", ClientSecret: jobs.NewSecret(secret)}
	hash := c.hash("ana").Reveal()
	forms := func(text string) []string {
		return []string{text, base64.StdEncoding.EncodeToString([]byte(text)), hex.EncodeToString([]byte(text))}
	}
	for _, repeated := range []string{newPassword, secret, hash, token} {
		for _, said := range forms(repeated) {
			for _, on := range []string{"InitiateAuth", "RevokeToken"} {
				if repeated == token && on == "InitiateAuth" {
					continue
				}
				for _, code := range []string{"NotAuthorizedException", "InvalidParameterException", "Code" + repeated} {
					d := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						w.Header().Set("X-Amzn-Requestid", strings.Trim(said, "+/="))
						if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "."+on) {
							w.WriteHeader(http.StatusBadRequest)
							_ = json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": "secret: " + said + " is wrong"})
							return
						}
						w.Header().Del("X-Amzn-Requestid")
						_, _ = io.WriteString(w, `{"AuthenticationResult":{"AccessToken":"a-1","RefreshToken":"`+token+`"}}`)
					})).WithCheck(c)
					answer, err := d.Do(t.Context(), checkTask("ana", newPassword))
					if (err != nil) != (on == "InitiateAuth") {
						t.Fatalf("%s, %s: got %v", on, code, err)
					}
					all := fmt.Sprintf("%v|%+v|%#v|%v|%+v|%#v|%+v", err, err, err, answer, answer, answer, d)
					for ; err != nil; err = errors.Unwrap(err) {
						all += fmt.Sprintf("|%v|%+v", err, err)
					}
					for _, form := range []string{newPassword, secret, hash, token, said} {
						if strings.Contains(all, form) {
							t.Errorf("%s says %q: shown in %s", on, said, all)
						}
					}
				}
			}
		}
	}
}

// An endpoint that does not answer a revocation holds a check up no longer than
// the limit.
func TestRevokingHasALimit(t *testing.T) {
	s := checkedSandbox("ana")
	d := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".RevokeToken") {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
			return
		}
		s.ServeHTTP(w, r)
	})).WithCheck(Check{ClientID: "app"})
	d.client.revokeIn = 50 * time.Millisecond
	answer, err := d.Do(t.Context(), checkTask("ana", newPassword))
	if err != nil || !strings.HasSuffix(answer.Note, "could not be revoked: no answer in time") {
		t.Errorf("got %v, note %q", err, answer.Note)
	}
}
