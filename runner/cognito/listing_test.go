package cognito

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/hostile"
	"cogpass/runner/sandbox"
)

// pages returns the users of a listing in order, and how many pages it had. It
// gives up after a hundred pages.
func pages(t *testing.T, d *Directory, q Query) (users []jobs.User, n int, err error) {
	t.Helper()
	token := ""
	for n = 1; n <= 100; n++ {
		page, err := d.Page(t.Context(), q, token)
		if err != nil {
			return users, n, err
		}
		if len(page.Users) > PageSize || page.Date.IsZero() || page.RequestID == "" {
			t.Fatalf("page %d: %d users, at %v, in request %q", n, len(page.Users), page.Date, page.RequestID)
		}
		users = append(users, page.Users...)
		if token = page.Next; token == "" {
			return users, n, nil
		}
	}
	return users, n, fmt.Errorf("it has no end")
}

// A listing gives each user that the pool selects once, in the pool's order.
func TestPage(t *testing.T) {
	s := newSandbox(sandbox.Config{})
	s.Invent(testPool, 250)
	d := serve(t, s)
	for _, tt := range []struct {
		query Query
		takes func(sandbox.User) bool
		pages int
	}{
		{Query{}, func(sandbox.User) bool { return true }, 5},
		{Query{Group: "staff"}, func(u sandbox.User) bool { return slices.Contains(u.Groups, "staff") }, 2},
		{Query{Filter: `status = "Disabled"`}, func(u sandbox.User) bool { return !u.Enabled }, 1},
		{Query{Filter: `cognito:user_status = "RESET_REQUIRED"`}, func(u sandbox.User) bool { return u.Status == "RESET_REQUIRED" }, 1},
		{Query{Filter: `given_name ^= "A"`}, func(u sandbox.User) bool { return strings.HasPrefix(u.Attributes["given_name"], "A") }, 1},
	} {
		var want []string
		for n := range 250 {
			if u := sandbox.Invented(n, time.Now()); tt.takes(u) {
				want = append(want, u.Username)
			}
		}
		users, n, err := pages(t, d, tt.query)
		var got []string
		for _, u := range users {
			got = append(got, u.Username)
		}
		if err != nil || !slices.Equal(got, want) || n != tt.pages {
			t.Errorf("%+v: got %d users on %d pages (%v), want %d on %d", tt.query, len(got), n, err, len(want), tt.pages)
		}
	}
	_, err := d.Page(t.Context(), Query{Group: "nobody's"}, "")
	if fault := mustFault(t, err); fault.Class != runner.Fatal || TokenExpired(err) {
		t.Errorf("a group that is not there: got class %d (%v), want a stop", fault.Class, err)
	}
}

// What a list shows of a user is all there: names by which a job may call the
// user, and no others, addresses and whether they are verified, times and state.
func TestListedUser(t *testing.T) {
	const sub = "0a1b2c3d-0000-4000-8000-000000000001"
	made, changed := time.UnixMilli(1_800_000_000_042).UTC(), time.UnixMilli(1_800_000_100_007).UTC()
	s := newSandbox(sandbox.Config{})
	s.AddUser(testPool, sandbox.User{
		Username: "kim", Sub: sub, Status: "RESET_REQUIRED", Created: made, Modified: changed,
		Attributes: map[string]string{
			"email": "kim@example.com", "email_verified": "true", "phone_number": "+15551234567", "phone_number_verified": "false",
			"preferred_username": "kimmy", "given_name": "Kim", "custom:team": "a", "email_verified_by": "true",
		},
	})
	d := serve(t, s)
	for _, tt := range []struct {
		username, alias []string
		names           []string
	}{
		{nil, nil, []string{"kim", sub}},
		{nil, []string{"email", "preferred_username"}, []string{"kim", sub, "kim@example.com", "kimmy"}},
		{[]string{"email", "phone_number"}, nil, []string{"kim", sub, "kim@example.com", "+15551234567"}},
	} {
		d.pool.UsernameAttributes, d.pool.AliasAttributes = tt.username, tt.alias
		page, err := d.Page(t.Context(), Query{}, "")
		if err != nil || len(page.Users) != 1 {
			t.Fatalf("got %+v (%v)", page, err)
		}
		u := page.Users[0]
		wantAttributes := map[string]string{
			"email": "kim@example.com", "phone_number": "+15551234567", "preferred_username": "kimmy", "given_name": "Kim",
		}
		if !slices.Equal(u.Names, tt.names) || !maps.Equal(u.Attributes, wantAttributes) {
			t.Errorf("%v, %v: got names %q and attributes %v", tt.username, tt.alias, u.Names, u.Attributes)
		}
		if u.Username != "kim" || u.Sub != sub || u.Status != jobs.ResetRequired || u.Enabled || !u.VerifiedEmail || u.VerifiedPhone ||
			!u.Created.Equal(made) || !u.Modified.Equal(changed) {
			t.Errorf("got %+v", u)
		}
		seen, err := d.Look(t.Context(), "kim")
		if err != nil || seen.User == nil || !slices.Equal(seen.User.Names, tt.names) || seen.Enabled || !seen.KnowsEnabled {
			t.Errorf("a look shows %+v of %+v (%v)", seen.User, seen, err)
		}
	}
}

