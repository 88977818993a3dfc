package sandbox

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// names returns the usernames of a list's answer.
func (a answer) names() []string {
	list := []string{}
	users, _ := a.body["Users"].([]any)
	for _, u := range users {
		list = append(list, u.(map[string]any)["Username"].(string))
	}
	return list
}

func TestListUsersFilters(t *testing.T) {
	s, c := serve(t, Config{})
	s.AddUser(poolID, User{Username: "ana", Sub: "sub-1", Enabled: true, Groups: []string{"staff"},
		Attributes: map[string]string{"email": "ana@example.com", "given_name": "Ana", "name": `An "a"`}})
	s.AddUser(poolID, User{Username: "bo", Sub: "sub-2", Status: "RESET_REQUIRED",
		Attributes: map[string]string{"email": "bo@example.com", "phone_number": "+15550100", "name": `b\o`}})
	s.AddUser(poolID, User{Username: "anton", Sub: "sub-3", Enabled: true, Groups: []string{"staff"},
		Attributes: map[string]string{"email": "ana@example.com", "preferred_username": "toni"}})
	for filter, want := range map[string]string{
		``:                                     "ana bo anton",
		`username = "ana"`:                     "ana",
		`username="Ana"`:                       "",
		`username ^= "an"`:                     "ana anton",
		`email = "ana@example.com"`:            "ana anton",
		`email ^= "bo"`:                        "bo",
		`"sub" = "sub-3"`:                      "anton",
		`sub ^= "sub-"`:                        "ana bo anton",
		`phone_number = "+15550100"`:           "bo",
		`preferred_username = "toni"`:          "anton",
		`given_name = "Ana"`:                   "ana",
		`name = "An \"a\""`:                    "ana",
		`name = "b\\o"`:                        "bo",
		`status = "Enabled"`:                   "ana anton",
		`status = "Disabled"`:                  "bo",
		`cognito:user_status = "confirmed"`:    "ana anton",
		`cognito:user_status="RESET_REQUIRED"`: "bo",
		`family_name ^= ""`:                    "",
		`username = "ana" and username = "bo"`: "error",
		`custom:team = "a"`:                    "error",
		`username = ana`:                       "error",
		`username`:                             "error",
		`username = "ana`:                      "error",
		`username = "ana\"`:                    "error",
		`username != "ana"`:                    "error",
		`username > "ana"`:                     "error",
		`email_verified = "true"`:              "error",
		`username = "` + "\xff" + `"`:          "",
	} {
		a := c.call("ListUsers", map[string]any{"Filter": filter})
		got := strings.Join(a.names(), " ")
		if a.code() == "InvalidParameterException" {
			got = "error"
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", filter, got, want)
		}
	}
	if got := c.call("ListUsersInGroup", map[string]any{"GroupName": "staff"}).names(); !slices.Equal(got, []string{"ana", "anton"}) {
		t.Errorf("group staff: got %q", got)
	}
	if a := c.call("ListUsersInGroup", map[string]any{"GroupName": "none"}); a.code() != "ResourceNotFoundException" {
		t.Errorf("group none: got %v", a.body)
	}
}

func TestListUsersShowsAttributesAndTimes(t *testing.T) {
	at := time.UnixMilli(1_900_000_000_042)
	s, c := serve(t, Config{Now: func() time.Time { return at }})
	u := ana()
	u.Created = at
	s.AddUser(poolID, u)
	for i, want := range []float64{1_900_000_000.042, 1_900_000_000.043} {
		u := c.call("ListUsers", map[string]any{"AttributesToGet": []string{"email"}}).body["Users"].([]any)[0].(map[string]any)
		if got := u["UserLastModifiedDate"]; got != want {
			t.Errorf("after %d changes: modified %v, want %v", i, got, want)
		}
		attributes := u["Attributes"].([]any)
		if len(attributes) != 1 || attributes[0].(map[string]any)["Value"] != "ana@example.com" {
			t.Errorf("got attributes %v, want the e-mail alone", attributes)
		}
		c.set("ana")
	}
}

