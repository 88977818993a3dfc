package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestBesides is the table of what the operations beside the two of passwords
// make of a user in each state.
func TestBesides(t *testing.T) {
	const notNow = "UnsupportedUserStateException"
	s, c := serve(t, Config{})
	for _, status := range statusNames {
		for _, enabled := range []bool{true, false} {
			for operation, want := range map[string]struct {
				in       map[string]any
				fails    string
				enabled  bool
				modified bool
				counts   Counts
			}{
				"AdminUserGlobalSignOut": {enabled: enabled, counts: Counts{SignOuts: 1, Requests: 1}},
				"AdminDisableUser":       {enabled: false, modified: true, counts: Counts{Disables: 1, Requests: 1}},
				"AdminEnableUser":        {enabled: true, modified: true, counts: Counts{Enables: 1, Requests: 1}},
				"AdminCreateUser": {in: map[string]any{"MessageAction": "RESEND"}, fails: map[bool]string{false: notNow}[status == "FORCE_CHANGE_PASSWORD"],
					enabled: enabled, modified: true, counts: Counts{Invitations: 1, Requests: 1}},
			} {
				u := ana()
				u.Status, u.Enabled = status, enabled
				s.AddUser(poolID, u)
				before, _ := s.User(poolID, "ana")
				in := map[string]any{"Username": "ana"}
				maps.Copy(in, want.in)
				a := c.call(operation, in)
				after, _ := s.User(poolID, "ana")
				if want.fails != "" {
					want.modified, want.counts = false, Counts{Requests: 1}
				}
				if a.code() != want.fails || after.Status != status || after.Enabled != want.enabled ||
					after.Modified.After(before.Modified) != want.modified || s.Counts(poolID, "ana") != want.counts {
					t.Errorf("%s, enabled: %v, %s: got %v, %s, enabled: %v, %+v; want %+v", status, enabled, operation, a.body, after.Status, after.Enabled, s.Counts(poolID, "ana"), want)
				}
			}
		}
	}
}

// A user who is signed out or disabled has no token that holds; enabling brings
// none of them back.
func TestRevoked(t *testing.T) {
	for operation, again := range map[string]bool{"AdminUserGlobalSignOut": true, "AdminDisableUser": false} {
		s, c := serve(t, Config{})
		s.AddUser(poolID, ana())
		token := signIn(c, "ana", "Passw0rd!").body["AuthenticationResult"].(map[string]any)["AccessToken"]
		c.call(operation, map[string]any{"Username": "ana"})
		if err := s.SignIn(poolID, "ana", "Passw0rd!"); (err == nil) != again {
			t.Errorf("%s: signing in gives %v", operation, err)
		}
		c.call("AdminEnableUser", map[string]any{"Username": "ana"})
		if err := s.SignIn(poolID, "ana", "Passw0rd!"); err != nil {
			t.Errorf("%s, enabled: signing in gives %v", operation, err)
		}
		a := c.call("ChangePassword", map[string]any{"AccessToken": token, "PreviousPassword": "Passw0rd!", "ProposedPassword": "Chosen-1!"})
		if a.code() != "NotAuthorizedException" {
			t.Errorf("%s: a token given before it holds: %v", operation, a.body)
		}
	}
}

