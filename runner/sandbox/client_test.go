package sandbox

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"cogpass/jobs"
)

// withClients starts a Server whose pool has app clients of all kinds, and ana.
func withClients(t *testing.T, c Config) (*Server, *client) {
	t.Helper()
	s, at := serve(t, c)
	body := `{"pools": [{"id": "` + poolID + `", "clients": ["open", {"id": "closed", "secret": "hidden-1"}, {"id": "closed2", "secret": "hidden-2"},
		{"id": "srp", "flows": ["ADMIN_USER_PASSWORD_AUTH"]}, {"id": "public", "flows": ["USER_PASSWORD_AUTH"]}, {"id": "kept", "noRevocation": true}]},
		{"id": "eu-west-1_b", "clients": ["theirs"]}]}`
	if status, text := at.control(http.MethodPut, "pools", body); status != http.StatusNoContent {
		t.Fatalf("PUT pools: %d %s", status, text)
	}
	s.AddUser(poolID, ana())
	return s, at
}

// try signs in at an app client; an empty hash is left out.
func try(c *client, operation, clientID, username, password, hash string) answer {
	in := map[string]any{"ClientId": clientID, "AuthFlow": flows[operation][0]}
	parameters := map[string]string{"USERNAME": username, "PASSWORD": password}
	if hash != "" {
		parameters["SECRET_HASH"] = hash
	}
	in["AuthParameters"] = parameters
	return c.call(operation, in)
}

func TestClients(t *testing.T) {
	s, c := withClients(t, Config{})
	const password = "Passw0rd!"
	right := secretHash("hidden-1", "ana", "closed")
	for _, test := range []struct{ operation, client, username, hash, want string }{
		{"InitiateAuth", "open", "ana", "", ""},
		{"AdminInitiateAuth", "open", "ana", "", ""},
		{"InitiateAuth", "closed", "ana", right, ""},
		{"AdminInitiateAuth", "closed", "ana", right, ""},
		{"InitiateAuth", "closed", "ana@example.com", secretHash("hidden-1", "ana@example.com", "closed"), "NotAuthorizedException: Incorrect username or password."}, // no alias here
		{"InitiateAuth", "closed", "ana", "", "NotAuthorizedException: Client closed is configured with secret but SECRET_HASH was not received"},
		{"InitiateAuth", "closed", "bo", right, "NotAuthorizedException: Unable to verify secret hash for client closed"},
		{"InitiateAuth", "closed2", "ana", right, "NotAuthorizedException: Unable to verify secret hash for client closed2"},
		{"InitiateAuth", "open", "ana", right, "NotAuthorizedException: Client open is not configured for secret but secret hash was received"},
		{"InitiateAuth", "srp", "ana", "", "InvalidParameterException: USER_PASSWORD_AUTH flow not enabled for this client"},
		{"AdminInitiateAuth", "srp", "ana", "", ""},
		{"AdminInitiateAuth", "public", "ana", "", "InvalidParameterException: Auth flow not enabled for this client"},
		{"InitiateAuth", "nobodys", "ana", "", "ResourceNotFoundException: User pool client nobodys does not exist."},
		{"AdminInitiateAuth", "theirs", "ana", "", "ResourceNotFoundException: User pool client theirs does not exist."},
		{"AdminInitiateAuth", "nobodys", "ana", "", "ResourceNotFoundException: User pool client nobodys does not exist."},
	} {
		a := try(c, test.operation, test.client, test.username, password, test.hash)
		got := ""
		if a.status != http.StatusOK {
			got = a.code() + ": " + a.message()
		}
		if got != test.want {
			t.Errorf("%s at %s as %s: got %q, want %q", test.operation, test.client, test.username, got, test.want)
		}
	}
	if wrong := s.Counts(poolID, "ana").Wrong; wrong != 0 {
		t.Errorf("%d wrong passwords counted, of none", wrong)
	}
	_, text := c.control(http.MethodGet, "pools", "")
	if strings.Contains(text, "hidden") || !strings.Contains(text, `"id": "closed"`) || !strings.Contains(text, `"open"`) {
		t.Errorf("GET pools: got %s", text)
	}
	// The signature that AWS requires of the one, and of the one only.
	for operation, want := range map[string]string{"InitiateAuth": "", "AdminInitiateAuth": "UnrecognizedClientException"} {
		r, _ := http.NewRequest(http.MethodPost, c.url, strings.NewReader(`{"UserPoolId": "`+poolID+`", "ClientId": "open", "AuthFlow": "`+flows[operation][0]+
			`", "AuthParameters": {"USERNAME": "ana", "PASSWORD": "`+password+`"}}`))
		r.Header.Set("X-Amz-Target", targetPrefix+operation)
		if a, err := c.do(r); err != nil || a.code() != want {
			t.Errorf("%s, unsigned: got %v (%v), want %q", operation, a.body, err, want)
		}
	}
}

