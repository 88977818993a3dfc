package runfile

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cogpass/jobs"
)

// askLedger returns all that a ledger says, in full and of each user, once it has
// been checked as a run does.
func askLedger(path string, who []Person) (string, error) {
	h, err := OpenHistory(path)
	if err != nil {
		return "", err
	}
	defer h.Close()
	if err := h.Check(); err != nil {
		return "", err
	}
	var all strings.Builder
	pools, err := h.Pools()
	if err != nil {
		return "", err
	}
	for _, pool := range pools {
		for d, err := range h.Each(pool) {
			if err != nil {
				return "", err
			}
			fmt.Fprintln(&all, pool, d.Username, d.Sub, d.Action, d.At)
		}
		for _, p := range who {
			for _, action := range []jobs.Action{jobs.Reset, jobs.SetPermanent} {
				d, found, err := h.Last(pool, p, action)
				if err != nil {
					return "", err
				}
				fmt.Fprintln(&all, pool, p, found, d.Username, d.At)
			}
		}
	}
	return all.String(), nil
}

// TestFlippedByteOfALedger flips bytes of a ledger, and cuts it: it is refused, or
// tells of each user what it told before. Who counts as not done would be done
// again.
func TestFlippedByteOfALedger(t *testing.T) {
	t.Parallel()
	path := newLedger(t)
	var who []Person
	for _, pool := range []HistoryPool{staff, {staff.ID, ":9229"}} {
		var done []Deed
		for n := range 12 {
			name, sub := fmt.Sprint("User-", n), ""
			if n%3 > 0 {
				sub = fmt.Sprintf("0f8fad5b-d9cb-469f-a165-%012d", n)
			}
			done = append(done, deed(name, sub, []jobs.Action{jobs.Reset, jobs.SetPermanent}[n%2], day(n)))
			who = append(who, Person{Names: []string{strings.ToLower(name)}}, Person{Names: []string{"other"}, Sub: sub})
		}
		mustDo(t, AppendHistory(path, pool, "run"+pool.Port, "/runs/one.run", done))
	}
	mustDo(t, write(path, "PRAGMA page_size = 512; VACUUM"))
	want, err := askLedger(path, who)
	mustDo(t, err)
	content, err := os.ReadFile(path)
	mustDo(t, err)
	every := 97
	if long() {
		every = 13
	}
	if *everyByte {
		every = 1
	}
	random := rand.New(rand.NewPCG(5, 6))
	dir := t.TempDir()
	check := func(what string, content []byte) {
		t.Helper()
		damaged := filepath.Join(dir, "ledger.db")
		mustDo(t, os.WriteFile(damaged, content, 0o600))
		got, err := askLedger(damaged, who)
		if known := (*Error)(nil); err != nil && !errors.As(err, &known) {
			t.Errorf("%s: got %v (%T), want an *Error", what, err, err)
		}
		if err == nil && got != want {
			t.Errorf("%s: got\n%swant\n%s", what, got, want)
		}
	}
	for at := random.IntN(every); at < len(content); at += every {
		damaged := append([]byte(nil), content...)
		damaged[at] ^= 1 << random.IntN(8)
		check(fmt.Sprint("byte ", at), damaged)
		if at%8 == 0 {
			check(fmt.Sprint("cut at ", at), content[:at])
		}
	}
}

// TestLedgerKnowsNobodyBesideItsIndex: a user's sub stands in a row, and in an
// index that finds it. Where the two differ, Check says so.
func TestLedgerKnowsNobodyBesideItsIndex(t *testing.T) {
	path := newLedger(t)
	mustDo(t, AppendHistory(path, staff, "r1", "/runs/one.run", []Deed{deed("Ana", anaSub, jobs.Reset, day(1))}))
	content, err := os.ReadFile(path)
	mustDo(t, err)
	sub := packUUID(anaSub).([]byte)
	if n := bytes.Count(content, sub); n != 2 {
		t.Fatalf("the sub is there %d times, want in the row and in the index", n)
	}
	for _, at := range []int{bytes.Index(content, sub), bytes.LastIndex(content, sub)} {
		damaged := bytes.Clone(content)
		damaged[at+7] ^= 4
		mustDo(t, os.WriteFile(path, damaged, 0o600))
		if err := openLedger(t, path).Check(); !errors.Is(err, ErrDamaged) {
			t.Errorf("at %d: got %v, want ErrDamaged", at, err)
		}
	}
}