// An invitation again makes a temporary password that has expired good for as
// long as a new one, or is with a new one.
func TestInvitedAgain(t *testing.T) {
	now := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	s, c := serve(t, Config{Now: func() time.Time { return now }})
	s.AddPool(Pool{ID: poolID, TemporaryValidityDays: 2})
	c.call("AdminCreateUser", map[string]any{"Username": "ana", "TemporaryPassword": "Temporary1!", "MessageAction": "SUPPRESS",
		"UserAttributes": []attribute{{"email", "ana@example.com"}}})
	s.SetClock(2*24*time.Hour + time.Millisecond)
	if err := s.SignIn(poolID, "ana", "Temporary1!"); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Fatalf("after two days: signing in gives %v", err)
	}
	for _, again := range []struct{ given, good string }{{"", "Temporary1!"}, {"Temporary2!", "Temporary2!"}} {
		in := map[string]any{"Username": "ana", "MessageAction": "RESEND"}
		if again.given != "" {
			in["TemporaryPassword"] = again.given
		}
		if a := c.call("AdminCreateUser", in); a.status != http.StatusOK {
			t.Fatalf("inviting again: %v", a.body)
		}
		if err := s.SignIn(poolID, "ana", again.good); err != ErrNewPasswordRequired {
			t.Errorf("invited again with %q: signing in gives %v", again.given, err)
		}
	}
	if a := c.call("AdminCreateUser", map[string]any{"Username": "ana", "MessageAction": "RESEND", "TemporaryPassword": "x"}); a.code() != "InvalidPasswordException" {
		t.Errorf("a weak password: got %v", a.body)
	}
	if a := c.call("AdminCreateUser", map[string]any{"Username": "nobody", "MessageAction": "RESEND"}); a.code() != "UserNotFoundException" {
		t.Errorf("nobody: got %v", a.body)
	}
	if got := s.Counts(poolID, "ana"); got != (Counts{Creations: 1, Invitations: 2, Requests: 4}) {
		t.Errorf("got %+v", got)
	}
	if sent := s.Outbox(); len(sent) != 2 || sent[1].Medium != "EMAIL" || sent[1].To != "ana@example.com" {
		t.Errorf("got %+v, want two invitations by e-mail", sent)
	}
}

func TestInvitations(t *testing.T) {
	both := []attribute{{"email", "a@example.com"}, {"phone_number", "+15550100"}}
	for name, test := range map[string]struct {
		attributes []attribute
		media      []string
		want       string // medium and address, or the error
	}{
		"none asked for":      {both, nil, "SMS +15550100"},
		"e-mail, for no SMS":  {both[:1], nil, "EMAIL a@example.com"},
		"e-mail":              {both, []string{"EMAIL"}, "EMAIL a@example.com"},
		"SMS":                 {both, []string{"SMS"}, "SMS +15550100"},
		"e-mail without one":  {both[1:], []string{"EMAIL"}, "InvalidParameterException"},
		"SMS without a phone": {both[:1], []string{"SMS"}, "InvalidParameterException"},
	} {
		s, c := serve(t, Config{})
		a := c.call("AdminCreateUser", map[string]any{"Username": "new", "UserAttributes": test.attributes, "DesiredDeliveryMediums": test.media})
		got := a.code()
		if sent := s.Outbox(); len(sent) == 1 {
			got = sent[0].Medium + " " + sent[0].To
		}
		_, made := s.User(poolID, "new")
		if got != test.want || made != (a.status == http.StatusOK) {
			t.Errorf("%s: got %q, made: %v; want %q", name, got, made, test.want)
		}
	}
}

// A verified address is the alias of one user.
func TestAliasExists(t *testing.T) {
	s, c := serve(t, Config{})
	s.AddPool(Pool{ID: poolID, AliasAttributes: []string{"email"}})
	s.AddUser(poolID, ana())
	for name, test := range map[string]struct {
		address, verified, want string
	}{
		"the same, verified":     {"ana@example.com", "true", "AliasExistsException"},
		"the same, not verified": {"ana@example.com", "false", ""},
		"another":                {"bo@example.com", "true", ""},
	} {
		a := c.call("AdminCreateUser", map[string]any{"Username": strings.ReplaceAll(name, " ", "-"), "MessageAction": "SUPPRESS",
			"UserAttributes": []attribute{{"email", test.address}, {"email_verified", test.verified}}})
		if a.code() != test.want {
			t.Errorf("%s: got %v, want %q", name, a.body, test.want)
		}
	}
}