// A verified flag without an address is no verified address.
func TestVerifiedNothing(t *testing.T) {
	s := newSandbox(sandbox.Config{})
	s.AddUser(testPool, sandbox.User{Username: "kim", Attributes: map[string]string{"email_verified": "true", "phone_number_verified": "true", "phone_number": ""}})
	page, err := serve(t, s).Page(t.Context(), Query{}, "")
	if err != nil || page.Users[0].VerifiedEmail || page.Users[0].VerifiedPhone {
		t.Errorf("got %+v (%v)", page.Users, err)
	}
}

// Only a token that is refused means that a listing begins anew.
func TestTokenExpired(t *testing.T) {
	for _, tt := range []struct {
		token, code, message string
		want                 bool
	}{
		{"t", "InvalidParameterException", "Invalid pagination token.", true},
		{"t", "InvalidParameterException", "Paging marker t is invalid for request 1b2c", true},
		{"t", "InvalidParameterException", "", true},
		{"", "InvalidParameterException", "Invalid pagination token.", false},
		{"t", "TooManyRequestsException", "token bucket is empty", false},
		{"t", "ExpiredTokenException", "The security token included in the request is expired", false},
		{"t", "ResourceNotFoundException", "User pool does not exist.", false},
	} {
		d := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"__type": %q, "message": %q}`, tt.code, tt.message)
		}))
		for _, q := range []Query{{}, {Group: "staff"}} {
			_, err := d.Page(t.Context(), q, tt.token)
			if mustFault(t, err); TokenExpired(err) != tt.want {
				t.Errorf("%+v: %+v: token expired is %v", q, tt, !tt.want)
			}
		}
	}
	if TokenExpired(nil) {
		t.Error("no error is no expired token")
	}
}

// What an endpoint does to a listing is told, or is for the caller to see.
func TestHostileListings(t *testing.T) {
	for _, q := range []Query{{}, {Group: "staff"}} {
		for way, want := range map[hostile.Way]string{
			hostile.ListForever:   "it has no end",
			hostile.ListRepeats:   "the list goes on where it began",
			hostile.ListExpired:   "is invalid for request",
			hostile.LookEscapes:   "a user of the list cannot be read",
			hostile.LookNobody:    "",
			hostile.ListTwice:     "",
			hostile.LookNoTime:    "",
			hostile.LookNullTime:  "",
			hostile.LookEmptyPage: "is invalid for request", // it goes on with a token that nobody gave
			hostile.OKEmpty:       "not an answer of Cognito's",
			hostile.CutBody:       "the rest of the answer did not come",
		} {
			s := newSandbox(sandbox.Config{})
			for _, name := range []string{"ana", "bo"} {
				s.AddUser(testPool, sandbox.User{Username: name, Enabled: true, Groups: []string{"staff"}})
			}
			endpoint := &hostile.Endpoint{Handler: s}
			endpoint.Add(hostile.Rule{Way: way})
			server := httptest.NewServer(endpoint)
			users, _, err := pages(t, openAt(t, server.URL), q)
			server.Close()
			switch {
			case want == "" && err != nil, want != "" && (err == nil || !strings.Contains(err.Error(), want) && !strings.Contains(err.Error(), "nvalid pagination token")):
				t.Errorf("%s, %+v: got %v, want %q", way, q, err, want)
			case way == hostile.ListTwice && len(users) != 3, way == hostile.LookNoTime && !users[0].Modified.IsZero():
				t.Errorf("%s, %+v: got %+v", way, q, users)
			}
			if expires := way == hostile.ListExpired || way == hostile.LookEmptyPage; TokenExpired(err) != expires {
				t.Errorf("%s, %+v: token expired is %v", way, q, !expires)
			}
		}
	}
}
