package sandbox

import (
	"errors"
	"net/http"
	"testing"
	"time"
)

// TestStates is the table of Cognito's states: what each operation makes of a
// user in each.
func TestStates(t *testing.T) {
	const (
		cannot   = "NotAuthorizedException: User password cannot be reset in the current state."
		disabled = "NotAuthorizedException: User is disabled."
	)
	tests := []struct {
		from                        string
		temporary, permanent, reset string // the status it leads to, or the error
	}{
		{"CONFIRMED", "FORCE_CHANGE_PASSWORD", "CONFIRMED", "RESET_REQUIRED"},
		{"UNCONFIRMED", "FORCE_CHANGE_PASSWORD", "CONFIRMED", cannot},
		{"RESET_REQUIRED", "FORCE_CHANGE_PASSWORD", "CONFIRMED", "RESET_REQUIRED"},
		{"FORCE_CHANGE_PASSWORD", "FORCE_CHANGE_PASSWORD", "CONFIRMED", cannot},
		{"EXTERNAL_PROVIDER", "FORCE_CHANGE_PASSWORD", "CONFIRMED", cannot},
		{"disabled", "FORCE_CHANGE_PASSWORD", "CONFIRMED", disabled},
	}
	s, c := serve(t, Config{})
	for _, test := range tests {
		for name, step := range map[string]struct {
			operation string
			in        map[string]any
			want      string
		}{
			"set-temporary": {"AdminSetUserPassword", map[string]any{"Password": "Another1!"}, test.temporary},
			"set-permanent": {"AdminSetUserPassword", map[string]any{"Password": "Another1!", "Permanent": true}, test.permanent},
			"reset":         {"AdminResetUserPassword", map[string]any{}, test.reset},
		} {
			t.Run(test.from+"/"+name, func(t *testing.T) {
				u := ana()
				if u.Status = test.from; test.from == "disabled" {
					u.Status, u.Enabled = "CONFIRMED", false
				}
				s.AddUser(poolID, u)
				before, _ := s.User(poolID, "ana")
				step.in["Username"] = "ana"
				a := c.call(step.operation, step.in)
				after, _ := s.User(poolID, "ana")
				got := after.Status
				if a.code() != "" {
					got = a.code() + ": " + a.message()
				}
				if got != step.want {
					t.Errorf("got %s, want %s", got, step.want)
				}
				if changed := !after.Modified.Equal(before.Modified); changed != (a.status == http.StatusOK) {
					t.Errorf("modified changed is %v at status %d", changed, a.status)
				}
				if a.status == http.StatusOK && len(a.body) != 0 {
					t.Errorf("got body %v, want none", a.body)
				}
			})
		}
	}
}

func TestResetNeedsAVerifiedAddress(t *testing.T) {
	for name, test := range map[string]struct {
		attributes map[string]string
		medium     string
	}{
		"email":      {map[string]string{"email": "a@example.com", "email_verified": "true"}, "EMAIL"},
		"phone":      {map[string]string{"email": "a@example.com", "phone_number": "+15550100", "phone_number_verified": "true"}, "SMS"},
		"unverified": {map[string]string{"email": "a@example.com", "email_verified": "false"}, ""},
		"none":       {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, c := serve(t, Config{})
			s.AddUser(poolID, User{Username: "ana", Enabled: true, Attributes: test.attributes})
			a := c.call("AdminResetUserPassword", map[string]any{"Username": "ana", "ClientMetadata": map[string]string{"reason": "INC-42"}})
			sent := s.Outbox()
			if test.medium == "" {
				if a.code() != "InvalidParameterException" || len(sent) != 0 {
					t.Errorf("got %v and %d messages, want InvalidParameterException and none", a.body, len(sent))
				}
				return
			}
			if len(sent) != 1 || sent[0].Medium != test.medium || len(sent[0].Code) != 6 || sent[0].ClientMetadata["reason"] != "INC-42" {
				t.Errorf("got %+v, want one code by %s with the metadata", sent, test.medium)
			}
		})
	}
}

func TestSignIn(t *testing.T) {
	now := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		user     func(*User)
		password string
		later    time.Duration
		want     string
	}{
		"right":      {func(*User) {}, "Passw0rd!", 0, ""},
		"wrong":      {func(*User) {}, "Passw0rd?", 0, "NotAuthorizedException: Incorrect username or password."},
		"unknown":    {func(u *User) { u.Username = "bo" }, "Passw0rd!", 0, "NotAuthorizedException: Incorrect username or password."},
		"disabled":   {func(u *User) { u.Enabled = false }, "Passw0rd!", 0, "NotAuthorizedException: User is disabled."},
		"reset":      {func(u *User) { u.Status = "RESET_REQUIRED" }, "Passw0rd!", 0, "PasswordResetRequiredException: Password reset required for the user"},
		"temporary":  {func(u *User) { u.Status = "FORCE_CHANGE_PASSWORD" }, "Passw0rd!", 7 * 24 * time.Hour, "NEW_PASSWORD_REQUIRED"},
		"expired":    {func(u *User) { u.Status = "FORCE_CHANGE_PASSWORD" }, "Passw0rd!", 7*24*time.Hour + 1e6, "NotAuthorizedException: Temporary password has expired and must be reset by an administrator."},
		"federated":  {func(u *User) { u.Status = "EXTERNAL_PROVIDER" }, "Passw0rd!", 0, "NotAuthorizedException: Incorrect username or password."},
		"unfinished": {func(u *User) { u.Status = "UNCONFIRMED" }, "Passw0rd!", 0, "UserNotConfirmedException: User is not confirmed."},
	} {
		t.Run(name, func(t *testing.T) {
			at := now
			s, c := serve(t, Config{Now: func() time.Time { return at }})
			u := ana()
			u.Created = now
			test.user(&u)
			s.AddUser(poolID, u)
			at = now.Add(test.later)
			got := ""
			if err := s.SignIn(poolID, "ana", test.password); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("SignIn gives %q, want %q", got, test.want)
			}
			a := signIn(c, "ana", test.password)
			wire := a.code() + ": " + a.message()
			if challenge, ok := a.body["ChallengeName"].(string); ok {
				wire = challenge
			} else if a.status == http.StatusOK {
				wire = ""
			}
			if wire != test.want {
				t.Errorf("InitiateAuth gives %q, want %q", wire, test.want)
			}
		})
	}
}

