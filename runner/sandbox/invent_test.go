package sandbox

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Invented users are the same each time, have nothing in common, and are of every
// kind that a job may meet.
func TestInvented(t *testing.T) {
	now := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	kinds, names := map[string]int{}, map[string]bool{}
	for n := range 5000 {
		u := Invented(n, now)
		if !reflect.DeepEqual(u, Invented(n, now)) {
			t.Fatalf("user %d is another one each time", n)
		}
		for _, name := range []string{u.Username, u.Attributes["email"], u.Attributes["phone_number"]} {
			if names[name] && name != "" {
				t.Fatalf("there are two users %s", name)
			}
			names[name] = true
		}
		if !usernamePattern.MatchString(u.Username) || !u.Modified.Before(now) || u.Modified.Before(u.Created) || u.Created.Before(now.AddDate(-3, 0, 0)) {
			t.Fatalf("got %+v", u)
		}
		verified := "no"
		switch {
		case u.Attributes["phone_number_verified"] == "true" && u.Attributes["email_verified"] == "true":
			verified = "both"
		case u.Attributes["email_verified"] == "true":
			verified = "email"
		}
		kinds[fmt.Sprint(u.Status, " ", u.Enabled, " ", verified)]++
		for _, group := range u.Groups {
			kinds[group]++
		}
	}
	for _, status := range []string{"CONFIRMED", "UNCONFIRMED", "RESET_REQUIRED", "FORCE_CHANGE_PASSWORD", "EXTERNAL_PROVIDER"} {
		for _, enabled := range []string{"true", "false"} {
			for _, verified := range []string{"no", "email", "both"} {
				if kind := status + " " + enabled + " " + verified; kinds[kind] == 0 {
					t.Errorf("nobody is %s", kind)
				}
			}
		}
	}
	if kinds["staff"] == 0 || kinds["admins"] == 0 || kinds["staff"] == 5000 {
		t.Errorf("got %v", kinds)
	}
}

// The few that are invented for a trial are in all states.
func TestInventedForATrial(t *testing.T) {
	s := Trial(poolID)
	s.Invent(poolID, 200)
	states := map[string]bool{}
	for _, u := range s.pool(poolID).order {
		states[fmt.Sprint(u.status, " ", u.enabled)] = true
		if strings.ContainsAny(u.name, "éëí") {
			t.Errorf("got %s", u.name)
		}
	}
	for _, status := range statusNames[:externalProvider+1] {
		if !states[status+" true"] || !states[status+" false"] && (status == "CONFIRMED" || status == "EXTERNAL_PROVIDER") {
			t.Errorf("got %v", maps.Keys(states))
		}
	}
}

// How much memory a million invented users take: COGPASS_INVENT=1000000.
func TestMemoryOfInvented(t *testing.T) {
	users := 20_000
	if _, err := fmt.Sscan(os.Getenv("COGPASS_INVENT"), &users); err == nil {
		t.Logf("inventing %d users", users)
	}
	s := New(Config{})
	s.AddPool(Pool{ID: poolID})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	s.Invent(poolID, users)
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := (after.HeapAlloc - before.HeapAlloc) / uint64(users)
	t.Logf("%d bytes a user", each)
	if each > 1200 {
		t.Errorf("a user takes %d bytes, want 1200 at most", each)
	}
	runtime.KeepAlive(s)
}