func TestClientsAreChecked(t *testing.T) {
	s := New(Config{})
	for clients, want := range map[string]string{
		`[{"id": ""}]`:                      "an app client without an ID",
		`[null]`:                            "an app client without an ID",
		`[{"id": "a", "flows": ["SRP"]}]`:   `app client a: the sandbox does not know the flow "SRP"`,
		`[{"id": "a", "sercet": "hidden"}]`: `unknown field "sercet"`,
		`["a"], "users": [{"username": "u", "mfa": "FAX"}]`: `user "u": mfa "FAX": want SMS_MFA`,
	} {
		err := s.Load(strings.NewReader(`{"pools": [{"id": "` + poolID + `", "clients": ` + clients + `}]}`))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: got %v, want %s", clients, err, want)
		}
	}
}

// Whom a second factor awaits has the right password, and gets no tokens.
func TestSecondFactors(t *testing.T) {
	s, c := withClients(t, Config{})
	for _, factor := range factors[1:] {
		u := ana()
		u.MFA = factor
		s.AddUser(poolID, u)
		if err := s.SignIn(poolID, "ana", "Passw0rd!"); err != Challenge(factor) {
			t.Errorf("%s: SignIn gives %v", factor, err)
		}
		a := try(c, "InitiateAuth", "open", "ana", "Passw0rd!", "")
		if a.body["ChallengeName"] != factor || a.body["AuthenticationResult"] != nil {
			t.Errorf("%s: got %v", factor, a.body)
		}
		if a := try(c, "InitiateAuth", "open", "ana", "Passw0rd?", ""); a.code() != codeNotAuthorized {
			t.Errorf("%s, wrong password: got %v", factor, a.body)
		}
	}
	if got := s.Tokens(); got != (Tokens{}) {
		t.Errorf("got %+v, want no tokens", got)
	}
}

// Wrong passwords are counted by user, also of one who is not there; a trial by
// SignIn is no request.
func TestWrongPasswordsAreCounted(t *testing.T) {
	s, c := withClients(t, Config{})
	for _, name := range []string{"ana", "ana", "nobody"} {
		try(c, "InitiateAuth", "open", name, "Passw0rd?", "")
	}
	_ = s.SignIn(poolID, "ana", "Passw0rd?")
	if ana, nobody := s.Counts(poolID, "ana"), s.Counts(poolID, "nobody"); ana != (Counts{Wrong: 2}) || nobody != (Counts{Wrong: 1}) {
		t.Errorf("got %+v and %+v, want 2 and 1 wrong", ana, nobody)
	}
}