// A pool tells names apart by case, or does not.
func TestCase(t *testing.T) {
	for _, insensitive := range []bool{false, true} {
		s, c := serve(t, Config{})
		s.AddUser(poolID, ana()) // before it is known how names are told apart
		s.AddPool(Pool{ID: poolID, AliasAttributes: []string{"email", "preferred_username"}, CaseInsensitive: insensitive})
		s.AddUser(poolID, User{Username: "Bo", Enabled: true, Attributes: map[string]string{"preferred_username": "Robert"}})
		for name, want := range map[string]string{"ana": "ana", "ANA": "ana", "Ana@Example.com": "ana", "bo": "Bo", "Bo": "Bo", "robert": "Bo", "Robert": "Bo"} {
			same := name == want || name == "Robert"
			got := c.call("AdminGetUser", map[string]any{"Username": name})
			if found := got.body["Username"] == want; found != (same || insensitive) {
				t.Errorf("case-insensitive: %v, %s: got %v", insensitive, name, got.body)
			}
		}
		for filter, same := range map[string]bool{`username = "ana"`: true, `username = "ANA"`: false, `username ^= "AN"`: false, `email = "Ana@example.com"`: false, `email ^= "ANA"`: false} {
			got := c.call("ListUsers", map[string]any{"Filter": filter}).names()
			same = same || insensitive && !strings.HasPrefix(filter, "username") // whose search tells case apart anyway
			if slices.Equal(got, []string{"ana"}) != same {
				t.Errorf("case-insensitive: %v, %s: got %q", insensitive, filter, got)
			}
		}
		if got := c.call("ListUsers", map[string]any{"Filter": `given_name = "ANA"`}).names(); len(got) != 0 {
			t.Errorf("a given name: got %q", got)
		}
		want := map[bool]string{true: "UsernameExistsException"}[insensitive]
		if a := c.call("AdminCreateUser", map[string]any{"Username": "Ana", "MessageAction": "SUPPRESS"}); a.code() != want {
			t.Errorf("case-insensitive: %v, creating Ana: got %v", insensitive, a.body)
		}
	}
}

