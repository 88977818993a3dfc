package runfile

import (
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"cogpass/runner"
)

// halfDone returns the path of a closed run file of n tasks, of which the
// first half has outcomes.
func halfDone(t testing.TB, n int64) string {
	t.Helper()
	path := makeFile(t, n)
	f := openFile(t, path)
	for seq := int64(1); seq <= n/2; seq++ {
		outcome := runner.OK
		if seq%7 == 0 {
			outcome = runner.Failed
		}
		if err := f.Record(resultOf(seq, outcome)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

var everyByte = flag.Bool("every", false, "flip every byte of a small run file, and 10,000 bytes of large ones")

// TestFlippedByteIsNeverAnotherTask flips bytes all over large files. Whatever
// comes of it is what was written, or an *Error.
func TestFlippedByteIsNeverAnotherTask(t *testing.T) {
	t.Parallel()
	flips := 10
	if long() {
		flips = 50
	}
	if *everyByte {
		flips = 10_000 / 3
	}
	for name, path := range map[string]string{"plain": halfDone(t, 1200), "rich": halfRich(t, 1200), "sealed": sealedFile(t, 1200)} {
		t.Run(name, func(t *testing.T) {
			whole := readWhole(t, path)
			random := rand.New(rand.NewPCG(1, 2))
			found := 0
			for range flips {
				if !whole.flip(t, random.IntN(len(whole.content)), 1<<random.IntN(8)) {
					found++
				}
			}
			if found < flips/2 {
				t.Errorf("%d of %d flips were noticed", found, flips)
			}
		})
	}
}

// TestFlippedByteOfASmallFile flips bytes of a file that has a bit of everything,
// and cuts it behind each.
func TestFlippedByteOfASmallFile(t *testing.T) {
	t.Parallel()
	whole := readWhole(t, smallFile(t))
	random := rand.New(rand.NewPCG(3, 4))
	every := 997
	if long() {
		every = 31
	}
	if *everyByte {
		every = 1
	}
	for at := random.IntN(every); at < len(whole.content); at += every {
		whole.flip(t, at, 1<<random.IntN(8))
		if at%8 == 0 {
			whole.check(t, fmt.Sprint("cut at ", at), whole.write(t, whole.content[:at]))
		}
	}
}

// flip reports whether a file with a byte flipped is read whole.
func (w *wholeFile) flip(t *testing.T, at int, bits byte) bool {
	t.Helper()
	damaged := append([]byte(nil), w.content...)
	damaged[at] ^= bits
	path := w.write(t, damaged)
	defer os.Remove(path) // many do not fit on a disk
	return w.check(t, fmt.Sprintf("byte %d ^ %#x", at, bits), path)
}

func TestDamagedBlockLeavesTheOthersReadable(t *testing.T) {
	path := halfDone(t, 3000)
	f := openFile(t, path)
	// The user of a task of the second block becomes another.
	if err := f.update(func(s *session) error { return s.exec("UPDATE task SET username = 'eve' WHERE seq = 1700") }); err != nil {
		t.Fatal(err)
	}
	var faults, read int
	for r, err := range f.Results() {
		if err != nil {
			if read != 1000 || !errors.Is(err, ErrDamaged) {
				t.Errorf("after %d results: %v", read, err)
			}
			faults++
			continue
		}
		if want := int64(read + 1); r.Seq != want {
			t.Fatalf("got task %d, want %d", r.Seq, want)
		}
		read++
	}
	if faults != 1 || read != 3000 {
		t.Errorf("got %d faults and %d results, want 1 and 3000", faults, read)
	}
	for _, err := range f.Pending(false, false) {
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("got %v, want ErrDamaged before the first task", err)
		}
	}
}

// TestLostOutcomeIsNotPending loses the record of a task that was done: it
// must not be sent again.
func TestLostOutcomeIsNotPending(t *testing.T) {
	path := halfDone(t, 3000)
	f := openFile(t, path)
	if err := f.update(func(s *session) error { return s.exec("DELETE FROM outcome WHERE seq = 1200") }); err != nil {
		t.Fatal(err)
	}
	for row, err := range f.Pending(false, false) {
		if !errors.Is(err, ErrDamaged) {
			t.Fatalf("got task %d and %v, want ErrDamaged", row.Seq, err)
		}
	}
}

func TestTruncatedFile(t *testing.T) {
	path := halfDone(t, 3000)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()*2/3); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, options); !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v, want ErrDamaged", err)
	}
	read, faults := 0, 0
	for _, err := range openReadOnly(t, path).Results() {
		if err != nil {
			faults++
		} else {
			read++
		}
	}
	if faults == 0 || read == 0 {
		t.Errorf("got %d results and %d faults, want some of both", read, faults)
	}
}