func signIn(c *client, username, password string) answer {
	return c.call("InitiateAuth", map[string]any{
		"ClientId": ClientID(poolID), "AuthFlow": "USER_PASSWORD_AUTH",
		"AuthParameters": map[string]string{"USERNAME": username, "PASSWORD": password},
	})
}

// TestUserChoosesAPassword plays the user after each of an administrator's actions.
func TestUserChoosesAPassword(t *testing.T) {
	s, c := serve(t, Config{})
	s.AddUser(poolID, ana())
	want := func(err, target error) {
		t.Helper()
		if !errors.Is(err, target) {
			t.Fatalf("got %v, want %v", err, target)
		}
	}
	c.call("AdminSetUserPassword", map[string]any{"Username": "ana", "Password": "Temporary1!"})
	challenge := signIn(c, "ana", "Temporary1!")
	a := c.call("RespondToAuthChallenge", map[string]any{
		"ClientId": ClientID(poolID), "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": challenge.body["Session"],
		"ChallengeResponses": map[string]string{"USERNAME": "ana", "NEW_PASSWORD": "Chosen-1!"},
	})
	if a.status != http.StatusOK {
		t.Fatalf("answering the challenge: %v", a.body)
	}
	want(s.SignIn(poolID, "ana", "Chosen-1!"), nil)

	c.call("AdminResetUserPassword", map[string]any{"Username": "ana"})
	code := s.Outbox()[0].Code
	confirm := map[string]any{"ClientId": ClientID(poolID), "Username": "ana", "Password": "Chosen-2!", "ConfirmationCode": "no"}
	if a := c.call("ConfirmForgotPassword", confirm); a.code() != "CodeMismatchException" {
		t.Errorf("wrong code: got %v", a.body)
	}
	confirm["ConfirmationCode"] = code
	if a := c.call("ConfirmForgotPassword", confirm); a.status != http.StatusOK {
		t.Errorf("right code: got %v", a.body)
	}
	if a := c.call("ConfirmForgotPassword", confirm); a.code() != "ExpiredCodeException" {
		t.Errorf("used code: got %v", a.body)
	}
	want(s.SignIn(poolID, "ana", "Chosen-2!"), nil)

	result := signIn(c, "ana", "Chosen-2!").body["AuthenticationResult"].(map[string]any)
	change := map[string]any{"AccessToken": result["AccessToken"], "PreviousPassword": "Chosen-2!", "ProposedPassword": "Chosen-3!"}
	if a := c.call("ChangePassword", change); a.status != http.StatusOK {
		t.Errorf("changing: got %v", a.body)
	}
	want(s.SignIn(poolID, "ana", "Chosen-3!"), nil)
	c.call("AdminUserGlobalSignOut", map[string]any{"Username": "ana"})
	if a := c.call("ChangePassword", change); a.code() != "NotAuthorizedException" {
		t.Errorf("changing after a sign-out: got %v", a.body)
	}
}

func TestPolicy(t *testing.T) {
	all := DefaultPolicy()
	for password, want := range map[string]string{
		"Passw0rd!": "", "Passw0rd! with spaces": "",
		"Pass0!":    "Password not long enough",
		"passw0rd!": "Password must have uppercase characters",
		"PASSW0RD!": "Password must have lowercase characters",
		"Password!": "Password must have numeric characters",
		"Passw0rdd": "Password must have symbol characters",
		"Ässw0rd!ä": "Password must have uppercase characters",
	} {
		got := ""
		if err := all.check(password); err != nil {
			got = err.Error()
		}
		if want != "" {
			want = "InvalidPasswordException: Password did not conform with policy: " + want
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", password, got, want)
		}
	}
}

func TestPasswordHistory(t *testing.T) {
	s, c := serve(t, Config{})
	s.AddPool(Pool{ID: poolID, Policy: Policy{History: 2}})
	s.AddUser(poolID, User{Username: "ana", Enabled: true, Password: "first-1"})
	for _, step := range []struct{ password, code string }{
		{"first-1", "PasswordHistoryPolicyViolationException"},
		{"second-2", ""},
		{"first-1", "PasswordHistoryPolicyViolationException"},
		{"third-3", ""},
		{"second-2", "PasswordHistoryPolicyViolationException"},
		{"first-1", ""},
		{"third-3", "PasswordHistoryPolicyViolationException"},
		{"short", "InvalidPasswordException"},
	} {
		a := c.call("AdminSetUserPassword", map[string]any{"Username": "ana", "Password": step.password, "Permanent": true})
		if a.code() != step.code {
			t.Errorf("%s: got %q, want %q", step.password, a.code(), step.code)
		}
	}
	if got := s.Counts(poolID, "ana"); got != (Counts{Sets: 3, Requests: 8}) {
		t.Errorf("got %+v", got)
	}
}
