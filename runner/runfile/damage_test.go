package runfile

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
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

// TestFlippedByteIsNeverAnotherTask flips bytes all over a file. Whatever
// comes of it is what was written, or an *Error.
func TestFlippedByteIsNeverAnotherTask(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{"plain": halfDone(t, 1200), "rich": halfRich(t, 1200)} {
		t.Run(name, func(t *testing.T) { flipBytes(t, path) })
	}
}

func flipBytes(t *testing.T, path string) {
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	wantResults := results(t, openReadOnly(t, path))
	wantRows := pending(t, openReadOnly(t, path), false, false)
	random := rand.New(rand.NewPCG(1, 2))
	found := 0
	flips := 10
	if long() {
		flips = 30
	}
	for range flips {
		at := random.IntN(len(content))
		damaged := append([]byte(nil), content...)
		damaged[at] ^= 1 << random.IntN(8)
		path := filepath.Join(t.TempDir(), "flipped.run")
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if !readsAs(t, at, path, wantResults, wantRows) {
			found++
		}
	}
	if found < flips/2 {
		t.Errorf("%d of %d flips were noticed", found, flips)
	}
}

// readsAs reads what it can of a damaged file. It reports whether that was
// everything, and fails the test if any of it is wrong.
func readsAs(t *testing.T, at int, path string, wantResults []runner.Result, wantRows []Row) bool {
	t.Helper()
	whole := true
	check := func(err error) {
		var known *Error
		if !errors.As(err, &known) {
			t.Errorf("byte %d: got %v, want an *Error", at, err)
		}
		whole = false
	}
	if f, err := OpenReadOnly(path, options); err != nil {
		check(err)
	} else {
		defer f.Close()
		for got, err := range f.Results() {
			if err != nil {
				check(err)
			} else if whole && !reflect.DeepEqual(got, wantResults[got.Seq-1]) {
				t.Errorf("byte %d: got %+v, want %+v", at, got, wantResults[got.Seq-1])
			}
		}
	}
	f, err := Open(path, options)
	if err != nil {
		check(err)
		return whole
	}
	defer f.Close()
	n := 0
	for got, err := range f.Pending(false, false) {
		if err != nil {
			check(err)
			return whole
		}
		if !reflect.DeepEqual(got, wantRows[n]) {
			t.Errorf("byte %d: got %+v, want %+v", at, got, wantRows[n])
		}
		n++
	}
	if n != len(wantRows) {
		t.Errorf("byte %d: got %d tasks, want %d", at, n, len(wantRows))
	}
	return whole
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
