package runfile

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cogpass/runner"
)

// recordAll carries out the pending tasks of a file in groups of 8, and calls
// durable with the last of each group once its outcomes are.
func recordAll(f *File, durable func(seq int64) error) error {
	ctx := context.Background()
	var group []runner.Intent
	finish := func() error {
		if len(group) == 0 {
			return nil
		}
		if err := f.Begin(ctx, group); err != nil {
			return err
		}
		for _, i := range group {
			if err := f.Record(resultOf(i.Seq, runner.OK)); err != nil {
				return err
			}
		}
		if err := f.Flush(); err != nil {
			return err
		}
		last := group[len(group)-1].Seq
		group = group[:0]
		return durable(last)
	}
	for row, err := range f.Pending(false, false) {
		if err != nil {
			return err
		}
		if group = append(group, intentOf(row.Seq)); len(group) == 8 {
			if err := finish(); err != nil {
				return err
			}
		}
	}
	return finish()
}

// mustHold checks that the file at path says that all tasks up to seq are
// done. place is that of the machine.
func mustHold(t *testing.T, path, place string, seq int64) {
	t.Helper()
	f, err := Open(path, OpenOptions{Place: place})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for row, err := range f.Pending(false, false) {
		if err != nil {
			t.Fatal(err)
		}
		if row.Seq <= seq {
			t.Fatalf("task %d is pending, and was durable up to %d", row.Seq, seq)
		}
		break
	}
	n := int64(0)
	for r, err := range f.Results() {
		if err != nil {
			t.Fatal(err)
		}
		if r.Outcome == runner.OK {
			n++
		}
	}
	if n < seq {
		t.Fatalf("%d tasks are ok, want %d at least", n, seq)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestPowerCut copies the run file and its log at the instants at which
// something was said to be durable, as a disk would hold them after the power
// went; what may have come after that instant is torn, and the marks outside
// the file, which are not synced, are gone. Each copy opens and holds all that
// was durable.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	path := makeFile(t, 800)
	f := openFile(t, path)
	random := rand.New(rand.NewPCG(3, 4))
	commits, every := 0, 25
	if long() {
		every = 10
	}
	err := recordAll(f, func(seq int64) error {
		commits++
		if commits%every != 0 {
			return nil
		}
		copied := filepath.Join(t.TempDir(), "copy.run")
		for _, ext := range []string{"", "-wal"} {
			b, err := os.ReadFile(path + ext)
			if err != nil {
				return err
			}
			if ext == "-wal" {
				b = append(b, torn(random)...)
			}
			if err := os.WriteFile(copied+ext, b, 0o600); err != nil {
				return err
			}
		}
		if err := os.WriteFile(copied+".lock", nil, 0o600); err != nil {
			return err
		}
		mustHold(t, copied, t.TempDir(), seq)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// torn is what a commit leaves that was cut short: a part of its frames, of
// which nothing holds together.
func torn(random *rand.Rand) []byte {
	b := make([]byte, random.IntN(20_000))
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

// TestPowerCutInTheLog cuts the log anywhere behind what was durable.
func TestPowerCutInTheLog(t *testing.T) {
	t.Parallel()
	path := makeFile(t, 400)
	f := openFile(t, path)
	var size, done int64
	var lock []byte
	err := recordAll(f, func(seq int64) error {
		if seq == 200 {
			info, err := os.Stat(path + "-wal")
			if err != nil {
				return err
			}
			size, done = info.Size(), seq
			lock, err = os.ReadFile(path + ".lock")
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(5, 6))
	cuts := 6
	if long() {
		cuts = 20
	}
	for range cuts {
		cut := size + random.Int64N(int64(len(log))-size+1)
		copied := filepath.Join(t.TempDir(), "copy.run")
		if err := os.WriteFile(copied, file, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(copied+"-wal", log[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(copied+".lock", lock, 0o600); err != nil {
			t.Fatal(err)
		}
		mustHold(t, copied, t.TempDir(), done)
	}
}

// TestKilledProcessLosesNothing kills another process while it records.
func TestKilledProcessLosesNothing(t *testing.T) {
	t.Parallel()
	kills := 2
	if long() {
		kills = 5
	}
	path := makeFile(t, int64(kills)*4000)
	random := rand.New(rand.NewPCG(7, 8))
	for range kills {
		cmd, out := child(t, "record", path)
		var durable int64
		for range 1 + random.IntN(40) {
			if !out.Scan() {
				t.Fatal("the other process ended by itself")
			}
			if _, err := fmt.Sscanf(out.Text(), "durable %d", &durable); err != nil {
				t.Fatal(err, out.Text())
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for out.Scan() { // what it said before it died
			if strings.HasPrefix(out.Text(), "durable ") {
				fmt.Sscanf(out.Text(), "durable %d", &durable)
			}
		}
		cmd.Wait()
		mustHold(t, path, options.Place, durable)
	}
}