func TestRevokeToken(t *testing.T) {
	s, c := withClients(t, Config{})
	grant := func(client, hash string) map[string]any {
		t.Helper()
		a := try(c, "InitiateAuth", client, "ana", "Passw0rd!", hash)
		result, ok := a.body["AuthenticationResult"].(map[string]any)
		if !ok {
			t.Fatalf("%s: got %v", client, a.body)
		}
		return result
	}
	live := func() int {
		t.Helper()
		var got Tokens
		_, text := c.control(http.MethodGet, "tokens", "")
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != s.Tokens() {
			t.Fatalf("GET tokens: %s (%v)", text, err)
		}
		return got.Live
	}
	first, second := grant("open", ""), grant("open", "")
	closed, kept := grant("closed", secretHash("hidden-1", "ana", "closed")), grant("kept", "")
	for _, test := range []struct {
		in   map[string]any
		code string
		live int
	}{
		{map[string]any{"ClientId": "open", "Token": first["AccessToken"]}, "UnsupportedTokenTypeException", 4},
		{map[string]any{"ClientId": "open", "Token": "x"}, "InvalidParameterException", 4},
		{map[string]any{"ClientId": "kept", "Token": first["RefreshToken"]}, "UnauthorizedException", 4},
		{map[string]any{"ClientId": "nobodys", "Token": first["RefreshToken"]}, "ResourceNotFoundException", 4},
		{map[string]any{"ClientId": "open", "Token": first["RefreshToken"]}, "", 3},
		{map[string]any{"ClientId": "open", "Token": first["RefreshToken"]}, "", 3},
		{map[string]any{"ClientId": "closed", "Token": closed["RefreshToken"]}, "UnauthorizedException", 3},
		{map[string]any{"ClientId": "closed", "ClientSecret": "no", "Token": closed["RefreshToken"]}, "UnauthorizedException", 3},
		{map[string]any{"ClientId": "closed", "ClientSecret": "hidden-1", "Token": closed["RefreshToken"]}, "", 2},
		{map[string]any{"ClientId": "kept", "Token": kept["RefreshToken"]}, "UnsupportedOperationException", 2},
	} {
		if a := c.call("RevokeToken", test.in); a.code() != test.code || live() != test.live {
			t.Errorf("%v: got %v, %d live; want %q, %d", test.in, a.body, live(), test.code, test.live)
		}
	}
	// What was given with a token goes with it, and nothing else does.
	for token, code := range map[any]string{first["AccessToken"]: codeNotAuthorized, second["AccessToken"]: ""} {
		a := c.call("ChangePassword", map[string]any{"AccessToken": token, "PreviousPassword": "Passw0rd!", "ProposedPassword": "Chosen-1!"})
		if a.code() != code {
			t.Errorf("changing a password: got %v, want %q", a.body, code)
		}
	}
	if _, text := c.control(http.MethodGet, "users?username=ana&pool="+poolID, ""); !strings.Contains(text, `"tokens":2`) {
		t.Errorf("GET users: got %s, want two tokens", text)
	}
	c.call("AdminUserGlobalSignOut", map[string]any{"Username": "ana"})
	if live() != 0 || s.Tokens().Given != 4 {
		t.Errorf("after the sign-out: got %+v, want none of 4", s.Tokens())
	}
}

// A sign-in draws on its quota, and meets faults by its user.
func TestSignInsMeetFaults(t *testing.T) {
	s, c := withClients(t, Config{Quotas: map[jobs.Category]float64{jobs.UserAuthentication: 1e-9}})
	s.AddUser(poolID, User{Username: "bo", Enabled: true, Password: "Passw0rd!"})
	for _, want := range []string{"", codeThrottled} {
		if a := try(c, "AdminInitiateAuth", "open", "ana", "Passw0rd!", ""); a.code() != want {
			t.Errorf("got %v, want %q", a.body, want)
		}
	}
	s.SetQuota(jobs.UserAuthentication, 0)
	s.SetFaults(Faults{User: map[string][]string{"InitiateAuth/ana": {"500"}, "RevokeToken/bo": {"throttle"}}})
	token := try(c, "InitiateAuth", "open", "bo", "Passw0rd!", "").body["AuthenticationResult"].(map[string]any)["RefreshToken"]
	for _, want := range []string{codeInternal, ""} {
		if a := try(c, "InitiateAuth", "open", "ana", "Passw0rd!", ""); a.code() != want {
			t.Errorf("ana: got %v, want %q", a.body, want)
		}
	}
	for _, want := range []string{codeThrottled, ""} {
		if a := c.call("RevokeToken", map[string]any{"ClientId": "open", "Token": token}); a.code() != want {
			t.Errorf("bo's token: got %v, want %q", a.body, want)
		}
	}
	s.SetFaults(Faults{Fail: 1})
	if a := try(c, "InitiateAuth", "open", "ana", "Passw0rd!", ""); a.code() != codeInternal {
		t.Errorf("all fail: got %v", a.body)
	}
	for _, r := range s.Log() {
		if strings.HasSuffix(r.Operation, "InitiateAuth") && r.Username == "" {
			t.Errorf("the log does not say whose sign-in it is: %+v", r)
		}
	}
}

// The sandbox of a run takes whatever client the job names.
func TestTrialTakesAnyClient(t *testing.T) {
	s := Trial(poolID)
	s.AddUser(poolID, ana())
	url, err := s.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := &client{t, url, http.DefaultClient}
	for _, operation := range []string{"InitiateAuth", "AdminInitiateAuth"} {
		a := try(c, operation, "whichever", "ana", "Passw0rd!", "anyhash")
		result, ok := a.body["AuthenticationResult"].(map[string]any)
		if !ok {
			t.Fatalf("%s: got %v", operation, a.body)
		}
		if a := c.call("RevokeToken", map[string]any{"ClientId": "whichever", "ClientSecret": "any", "Token": result["RefreshToken"]}); a.status != http.StatusOK {
			t.Errorf("revoking: got %v", a.body)
		}
	}
	if got := s.Tokens(); got != (Tokens{Given: 2}) {
		t.Errorf("got %+v, want two, none live", got)
	}
}
