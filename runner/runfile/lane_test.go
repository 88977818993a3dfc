package runfile

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

var account = Account{ID: "111122223333", Region: "eu-west-1"}

// sharers has a run look at its lane, and returns who else is there.
func sharers(t *testing.T, l *Lane, now time.Time) (names []string) {
	t.Helper()
	err := l.Change(now, func(c *runner.Common, me *runner.Sharer) {
		for _, s := range c.Sharers {
			if s != me {
				names = append(names, s.Name)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// Runs of one account, Region and category meet, and others do not.
func TestLaneIsFound(t *testing.T) {
	place, now := t.TempDir(), time.Now()
	open := func(a Account, c jobs.Category, name string) *Lane {
		l := OpenLane(place, a, c, filepath.Join(place, name), name)
		t.Cleanup(func() { l.Close() })
		return l
	}
	first := open(account, jobs.UserUpdate, "first")
	sharers(t, first, now)
	for _, tt := range []struct {
		name string
		a    Account
		c    jobs.Category
		want []string
	}{
		{"the same", account, jobs.UserUpdate, []string{"first"}},
		{"another category", account, jobs.UserList, nil},
		{"another account", Account{ID: "222222222222", Region: "eu-west-1"}, jobs.UserUpdate, nil},
		{"another Region", Account{ID: "111122223333", Region: "eu-west-2"}, jobs.UserUpdate, nil},
		{"a stand-in's", Account{"111122223333", "eu-west-1", "http://127.0.0.1:4000"}, jobs.UserUpdate, nil},
		{"another endpoint of the account", Account{"111122223333", "eu-west-1", "https://vpce.example.com"}, jobs.UserUpdate, []string{"first", "the same"}},
	} {
		if got := sharers(t, open(tt.a, tt.c, tt.name), now); !slices.Equal(got, tt.want) {
			t.Errorf("%s: shares with %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Who has died is gone after a moment; who only waits is not.
func TestLaneForgetsTheDead(t *testing.T) {
	place, now := t.TempDir(), time.Now()
	path := filepath.Join(place, "waits.run")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	lock, err := lockRunFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Unlock()
	for _, l := range []*Lane{
		OpenLane(place, account, jobs.UserUpdate, path, "waits"),
		OpenLane(place, account, jobs.UserUpdate, filepath.Join(place, "dead.run"), "dead"),
	} {
		sharers(t, l, now)
		defer l.forget()
	}
	mine := OpenLane(place, account, jobs.UserUpdate, filepath.Join(place, "mine.run"), "mine")
	for _, tt := range []struct {
		at   time.Duration
		want []string
	}{{unseen, []string{"waits", "dead"}}, {unseen + 1, []string{"waits"}}, {-time.Hour, []string{"waits"}}} {
		if got := sharers(t, mine, now.Add(tt.at)); !slices.Equal(got, tt.want) {
			t.Errorf("after %v: shares with %q, want %q", tt.at, got, tt.want)
		}
	}
}

// A file that is spoiled or removed is begun anew, a folder that is gone is an error
// until it is back, and the last to leave removes the file.
func TestLaneIsBegunAnew(t *testing.T) {
	place := filepath.Join(t.TempDir(), "place")
	if err := os.Mkdir(place, 0o700); err != nil {
		t.Fatal(err)
	}
	a := OpenLane(place, account, jobs.UserUpdate, filepath.Join(place, "a"), "a")
	b := OpenLane(place, account, jobs.UserUpdate, filepath.Join(place, "b"), "b")
	meet := func(what string) {
		t.Helper()
		sharers(t, a, time.Now())
		if got := sharers(t, b, time.Now()); !slices.Equal(got, []string{"a"}) {
			t.Errorf("%s: shares with %q", what, got)
		}
	}
	meet("at first")
	for _, text := range []string{"", "{", `{"sharers":[null]}`, "\x00\x00\x00", `{"accepted":{"Last":-1}}`, `[1]`} {
		if err := os.WriteFile(a.path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		meet("spoiled: " + text)
	}
	if err := os.Remove(a.path); err != nil {
		t.Fatal(err)
	}
	meet("removed")
	if err := os.Rename(place, place+"-gone"); err != nil {
		t.Fatal(err)
	}
	if err := a.Change(time.Now(), func(*runner.Common, *runner.Sharer) {}); err == nil {
		t.Error("there is no folder, and no error")
	}
	if err := os.Rename(place+"-gone", place); err != nil {
		t.Fatal(err)
	}
	meet("back again")
	for _, l := range []*Lane{a, b} {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(a.path); !os.IsNotExist(err) {
		t.Errorf("the file of a lane that all have left: %v", err)
	}
	if err := a.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
}

func BenchmarkLane(b *testing.B) {
	l := OpenLane(b.TempDir(), account, jobs.UserUpdate, "a", "a")
	for b.Loop() {
		if err := l.Change(time.Now(), func(*runner.Common, *runner.Sharer) {}); err != nil {
			b.Fatal(err)
		}
	}
}
