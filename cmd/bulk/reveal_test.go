package bulk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/runfile"
	"cogpass/runner/sealed"
)

// Keys that were made for these tests.
const (
	anasKey  = "AGE-SECRET-KEY-1R5N76WUSVMY3AX9866FZ5E7NZQ2HEWSUZP2AA3YRX2U88WFV3J4Q6XUTKV"
	ana      = "age1wca2jflp2kk7rmhm6y8zj56l3qtc7d26pgpuceuruue2zxpeqpeqks8hlc"
	bosKey   = "AGE-SECRET-KEY-1ZDY4JS9YXMK5GAHJFMGSXY2Z63V0LCGNZXVS6W46NM6XG6D39MPQDEJC8Q"
	bo       = "age1sw58k8hj5j6d8yxaqy6x99pmgnnmgkaulql796e4uutv5t26deqsjq0phg"
	chidi    = "age1sctkgqw7zd7prka7lvj720ufust7cz8dgrykdls8yj74ef455axsdck4ux"
	versions = "0198b3a2-77aa-7c11-8a44-1e29f4a3c0"
)

func identities(t *testing.T, key string) *sealed.Identities {
	t.Helper()
	ids, err := sealed.ParseIdentities(strings.NewReader(key), nil)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

var sealings int64

// sealedTo seals a password of a task for ana, bo or both.
func sealedTo(t *testing.T, seq int64, username string, outcome runner.Outcome, password string, readers ...string) runfile.Candidate {
	t.Helper()
	to, err := sealed.ParseRecipients(readers)
	if err != nil {
		t.Fatal(err)
	}
	s := runfile.Candidate{Seq: seq, Username: username, Outcome: outcome, Version: versions + fmt.Sprintf("%02d", len(password))}
	h := runner.Handover{Seq: seq, Username: username, Version: s.Version, Password: jobs.NewSecret(password)}
	sealings++
	s.Sealed.ID = sealings
	if s.Sealed.Bytes, err = to.Seal(h); err != nil {
		t.Fatal(err)
	}
	return s
}

// rowsOf yields rows, and each fault before the row of its index.
func rowsOf(rows []runfile.Candidate, faults map[int]error) iter.Seq2[runfile.Candidate, error] {
	return func(yield func(runfile.Candidate, error) bool) {
		for i, row := range rows {
			if fault := faults[i]; fault != nil && !yield(runfile.Candidate{}, fault) {
				return
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// revealed opens rows and returns them a line each; nil where nothing was to be written.
func revealed(t *testing.T, ctx context.Context, rows iter.Seq2[runfile.Candidate, error], opt RevealOptions) ([]string, Opened, error) {
	t.Helper()
	var lines []string
	r := &revealing{opt: opt, readers: []string{ana}}
	opened, err := r.reveal(ctx, rows, func(rows iter.Seq2[Revealed, error]) error {
		lines = []string{}
		for row, err := range rows {
			if err != nil {
				return err
			}
			lines = append(lines, fmt.Sprintf("%d %s %s %s", row.Seq, row.Username, row.Password.Reveal(), row.Outcome))
		}
		return nil
	})
	return lines, opened, err
}

func TestReveal(t *testing.T) {
	rows := []runfile.Candidate{
		sealedTo(t, 1, "ana", runner.OK, "Passw0rd-1", ana),
		sealedTo(t, 3, "bo", runner.Unknown, "Passw0rd-3", ana, bo),
		sealedTo(t, 3, "bo", runner.Unknown, "Passw0rd-3b", ana, bo),
		sealedTo(t, 4, "chidi", runner.OK, "=1+1", ana),
	}
	all := []string{"1 ana Passw0rd-1 ok", "3 bo Passw0rd-3 unknown", "3 bo Passw0rd-3b unknown", "4 chidi =1+1 ok"}
	lines, opened, err := revealed(t, t.Context(), rowsOf(rows, nil), RevealOptions{Identities: identities(t, anasKey)})
	if err != nil || !slices.Equal(lines, all) || opened != (Opened{Passwords: 4, Unknown: 2}) {
		t.Errorf("got %q, %+v, %v", lines, opened, err)
	}
	lines, opened, err = revealed(t, t.Context(), rowsOf(rows, nil), RevealOptions{Identities: identities(t, anasKey), User: "bo"})
	if err != nil || !slices.Equal(lines, all[1:3]) || opened.Passwords != 2 {
		t.Errorf("of bo: got %q, %+v, %v", lines, opened, err)
	}

	// Some are sealed to others: what can be opened is, and it is an error.
	lines, _, err = revealed(t, t.Context(), rowsOf(rows, nil), RevealOptions{Identities: identities(t, bosKey)})
	var others *SealedToOthers
	if !slices.Equal(lines, all[1:3]) || !errors.As(err, &others) || others.Passwords != 2 || !others.Some {
		t.Errorf("with bo's key: got %q, %v", lines, err)
	}

	// All are: nothing is written, no file made.
	lines, _, err = revealed(t, t.Context(), rowsOf(rows[:1], nil), RevealOptions{Identities: identities(t, bosKey)})
	if lines != nil || !errors.As(err, &others) || others.Some || !slices.Equal(others.Readers, []string{ana}) || !errors.Is(err, sealed.ErrNoMatch) {
		t.Errorf("with a key that opens none: got %q, %v", lines, err)
	}

	for _, nobody := range []string{"ANA", "dara", "an"} {
		var refused *Error
		lines, _, err = revealed(t, t.Context(), rowsOf(rows, nil), RevealOptions{Identities: identities(t, anasKey), User: nobody})
		if lines != nil || !errors.As(err, &refused) || refused.Kind != Refused {
			t.Errorf("of %s: got %q, %v", nobody, lines, err)
		}
	}
	lines, _, err = revealed(t, t.Context(), rowsOf(nil, nil), RevealOptions{Identities: identities(t, anasKey)})
	if lines == nil || len(lines) > 0 || err != nil {
		t.Errorf("of a run without passwords: got %q, %v", lines, err)
	}
	rows[0].Sealed = runfile.Sealed{}
	lines, opened, err = revealed(t, t.Context(), rowsOf(rows[:1], nil), RevealOptions{Identities: identities(t, anasKey), User: "ana"})
	if len(lines) > 0 || err != nil || opened.Elsewhere != 1 {
		t.Errorf("kept elsewhere: got %q, %+v, %v", lines, opened, err)
	}
}

// TestRevealOfDamaged holds that damage takes nobody else's password with it,
// and that one which was moved to another row is not taken for that user's.
func TestRevealOfDamaged(t *testing.T) {
	sound := sealedTo(t, 1, "ana", runner.OK, "Passw0rd-1", ana)
	moved := sealedTo(t, 2, "bo", runner.OK, "Passw0rd-2", ana)
	moved.Username = "mallory"
	flipped := sealedTo(t, 3, "chidi", runner.OK, "Passw0rd-3", ana)
	flipped.Sealed.Bytes[len(flipped.Sealed.Bytes)-1] ^= 1
	last := sealedTo(t, 4, "dara", runner.OK, "Passw0rd-4", ana)
	page := fmt.Errorf("tasks 9 to 12: %w", runfile.ErrDamaged)
	rows := []runfile.Candidate{sound, moved, flipped, last}
	for name, faults := range map[string]map[int]error{"rows": nil, "a page": {0: page}} {
		lines, _, err := revealed(t, t.Context(), rowsOf(rows, faults), RevealOptions{Identities: identities(t, anasKey)})
		var damaged *Error
		if !slices.Equal(lines, []string{"1 ana Passw0rd-1 ok", "4 dara Passw0rd-4 ok"}) || !errors.As(err, &damaged) || damaged.Kind != Damaged {
			t.Errorf("%s: got %q, %v", name, lines, err)
		}
		if want := "2 are damaged: task 2 (mallory): the sealed password is damaged: it was sealed for another task; task 3 (chidi): the sealed password is damaged"; faults == nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	many := slices.Repeat([]runfile.Candidate{moved}, 31)
	if _, _, err := revealed(t, t.Context(), rowsOf(many, nil), RevealOptions{Identities: identities(t, anasKey)}); err == nil || strings.Count(err.Error(), "(mallory)") != 20 || !strings.HasSuffix(err.Error(), "; and 11 more") {
		t.Errorf("of 31: got %v", err)
	}
	broken := errors.New("broken")
	if _, _, err := revealed(t, t.Context(), rowsOf(rows, map[int]error{3: broken}), RevealOptions{Identities: identities(t, anasKey)}); !errors.Is(err, broken) {
		t.Errorf("got %v, want the error of reading", err)
	}
}

func TestRevealEndsWithItsContext(t *testing.T) {
	rows := []runfile.Candidate{sealedTo(t, 1, "ana", runner.OK, "Passw0rd-1", ana), sealedTo(t, 2, "bo", runner.OK, "Passw0rd-2", ana)}
	stopped := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	lines, _, err := revealed(t, ctx, func(yield func(runfile.Candidate, error) bool) {
		if yield(rows[0], nil) {
			cancel(stopped)
			yield(rows[1], nil)
		}
	}, RevealOptions{Identities: identities(t, anasKey)})
	if !errors.Is(err, stopped) || !slices.Equal(lines, []string{"1 ana Passw0rd-1 ok"}) {
		t.Errorf("got %q, %v", lines, err)
	}
}

// TestReseal holds that whoever could read can still, and one more can.
func TestReseal(t *testing.T) {
	rows := []runfile.Candidate{
		sealedTo(t, 1, "ana", runner.OK, "Passw0rd-1", ana), sealedTo(t, 2, "bo", runner.Unknown, "Passw0rd-2", ana),
		{Seq: 3, Username: "chidi", Outcome: runner.OK, Version: versions + "99"}, // which another store has
	}
	reseal := func(key string, more ...string) (Opened, error) {
		to, err := moreReaders([]string{ana}, more)
		if err != nil {
			return Opened{}, err
		}
		all := func(yield func(runfile.Sealed, error) bool) {
			for i := range 2 {
				if !yield(rows[i].Sealed, nil) {
					return
				}
			}
		}
		r := &revealing{opt: RevealOptions{Identities: identities(t, key)}}
		return r.reseal(t.Context(), all, to, func(batch []runfile.Sealed) error {
			for _, s := range batch {
				rows[s.ID-rows[0].Sealed.ID].Sealed = s
			}
			return nil
		})
	}
	if _, err := reseal(bosKey, bo); !errors.Is(err, sealed.ErrNoMatch) {
		t.Errorf("by who may not read: got %v", err)
	}
	if _, err := reseal(anasKey, "age1nobody"); err == nil || !strings.HasPrefix(err.Error(), "recipient 1: ") {
		t.Errorf("to nobody: got %v", err)
	}
	if opened, err := reseal(anasKey, bo); err != nil || opened != (Opened{Passwords: 2}) {
		t.Fatalf("got %+v, %v", opened, err)
	}
	for _, key := range []string{anasKey, bosKey} {
		lines, _, err := revealed(t, t.Context(), rowsOf(rows, nil), RevealOptions{Identities: identities(t, key)})
		if err != nil || !slices.Equal(lines, []string{"1 ana Passw0rd-1 ok", "2 bo Passw0rd-2 unknown"}) {
			t.Errorf("after it: got %q, %v", lines, err)
		}
	}
}
