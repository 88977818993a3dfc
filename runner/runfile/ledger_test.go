package runfile

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A day's messages are counted over runs, and anew from 09:00 UTC on.
func TestLedger(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 1, 14, 23, 0, 0, 0, time.UTC)
	open := func() *Ledger {
		l, err := OpenLedger(dir, "111122223333", "eu-west-1", func() time.Time { return now })
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	take := func(want bool) {
		t.Helper()
		if got, err := open().Take(2); got != want || err != nil {
			t.Fatalf("Take at %v: %v, %v; want %v", now, got, err, want)
		}
	}
	take(true)
	if got, want := open().Resets(), time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("Resets is %v, want %v", got, want)
	}
	first := now
	now = now.Add(9*time.Hour + 59*time.Minute)
	take(true)
	take(false)
	if err := open().GiveBack(first); err != nil {
		t.Fatal(err)
	}
	take(true)
	take(false)
	now = now.Add(time.Minute)
	take(true)
	if err := open().GiveBack(first); err != nil { // of the day before
		t.Fatal(err)
	}
	if sent, err := open().Sent(); sent != 1 || err != nil {
		t.Errorf("Sent is %d, %v; want 1", sent, err)
	}
	now = now.Add(-time.Hour) // a clock that is set back does not give another day's messages
	take(true)
	take(false)
}

// Runs at the same time share a day's messages.
func TestLedgerIsShared(t *testing.T) {
	const limit, each = 50, 20
	dir := t.TempDir()
	var mu sync.Mutex
	taken := 0
	var all sync.WaitGroup
	for range 4 {
		l, err := OpenLedger(dir, "pool_1", "eu-west-1", nil)
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			for range each {
				ok, err := l.Take(limit)
				if err != nil {
					t.Error(err)
				}
				if ok {
					mu.Lock()
					taken++
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	if taken != limit {
		t.Errorf("%d were taken, want %d", taken, limit)
	}
}

// A count that cannot be read allows nothing.
func TestLedgerThatIsDamaged(t *testing.T) {
	dir := t.TempDir()
	for _, text := range []string{"x", `{"day":"2026-01-14","sent":-1}`, strings.Repeat("9", 5000)} {
		if err := os.WriteFile(filepath.Join(dir, "messages-a-r.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenLedger(dir, "a", "r", nil); err == nil {
			t.Errorf("the count %.20q was taken", text)
		}
	}
}