func TestNotARunFile(t *testing.T) {
	ofVersion := func(version uint32) string {
		path := makeFile(t, 1)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		binary.BigEndian.PutUint32(b[60:], version)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write := func(content string) string {
		path := filepath.Join(t.TempDir(), "a.run")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tests := []struct {
		name, path string
		want       error
		is         bool
	}{
		{"newer", ofVersion(formatVersion + 1), ErrNewer, true},
		{"format 1", ofVersion(1), ErrOlder, true},
		{"a job", write("version: 1\nname: spring\nusers: [a]\n"), ErrNotRunFile, false},
		{"empty", write(""), ErrDamaged, true},
		{"another database", write("SQLite format 3\x00" + string(make([]byte, 4080))), ErrNotRunFile, true},
		{"damaged where it begins", write(string(make([]byte, 4096))), ErrNotRunFile, true},
		{"missing", filepath.Join(t.TempDir(), "none.run"), fs.ErrNotExist, false},
	}
	for _, test := range tests {
		_, err := Open(test.path, options)
		var known *Error
		if !errors.Is(err, test.want) || !errors.As(err, &known) || known.Hint == "" && test.want != fs.ErrNotExist {
			t.Errorf("%s: Open gives %v, want %v with a hint", test.name, err, test.want)
		}
		if _, err := OpenReadOnly(test.path, options); !errors.Is(err, test.want) {
			t.Errorf("%s: OpenReadOnly gives %v, want %v", test.name, err, test.want)
		}
		if err := ChangeControl(test.path, func(*Control) {}); !errors.Is(err, test.want) {
			t.Errorf("%s: ChangeControl gives %v, want %v", test.name, err, test.want)
		}
		if got := Is(test.path); got != test.is {
			t.Errorf("%s: Is gives %v, want %v", test.name, got, test.is)
		}
	}
}

// TestLostDoubtIsNoticed takes a task's attempt from its page, and makes an outcome
// that of a pending task, as a flipped byte can: neither is sent again.
func TestLostDoubtIsNoticed(t *testing.T) {
	path := makeFile(t, 10)
	f := openFile(t, path)
	mustDo(t, f.Begin(t.Context(), []runner.Intent{intentOf(1), intentOf(2), intentOf(3)}), f.Record(resultOf(1, runner.OK)), f.Close())
	content, err := os.ReadFile(path)
	mustDo(t, err)
	var root, size int
	_, err = fmt.Sscanf(query(t, path, "SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_schema WHERE name = 'attempt'"), "%d|%d", &root, &size)
	mustDo(t, err)
	if cells := content[(root-1)*size+4]; cells != 2 {
		t.Fatalf("the page of attempts has %d, want 2", cells)
	}
	content[(root-1)*size+4]--
	lost := filepath.Join(t.TempDir(), "lost.run")
	mustDo(t, os.WriteFile(lost, content, 0o600))
	if _, err := Open(lost, options); !errors.Is(err, ErrDamaged) {
		t.Errorf("without an attempt: got %v, want ErrDamaged", err)
	}
	mustDo(t, write(path, "UPDATE outcome SET outcome = 0 WHERE seq = 1"))
	for row, err := range openFile(t, path).Pending(false, false) {
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("with an outcome that is none: got task %d, %v, want ErrDamaged", row.Seq, err)
		}
		break
	}
}
