package runfile

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cogpass/runner"
)

// trio are the endings of the files that hold a run that was not closed.
var trio = []string{"", "-wal", ".lock"}

// killed returns the path of a run file whose process was killed, and up to
// which task all outcomes were durable.
func killed(t *testing.T) (path string, durable int64) {
	t.Helper()
	path = makeFile(t, 400)
	cmd, out := child(t, "record", path)
	for range 20 {
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
	cmd.Wait()
	return path, durable
}

// copyFiles copies a run file and what lies beside it into a folder of its
// own.
func copyFiles(t *testing.T, path string, endings ...string) string {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "copy.run")
	for _, ending := range endings {
		b, err := os.ReadFile(path + ending)
		if err == nil {
			err = os.WriteFile(copied+ending, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return copied
}

// mustBeRefused checks that a file is not carried out because of what it says
// is missing, is left as it was, and is read with a warning.
func mustBeRefused(t *testing.T, path string, opt OpenOptions, missing string) {
	t.Helper()
	before := contents(t, path)
	_, err := Open(path, opt)
	var known *Error
	if !errors.Is(err, ErrNotWhole) || !errors.As(err, &known) || !strings.Contains(err.Error(), missing) {
		t.Errorf("got %v, want that it is not whole: %s", err, missing)
		return
	}
	if !strings.Contains(known.Hint, "cogpass run --look-first RUN_FILE") {
		t.Errorf("the hint is %q", known.Hint)
	}
	if after := contents(t, path); after != before {
		t.Errorf("refusing it made of it %s, and it was %s", after, before)
	}
	f, err := OpenReadOnly(path, opt)
	if err != nil {
		t.Errorf("reading it: %v", err)
		return
	}
	defer f.Close()
	if w := f.Warnings(); len(w) != 1 || !strings.Contains(w[0], missing) {
		t.Errorf("got the warnings %q, want that it is not whole: %s", w, missing)
	}
	if n := len(results(t, f)); n != 400 {
		t.Errorf("%d tasks can be read, want 400", n)
	}
}

// contents tells which files there are, and their sums; an empty log, and
// what readers share, say nothing.
func contents(t *testing.T, path string) string {
	t.Helper()
	all := ""
	for _, ending := range []string{"", "-wal"} {
		if b, err := os.ReadFile(path + ending); err == nil && len(b) > 0 {
			all += fmt.Sprintf("%q %d ", ending, sum(b))
		}
	}
	return all
}

// TestFileThatIsNotWhole takes away, cuts and exchanges what belongs to the
// file of a process that was killed, on the machine that carried it out and on
// another.
func TestFileThatIsNotWhole(t *testing.T) {
	path, durable := killed(t)
	here, elsewhere := options, func() OpenOptions { return OpenOptions{Place: t.TempDir()} }
	without := func(ending string) (rest []string) {
		for _, e := range trio {
			if e != ending {
				rest = append(rest, e)
			}
		}
		return rest
	}
	cut := func(ending ...string) string {
		copied := copyFiles(t, path, ending...)
		info, err := os.Stat(copied + "-wal")
		if err == nil {
			err = os.Truncate(copied+"-wal", info.Size()/2)
		}
		if err != nil {
			t.Fatal(err)
		}
		return copied
	}
	checkpointed := copyFiles(t, path, trio...)
	if err := write(checkpointed, "SELECT count(*) FROM task"); err != nil {
		t.Fatal(err)
	}
	if hasWAL(checkpointed) {
		t.Fatal("another program's connection leaves the -wal there")
	}
	tests := []struct {
		name      string
		path      string
		here      string // what is missing on the machine that carried it out; "" is nothing
		elsewhere string
	}{
		{"all three", copyFiles(t, path, trio...), "", ""},
		{"without -wal", copyFiles(t, path, without("-wal")...), "its -wal is missing", "its -wal is missing"},
		{"alone", copyFiles(t, path, ""), "its -wal is missing", "copied without its -wal"},
		{"half of -wal", cut(trio...), "its -wal is cut", "its -wal is cut"},
		{"half of -wal, without .lock", cut("", "-wal"), "its -wal is cut", "copied without its .lock"},
		{"without .lock", copyFiles(t, path, "", "-wal"), "", "copied without its .lock"},
		{"checkpointed by another program", checkpointed, "", ""},
		{"the same, alone", copyFiles(t, checkpointed, ""), "", "copied without its -wal"},
	}
	for _, test := range tests {
		for where, missing := range map[string]string{"here": test.here, "elsewhere": test.elsewhere} {
			t.Run(test.name+"/"+where, func(t *testing.T) {
				opt := here
				if where == "elsewhere" {
					opt = elsewhere()
				}
				var there []string
				for _, ending := range trio {
					if _, err := os.Stat(test.path + ending); err == nil {
						there = append(there, ending)
					}
				}
				copied := copyFiles(t, test.path, there...)
				if missing != "" {
					mustBeRefused(t, copied, opt, missing)
					return
				}
				mustHold(t, copied, opt.Place, durable)
			})
		}
	}
}

// write runs SQL as a program that may write does.
func write(path, text string) error {
	db, err := open(path, "mode=rw")
	if err != nil {
		return err
	}
	defer db.Close()
	s, err := newSession(db)
	if err != nil {
		return err
	}
	return join(s.exec(text), s.close())
}

// TestFlippedByteInTheLog flips a byte anywhere in the -wal of a process that
// was killed: the file is refused, or has all that was durable.
func TestFlippedByteInTheLog(t *testing.T) {
	t.Parallel()
	path, durable := killed(t)
	log, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(9, 10))
	refused := 0
	flips := 16
	if long() {
		flips = 40
	}
	for i := range flips {
		at := random.IntN(len(log))
		if i < 8 {
			at = i * 4 // the header
		}
		copied := copyFiles(t, path, "", ".lock")
		flipped := append([]byte(nil), log...)
		flipped[at] ^= 1 << random.IntN(8)
		if err := os.WriteFile(copied+"-wal", flipped, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := Open(copied, OpenOptions{Place: t.TempDir()})
		if err != nil {
			if !errors.Is(err, ErrNotWhole) {
				t.Errorf("byte %d: got %v", at, err)
			}
			refused++
			continue
		}
		for row, err := range f.Pending(false, false) {
			if err != nil || row.Seq <= durable {
				t.Errorf("byte %d: task %d is pending (%v), and was durable up to %d", at, row.Seq, err, durable)
			}
			break
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if refused < flips*3/4 {
		t.Errorf("%d of %d flips were noticed", refused, flips)
	}
}

// record ends the first n tasks that are pending, in one commit each.
func record(t *testing.T, f *File, n int64) {
	t.Helper()
	for _, row := range pending(t, f, false, false)[:n] {
		if err := errors.Join(f.Record(resultOf(row.Seq, runner.OK)), f.Flush()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOlderCopyIsRefused(t *testing.T) {
	path := makeFile(t, 400)
	f := openFile(t, path)
	record(t, f, 3)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	older := copyFiles(t, path, "")
	f = openFile(t, path)
	record(t, f, 1)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	mustBeRefused(t, older, options, "an older copy")
	if f, err := Open(copyFiles(t, path, ""), options); err != nil {
		t.Errorf("a copy of all: %v", err)
	} else if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// TestReaderInTheWayOfClose: a clean end that a reader keeps from leaving one
// file says which belong together, and these are whole wherever they are
// copied. The next clean end leaves one file.
func TestReaderInTheWayOfClose(t *testing.T) {
	path := makeFile(t, 400)
	f := openFile(t, path)
	reader := openReadOnly(t, path)
	results(t, reader)
	if err := reader.Freeze(); err != nil {
		t.Fatal(err)
	}
	record(t, f, 5)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(f.Companions()), fmt.Sprint([]string{path, path + "-wal", path + ".lock"}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	elsewhere := OpenOptions{Place: t.TempDir()}
	mustBeRefused(t, copyFiles(t, path, ""), elsewhere, "copied without its -wal")
	mustHold(t, copyFiles(t, path, trio...), elsewhere.Place, 5)
	if Holder(path) != nil {
		t.Error("a closed file is held")
	}
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	f = openFile(t, path)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 || len(f.Companions()) != 1 {
		t.Errorf("got %v and %v, want one file", left, f.Companions())
	}
	mustHold(t, copyFiles(t, path, ""), t.TempDir(), 5)
}

// TestLogOfAnotherCopy puts a finished copy where the -wal of an unfinished
// one still lies: SQLite would mix the two.
func TestLogOfAnotherCopy(t *testing.T) {
	path, durable := killed(t)
	finished := copyFiles(t, path, trio...)
	opt := OpenOptions{Place: t.TempDir()}
	f, err := Open(finished, opt)
	if err != nil {
		t.Fatal(err)
	}
	record(t, f, 50)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(finished)
	if err == nil {
		err = os.WriteFile(path, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	mustBeRefused(t, path, options, "that of another copy")
	if _, err := Open(path, OpenOptions{Place: options.Place, LookFirst: true}); !errors.Is(err, ErrNotWhole) {
		t.Errorf("to look first gives %v, want that it is not whole", err)
	}
	if err := ChangeControl(path, func(*Control) {}); !errors.Is(err, ErrNotWhole) {
		t.Errorf("changing what is asked of it gives %v, want that it is not whole", err)
	}
	c, err := openReadOnly(t, path).Count()
	if err != nil || c.ByOutcome[runner.OK] < durable+50 {
		t.Errorf("got %+v, %v, want what the finished copy says", c, err)
	}
	if err := os.Remove(path + "-wal"); err != nil {
		t.Fatal(err)
	}
	mustHold(t, path, options.Place, durable+50)
}

// TestMarkFarBehindProvesNothing: a machine that saw the run once, before it went
// on elsewhere, does not know whether the log is missing.
func TestMarkFarBehindProvesNothing(t *testing.T) {
	path, _ := killed(t)
	mustDo(t, write(path, "SELECT count(*) FROM task")) // and its log is in it
	info, err := openReadOnly(t, path).Info()
	mustDo(t, err)
	var commits int64
	_, err = fmt.Sscan(query(t, path, "SELECT commits FROM run"), &commits)
	mustDo(t, err)
	for behind, refused := range map[int64]bool{0: false, 1: false, 2: true, commits: true} {
		here := OpenOptions{Place: t.TempDir()}
		mustDo(t, os.WriteFile(markPath(here.Place, info.RunID), mark{info.RunID, commits - behind}.line(), 0o600))
		f, err := Open(copyFiles(t, path, ""), here)
		if err == nil {
			err = f.Close()
		} else if refused && !errors.Is(err, ErrNotWhole) {
			t.Error(err)
		}
		if (err != nil) != refused {
			t.Errorf("with a mark that is %d of %d behind: got %v, want it refused: %v", behind, commits, err, refused)
		}
	}
}

// A file that this program has open is not opened once more beside SQLite: closing that
// would end the locks of the first, so that another process could write it too.
func TestFileInUseIsNotOpenedBesideIt(t *testing.T) {
	path := makeFile(t, 1)
	used := func(want bool) {
		t.Helper()
		if _, err := headerOf(path, 16); errors.Is(err, errInUse) != want {
			t.Errorf("got %v, want that it is in use: %t", err, want)
		}
	}
	used(false)
	f := openFile(t, path)
	used(true)
	r, err := OpenReadOnly(path, options)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	used(true)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	used(false)
}