// TestPages asks for users page by page, in every form: each comes once, in order.
func TestPages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := New(Config{})
		s.AddPool(Pool{ID: poolID})
		var want []string
		for i := range rapid.IntRange(0, 200).Draw(t, "users") {
			u := User{Username: fmt.Sprint("user-", i), Enabled: rapid.Bool().Draw(t, "enabled")}
			s.AddUser(poolID, u)
			if u.Enabled {
				want = append(want, u.Username)
			}
		}
		in := input{UserPoolId: poolID, Filter: `status = "Enabled"`}
		limit := rapid.IntRange(0, maxPage).Draw(t, "limit")
		in.Limit = &limit
		var got []string
		for {
			users, token, err := s.page(&call{in: in, pool: s.pool(poolID)}, s.pool(poolID).order, filter{attribute: "status", value: "Enabled"}, in.PaginationToken)
			if err != nil {
				t.Fatal(err)
			}
			if limit > 0 && len(users) > limit || len(users) > maxPage {
				t.Fatalf("got a page of %d, want %d at most", len(users), limit)
			}
			for _, u := range users {
				got = append(got, u.Username)
			}
			if in.PaginationToken = token; token == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

func TestPagesOverTheWire(t *testing.T) {
	s, c := serve(t, Config{})
	for i := range 61 {
		s.AddUser(poolID, User{Username: fmt.Sprint("user-", i), Enabled: true})
	}
	first := c.call("ListUsers", map[string]any{})
	token, _ := first.body["PaginationToken"].(string)
	second := c.call("ListUsers", map[string]any{"PaginationToken": token})
	if a, b := len(first.names()), len(second.names()); a != 60 || b != 1 || second.body["PaginationToken"] != nil {
		t.Errorf("got pages of %d and %d, and the token %v; want 60, 1 and none", a, b, second.body["PaginationToken"])
	}
	for name, in := range map[string]map[string]any{
		"limit 61":         {"Limit": 61},
		"another question": {"PaginationToken": token, "Filter": `status = "Enabled"`},
		"no token":         {"PaginationToken": "x"},
		"negative":         {"PaginationToken": strings.Replace(token, ".60", ".-1", 1)},
	} {
		if a := c.call("ListUsers", in); a.code() != "InvalidParameterException" {
			t.Errorf("%s: got %v", name, a.body)
		}
	}
}

// TestListLag shows that a list lags behind and a look at the user does not.
func TestListLag(t *testing.T) {
	s, c := serve(t, Config{ListLag: time.Hour})
	s.AddUser(poolID, ana())
	c.set("ana")
	c.call("AdminResetUserPassword", map[string]any{"Username": "ana"})
	c.call("AdminCreateUser", map[string]any{"Username": "new", "MessageAction": "SUPPRESS"})
	listed := func() string {
		var list []string
		for _, u := range c.call("ListUsers", map[string]any{}).body["Users"].([]any) {
			u := u.(map[string]any)
			list = append(list, fmt.Sprint(u["Username"], " ", u["UserStatus"]))
		}
		return strings.Join(list, ", ")
	}
	if got := listed(); got != "ana CONFIRMED" {
		t.Errorf("at once: got %q, want ana as she was", got)
	}
	if got := c.call("AdminGetUser", map[string]any{"Username": "ana"}).body["UserStatus"]; got != "RESET_REQUIRED" {
		t.Errorf("AdminGetUser: got %v, want RESET_REQUIRED", got)
	}
	s.start = s.start.Add(-time.Hour) // an hour later
	if got := listed(); got != "ana RESET_REQUIRED, new FORCE_CHANGE_PASSWORD" {
		t.Errorf("later: got %q, want what is", got)
	}
}

func TestFind(t *testing.T) {
	s, c := serve(t, Config{})
	s.AddPool(Pool{ID: poolID, AliasAttributes: []string{"email", "preferred_username"}})
	s.AddUser(poolID, User{Username: "bo", Sub: "sub-2", Enabled: true,
		Attributes: map[string]string{"email": "x@example.com", "preferred_username": "robert", "phone_number": "+1", "phone_number_verified": "true"}})
	u := ana()
	u.Sub, u.Attributes["email"] = "sub-1", "x@example.com"
	s.AddUser(poolID, u)
	for name, want := range map[string]string{
		"ana": "ana", "sub-1": "ana", "x@example.com": "ana", "robert": "bo", "sub-2": "bo", "+1": "", "Ana": "",
	} {
		got, _ := c.call("AdminGetUser", map[string]any{"Username": name}).body["Username"].(string)
		if got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	s.AddUser(poolID, User{Username: "ana", Sub: "sub-9"})
	if _, ok := s.User(poolID, "sub-1"); ok {
		t.Error("the sub of a user that was replaced still finds one")
	}
	if got := c.call("ListUsers", map[string]any{}).names(); !slices.Equal(got, []string{"bo", "ana"}) {
		t.Errorf("after a replacement: got %q", got)
	}
}

func TestAdminCreateUser(t *testing.T) {
	s, c := serve(t, Config{})
	s.AddPool(Pool{ID: "us-west-2_b", Policy: DefaultPolicy(), UsernameAttributes: []string{"email"}})
	create := func(pool, username string, more map[string]any) answer {
		in := map[string]any{"UserPoolId": pool, "Username": username, "MessageAction": "SUPPRESS", "TemporaryPassword": "Temporary1!"}
		maps.Copy(in, more)
		return c.call("AdminCreateUser", in)
	}
	if a := create(poolID, "ana", nil); a.status != http.StatusOK || a.body["User"].(map[string]any)["UserStatus"] != "FORCE_CHANGE_PASSWORD" {
		t.Errorf("got %v", a.body)
	}
	if err := s.SignIn(poolID, "ana", "Temporary1!"); err != ErrNewPasswordRequired {
		t.Errorf("signing in: got %v, want %v", err, ErrNewPasswordRequired)
	}
	for name, test := range map[string]struct {
		got  answer
		want string
	}{
		"twice":         {create(poolID, "ana", nil), "UsernameExistsException"},
		"weak password": {create(poolID, "bo", map[string]any{"TemporaryPassword": "weak"}), "InvalidPasswordException"},
		"no address":    {create("us-west-2_b", "bo", nil), "InvalidParameterException"},
		"address":       {create("us-west-2_b", "bo@example.com", nil), ""},
		"address twice": {create("us-west-2_b", "bo@example.com", nil), "UsernameExistsException"},
	} {
		if test.got.code() != test.want {
			t.Errorf("%s: got %v, want %q", name, test.got.body, test.want)
		}
	}
	u, ok := s.User("us-west-2_b", "bo@example.com")
	if !ok || u.Username != u.Sub || u.Attributes["email"] != "bo@example.com" {
		t.Errorf("got %+v, want a user named by their sub", u)
	}
}

func FuzzFilter(f *testing.F) {
	for _, seed := range []string{"", `username = "a"`, `email ^= "a\"b\\"`, `sub=""`, `"sub" = "x`, `= "a"`, `^=`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseFilter(text)
		if err != nil || got.attribute == "" {
			return
		}
		operator := "="
		if got.prefix {
			operator = "^="
		}
		quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(got.value)
		again, err := parseFilter(got.attribute + operator + `"` + quoted + `"`)
		if err != nil || again != got {
			t.Errorf("%q: read as %+v, written again as %+v, %v", text, got, again, err)
		}
	})
}
