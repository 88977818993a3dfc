package runfile

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"cogpass/jobs"
	"cogpass/runner"
)

// sealedFile returns the path of a closed run file of n rich tasks that generate
// passwords: of each third, one has ended, one is in doubt and one was not begun.
func sealedFile(t testing.TB, n int64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sealed.run")
	d, err := Create(path, examplePlan())
	mustDo(t, err)
	for seq := int64(1); seq <= n; seq++ {
		task := richTask(seq)
		if task.Action.Sets() {
			task.Password = jobs.PasswordRef{Kind: jobs.GeneratedPassword, Name: "length=20 symbols=safe"}
		}
		mustDo(t, d.Add(task))
	}
	mustDo(t, d.Commit(exampleSources))
	f := openFile(t, path)
	f.SealWith(func(attempts []runner.Intent) ([]byte, error) {
		var out bytes.Buffer
		for _, i := range attempts {
			fmt.Fprintln(&out, i.Seq, i.Version)
		}
		return out.Bytes(), nil
	})
	for seq := int64(1); seq <= n; seq++ {
		task := richTask(seq)
		i := intentOf(seq)
		if task.Action.Sets() {
			i.Version, i.Password = fmt.Sprintf("0198b3a2-77aa-4c11-8a44-1e29f4a%05d", seq), jobs.NewSecret("Passw0rd-1")
		}
		if seq%3 == 0 || task.Skip != "" || task.Fail != "" {
			continue
		}
		mustDo(t, f.Begin(t.Context(), []runner.Intent{i}))
		if seq%3 == 1 {
			r := richResult(seq, runner.OK, stepOf(runner.SignOut, runner.Outcome(1+seq%4)))
			r.Version = i.Version
			mustDo(t, f.Record(r), f.Sample(Sample{At: start, Requests: seq}))
		}
	}
	mustDo(t, f.Approve("ana", "sha256:00", start), f.Close())
	return path
}

// smallFile is a sealed file with pages of the smallest size that there is.
func smallFile(t testing.TB) string {
	t.Helper()
	path := sealedFile(t, 24)
	mustDo(t, write(path, "PRAGMA page_size = 512; VACUUM"))
	return path
}

// readings are all that decides what is sent and what is told.
type readings struct {
	results    []runner.Result
	rows       []Row
	candidates []Candidate
	seals      []Sealed
}

// read reads what can be read of a file, and returns all errors. What comes after
// an error, which it may concern, it only holds to be somebody's.
func (r *readings) read(path string, opt OpenOptions) error {
	f, err := OpenReadOnly(path, opt)
	if err == nil {
		var results, candidates, seals error
		for one, fault := range f.Results() {
			if results = errors.Join(results, fault); results == nil {
				r.results = append(r.results, one)
			} else if fault == nil && (one.Seq < 1 || one.Username == "") {
				r.results = append(r.results, one)
			}
		}
		for one, fault := range f.Candidates() {
			if candidates = errors.Join(candidates, fault); candidates == nil {
				r.candidates = append(r.candidates, one)
			}
		}
		for one, fault := range f.Seals() {
			if seals = errors.Join(seals, fault); fault == nil {
				r.seals = append(r.seals, one)
			}
		}
		_, samples := f.Samples() // which decide nothing
		err = errors.Join(results, candidates, seals, samples, f.Close())
	}
	f, fault := Open(path, opt)
	if err = errors.Join(err, fault); fault != nil {
		return err
	}
	for row, fault := range f.Pending(false, false) {
		if err = errors.Join(err, fault); fault == nil {
			r.rows = append(r.rows, row)
		}
	}
	return errors.Join(err, f.Close())
}

// wholeFile is a run file, and all that is read from it.
type wholeFile struct {
	path    string
	content []byte
	is      readings
}

func readWhole(t testing.TB, path string) *wholeFile {
	t.Helper()
	content, err := os.ReadFile(path)
	mustDo(t, err)
	w := &wholeFile{path: path, content: content}
	mustDo(t, w.is.read(path, options))
	return w
}

// write writes other bytes into a file of the same name elsewhere.
func (w *wholeFile) write(t testing.TB, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "damaged.run")
	mustDo(t, os.WriteFile(path, content, 0o600))
	return path
}

// check fails the test if anything is read from a damaged file that is not so, or
// if anything is missing and no error says so. It reports whether all was read.
func (w *wholeFile) check(t testing.TB, what, path string) bool {
	t.Helper()
	var got readings
	err := got.read(path, OpenOptions{Place: filepath.Dir(path)})
	for _, pair := range [][2]any{{got.results, w.is.results}, {got.rows, w.is.rows}, {got.candidates, w.is.candidates}, {got.seals, w.is.seals}} {
		read, right := reflect.ValueOf(pair[0]), reflect.ValueOf(pair[1])
		for i, j := 0, 0; i < read.Len(); i, j = i+1, j+1 { // what is read is among what is right, in its order
			for j < right.Len() && !reflect.DeepEqual(read.Index(i).Interface(), right.Index(j).Interface()) {
				j++
			}
			if j >= right.Len() {
				t.Errorf("%s: read %+v", what, read.Index(i))
				break
			}
		}
		if err == nil && read.Len() != right.Len() {
			t.Errorf("%s: read %d of %d %v, and no error", what, read.Len(), right.Len(), read.Type().Elem())
		}
	}
	if known := (*Error)(nil); err != nil && !errors.As(err, &known) {
		t.Errorf("%s: got %v (%T), want an *Error", what, err, err)
	}
	return err == nil
}
