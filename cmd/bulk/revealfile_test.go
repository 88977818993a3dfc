package bulk

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/runfile"
	"cogpass/runner/sealed"
)

// sealedRun makes a run file with passwords that ana may read: of a task that is
// ok, of one that is unknown, of one that has failed and of one that is pending.
func sealedRun(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sealed.run")
	d, err := runfile.Create(path, runfile.Plan{Name: "sealed", UserPoolID: "us-west-2_aaaaaaaaa", Region: "us-west-2", Readers: []string{ana}})
	if err != nil {
		t.Fatal(err)
	}
	for seq := range int64(4) {
		task := jobs.Task{Seq: seq + 1, Username: fmt.Sprint("user", seq+1), Action: jobs.SetTemporary, Password: jobs.PasswordRef{Kind: jobs.GeneratedPassword}}
		if err := d.Add(task); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Commit(nil); err != nil {
		t.Fatal(err)
	}
	file := openSealedRun(t, path)
	to, err := sealed.ParseRecipients([]string{ana})
	if err != nil {
		t.Fatal(err)
	}
	(&workshop{seal: to}).keep(file)
	version := func(seq int64) string { return fmt.Sprintf("0198b3a2-77aa-4c11-8a44-1e29f4a3c00%d", seq) }
	var attempts []runner.Intent
	for seq := range int64(4) {
		attempts = append(attempts, runner.Intent{Seq: seq + 1, Username: fmt.Sprint("user", seq+1), Attempts: 1, Began: time.Now(), StartedAt: time.Now(),
			Version: version(seq + 1), Password: jobs.NewSecret(fmt.Sprint("Passw0rd-", seq+1))})
	}
	errs := []error{file.Begin(t.Context(), attempts)}
	for seq, outcome := range map[int64]runner.Outcome{1: runner.OK, 2: runner.Unknown, 3: runner.Failed} {
		r := runner.Result{Seq: seq, Username: fmt.Sprint("user", seq), Action: jobs.SetTemporary, Outcome: outcome, Attempts: 1, FinishedAt: time.Now()}
		if outcome == runner.OK {
			r.Version = version(seq)
		}
		errs = append(errs, file.Record(r))
	}
	if err := errors.Join(append(errs, file.Flush(), file.Close())...); err != nil {
		t.Fatal(err)
	}
	return path
}

func openSealedRun(t *testing.T, path string) *runfile.File {
	t.Helper()
	file, err := runfile.Open(path, runfile.OpenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

func revealFrom(t *testing.T, path, key string) (lines []string, opened Opened, err error) {
	t.Helper()
	r, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	opened, err = r.Reveal(t.Context(), RevealOptions{Identities: identities(t, key)}, func(rows iter.Seq2[Revealed, error]) error {
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

// TestRevealFromRunFile holds that the run file gives away what it should, that
// a reader who is added stays one when another is, and that it holds no password in the clear.
func TestRevealFromRunFile(t *testing.T) {
	path := sealedRun(t)
	want := []string{"1 user1 Passw0rd-1 ok", "2 user2 Passw0rd-2 unknown"}
	lines, opened, err := revealFrom(t, path, anasKey)
	if err != nil || !slices.Equal(lines, want) || opened != (Opened{Passwords: 2, Unknown: 1, Pending: 1}) {
		t.Errorf("got %q, %+v, %v", lines, opened, err)
	}
	var others *SealedToOthers
	if lines, _, err = revealFrom(t, path, bosKey); lines != nil || !errors.As(err, &others) || !slices.Equal(others.Readers, []string{ana}) {
		t.Errorf("with bo's key: got %q, %v", lines, err)
	}

	if _, err := Reseal(t.Context(), path, identities(t, bosKey), []string{bo}); !errors.Is(err, sealed.ErrNoMatch) {
		t.Errorf("resealed by bo: got %v", err)
	}
	for _, more := range []string{bo, chidi} {
		if opened, err = Reseal(t.Context(), path, identities(t, anasKey), []string{more}); err != nil || opened.Passwords != 4 {
			t.Errorf("resealed to %s: got %+v, %v", more, opened, err)
		}
	}
	for _, key := range []string{anasKey, bosKey} {
		if lines, _, err = revealFrom(t, path, key); err != nil || !slices.Equal(lines, want) {
			t.Errorf("resealed: got %q, %v", lines, err)
		}
	}
	holder := openSealedRun(t, path)
	var held *runfile.HeldError
	if _, err := Reseal(t.Context(), path, identities(t, anasKey), []string{bo}); !errors.As(err, &held) {
		t.Errorf("while it is held: got %v", err)
	}
	if info, err := holder.Info(); err != nil || !slices.Equal(info.Readers, []string{ana, bo, chidi}) {
		t.Errorf("got the readers %q, %v", info.Readers, err)
	}
	if err := holder.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for seq := range 4 {
		for _, form := range jobs.NewSecret(fmt.Sprint("Passw0rd-", seq+1)).Forms() {
			if strings.Contains(string(text), form) {
				t.Errorf("the run file holds a password, as %s", form)
			}
		}
	}
}

func TestResealOfARunWithoutReaders(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plain.run")
	d, err := runfile.Create(path, runfile.Plan{Name: "plain", UserPoolID: "us-west-2_aaaaaaaaa", Region: "us-west-2"})
	if err == nil {
		err = d.Commit(nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	var refused *Error
	if _, err := Reseal(t.Context(), path, identities(t, anasKey), []string{bo}); !errors.As(err, &refused) || refused.Kind != Refused {
		t.Errorf("got %v, want Refused", err)
	}
}