// Codes go by the ways of recovery that a pool has, in their order.
func TestRecovery(t *testing.T) {
	email := map[string]string{"email": "a@example.com", "email_verified": "true"}
	both := map[string]string{"email": "a@example.com", "email_verified": "true", "phone_number": "+15550100", "phone_number_verified": "true"}
	for name, test := range map[string]struct {
		recovery   []string
		attributes map[string]string
		want       string
	}{
		"e-mail, then phone": {[]string{"verified_email", "verified_phone_number"}, both, "EMAIL"},
		"phone, then e-mail": {[]string{"verified_phone_number", "verified_email"}, both, "SMS"},
		"phone, without one": {[]string{"verified_phone_number"}, email, "InvalidParameterException"},
		"phone or e-mail":    {[]string{"verified_phone_number", "verified_email"}, email, "EMAIL"},
		"administrators":     {[]string{"admin_only"}, both, "InvalidParameterException"},
		"no such setting":    {nil, both, "SMS"},
	} {
		s, c := serve(t, Config{})
		s.AddPool(Pool{ID: poolID, Recovery: test.recovery})
		s.AddUser(poolID, User{Username: "ana", Enabled: true, Attributes: test.attributes})
		got := c.call("AdminResetUserPassword", map[string]any{"Username": "ana"}).code()
		if sent := s.Outbox(); len(sent) == 1 {
			got = sent[0].Medium
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

// A group without users is there all the same.
func TestGroups(t *testing.T) {
	s, c := serve(t, Config{})
	s.AddPool(Pool{ID: poolID, Groups: []string{"empty"}})
	for i := range 61 {
		s.AddUser(poolID, User{Username: fmt.Sprint("user-", i), Groups: []string{"staff"}})
	}
	first := c.call("ListUsersInGroup", map[string]any{"GroupName": "staff"})
	second := c.call("ListUsersInGroup", map[string]any{"GroupName": "staff", "NextToken": first.body["NextToken"]})
	if a, b := len(first.names()), len(second.names()); a != 60 || b != 1 {
		t.Errorf("got pages of %d and %d", a, b)
	}
	if a := c.call("ListUsersInGroup", map[string]any{"GroupName": "empty"}); a.status != http.StatusOK || len(a.names()) != 0 {
		t.Errorf("an empty group: got %v", a.body)
	}
}

// The day's e-mails are counted over all pools that send with Cognito's own
// sender, invitations among them, and begin anew at 09:00 UTC. Both the limit and
// the clock can be set while the server runs.
func TestDay(t *testing.T) {
	s, c := serve(t, Config{Now: func() time.Time { return time.Date(2031, 1, 1, 8, 0, 0, 0, time.UTC) }})
	s.AddPool(Pool{ID: "us-west-2_ses", EmailSendingAccount: "DEVELOPER"})
	s.AddPool(Pool{ID: "us-west-2_other"})
	for _, pool := range []string{poolID, "us-west-2_ses", "us-west-2_other"} {
		s.AddUser(pool, ana())
	}
	reset := func(pool string) string {
		return c.call("AdminResetUserPassword", map[string]any{"UserPoolId": pool, "Username": "ana"}).code()
	}
	invite := func() string {
		return c.call("AdminCreateUser", map[string]any{"Username": "new", "UserAttributes": []attribute{{"email", "n@example.com"}}, "DesiredDeliveryMediums": []string{"EMAIL"}}).code()
	}
	put := func(path, body string) string {
		if status, text := c.control(http.MethodPut, path, body); status != http.StatusNoContent {
			t.Fatalf("%s: %s", path, text)
		}
		return ""
	}
	const full = "LimitExceededException"
	for i, step := range []struct{ got, want string }{
		{put("emails", `{"most": 2}`), ""},
		{reset(poolID), ""}, {reset("us-west-2_other"), ""}, {reset(poolID), full}, {invite(), full}, {reset("us-west-2_ses"), ""},
		{put("clock", `{"ahead": "59m59s"}`), ""}, {reset(poolID), full},
		{put("clock", `{"ahead": "1h"}`), ""}, {reset(poolID), ""}, {invite(), ""}, {reset("us-west-2_other"), full},
		{put("emails", `{"most": 3}`), ""}, {reset(poolID), ""}, {reset(poolID), full},
		{put("clock", `{"ahead": "25h"}`), ""}, {put("emails", `{"most": 0}`), ""}, {reset(poolID), ""},
	} {
		if step.got != step.want {
			t.Errorf("step %d: got %q, want %q", i, step.got, step.want)
		}
	}
	if _, text := c.control(http.MethodGet, "emails", ""); !strings.Contains(text, `"sent": 1`) {
		t.Errorf("got %s, want the one of the third day", text)
	}
	if _, text := c.control(http.MethodGet, "clock", ""); !strings.Contains(text, `"ahead": "25h0m0s"`) || !strings.Contains(text, `"now": "2031-01-02T09:00:00Z"`) {
		t.Errorf("got %s, want a day and an hour ahead", text)
	}
	if _, ok := s.User(poolID, "new"); !ok {
		t.Error("the user whose invitation was sent is not there")
	}
	for path, body := range map[string]string{"clock": `{"ahead": "soon"}`, "emails": `{"most": "many"}`} {
		if status, _ := c.control(http.MethodPut, path, body); status != http.StatusBadRequest {
			t.Errorf("PUT %s %s: got %d", path, body, status)
		}
	}
}

// A list for an operation, or for a user's requests of one, is for these alone.
func TestFaultsOfOneOperation(t *testing.T) {
	s, c := serve(t, Config{Faults: Faults{User: map[string][]string{
		"AdminUserGlobalSignOut/ana": {"500", "ok"}, "ListUsers": {"throttle*2"}, "DescribeUserPool": {"AccessDeniedException: no"},
		"AdminUserGlobalSignOut": {"UserNotFoundException"}, "ana": {"ok", "ok", "InvalidParameterException"},
	}}})
	s.AddUser(poolID, ana())
	s.AddUser(poolID, User{Username: "bo", Enabled: true})
	signOut := func(name string) string {
		return c.call("AdminUserGlobalSignOut", map[string]any{"Username": name}).code()
	}
	call := func(operation string) string { return c.call(operation, map[string]any{"Username": "ana"}).code() }
	for i, step := range []struct{ got, want string }{
		{signOut("ana"), "InternalErrorException"}, {signOut("bo"), "UserNotFoundException"}, {signOut("ana"), ""}, {signOut("bo"), ""},
		{call("ListUsers"), "TooManyRequestsException"}, {call("ListUsers"), "TooManyRequestsException"}, {call("ListUsers"), ""},
		{call("DescribeUserPool"), "AccessDeniedException"}, {call("DescribeUserPool"), ""},
		{call("AdminDisableUser"), "InvalidParameterException"}, {call("AdminDisableUser"), ""},
	} {
		if step.got != step.want {
			t.Errorf("request %d: got %q, want %q", i+1, step.got, step.want)
		}
	}
}

// The requests that name somebody who is not there yet are the same user's who
// is made by the last of them: a list of faults goes on.
func TestFaultsOfACreation(t *testing.T) {
	s, c := serve(t, Config{})
	s.AddPool(Pool{ID: "us-west-2_mail", UsernameAttributes: []string{"email"}})
	for pool, name := range map[string]string{poolID: "new", "us-west-2_mail": "new@example.com"} {
		s.SetFaults(Faults{User: map[string][]string{name: {"throttle", "ok", "500", "ok"}}})
		create := func() string {
			return c.call("AdminCreateUser", map[string]any{"UserPoolId": pool, "Username": name, "MessageAction": "SUPPRESS"}).code()
		}
		if a, b := create(), create(); a != "TooManyRequestsException" || b != "" {
			t.Fatalf("%s: got %q and %q", name, a, b)
		}
		if got := s.Counts(pool, name); got != (Counts{Creations: 1, Requests: 2}) {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	s.SetFaults(Faults{User: map[string][]string{"kim": {"throttle", "ok", "500", "ok"}}})
	var got []string
	for range 4 {
		got = append(got, c.call("AdminCreateUser", map[string]any{"Username": "kim", "MessageAction": "SUPPRESS"}).code())
	}
	if want := []string{"TooManyRequestsException", "", "InternalErrorException", "UsernameExistsException"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The shares are of pages of users too. A page is known by its question, so that
// asking again may meet something else, and the order of pages does not matter.
func TestSharesOfPages(t *testing.T) {
	meet := func(order []int) map[int]string {
		s, c := serve(t, Config{Seed: 3, Faults: Faults{Throttle: 0.3, Fail: 0.3}})
		s.AddUser(poolID, ana())
		met := map[int]string{}
		for _, n := range order {
			for range 2 {
				met[n] += c.call("ListUsers", map[string]any{"Filter": fmt.Sprintf(`username = "user-%d"`, n)}).code() + " "
			}
		}
		return met
	}
	forwards, backwards := make([]int, 40), make([]int, 40)
	for i := range forwards {
		forwards[i], backwards[i] = i, len(backwards)-1-i
	}
	got, again := meet(forwards), meet(backwards)
	kinds := map[string]bool{}
	for n := range got {
		kinds[got[n]] = true
		if got[n] != again[n] {
			t.Errorf("page %d: got %q in one order, %q in the other", n, got[n], again[n])
		}
	}
	if len(kinds) < 5 {
		t.Errorf("got only %v", kinds)
	}
}

// Who asks STS is told who they are, in its own protocol; it knows nothing else.
func TestCallerIdentity(t *testing.T) {
	_, c := serve(t, Config{})
	ask := func(action string) string {
		response, err := c.http.PostForm(c.url, url.Values{"Action": {action}, "Version": {"2011-06-15"}})
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		var text strings.Builder
		_ = response.Write(&text)
		return text.String()
	}
	if got := ask("GetCallerIdentity"); !strings.Contains(got, "<Account>"+Account+"</Account>") || !strings.Contains(got, "<Arn>arn:aws:iam::"+Account+":user/sandbox</Arn>") {
		t.Errorf("got %s", got)
	}
	if got := ask("GetSessionToken"); !strings.Contains(got, "400 Bad Request") || !strings.Contains(got, "<Code>InvalidAction</Code>") {
		t.Errorf("got %s", got)
	}
}

func TestRecoveryIsChecked(t *testing.T) {
	err := New(Config{}).Load(strings.NewReader(`{"pools": [{"id": "eu-west-1_b", "recovery": ["email"]}]}`))
	if err == nil || !strings.Contains(err.Error(), "want verified_email, verified_phone_number or admin_only") {
		t.Errorf("got %v", err)
	}
}
