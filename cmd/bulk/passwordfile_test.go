package bulk

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"cogpass/jobs"
	"cogpass/runner"
)

// hardPasswords are passwords that something on the way may want to change.
var hardPasswords = []string{
	"=1+1", "+1", "-1", "@SUM(A1)", "'quoted", `"quoted"`, `a"b`, "a,b", "a;b", "a\tb", "a\nb", "a\r\nb", "a\rb", `\.`, " blanks ",
	"<b>&amp;", `back\slash`, "пароль", "e\u0301", "\u2028", "#1", "0123", "1e5",
}

func rowsRevealed(rows ...Revealed) iter.Seq2[Revealed, error] {
	return func(yield func(Revealed, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// failing yields a row, and then an error.
func failing(err error) iter.Seq2[Revealed, error] {
	return func(yield func(Revealed, error) bool) {
		_ = yield(Revealed{1, "ana", jobs.NewSecret("hunter2"), runner.OK}, nil) && yield(Revealed{}, err)
	}
}

func TestPasswordFormats(t *testing.T) {
	rows := []Revealed{{1, "ana@example.com", jobs.NewSecret(`Xy"7,=`), runner.OK}, {12, "bo", jobs.NewSecret("=Xy7<"), runner.Unknown}}
	for f, want := range map[PasswordFormat]string{
		PasswordCSV: "seq,username,password,outcome\n1,ana@example.com,\"Xy\"\"7,=\",ok\n12,bo,=Xy7<,unknown\n",
		PasswordJSONLines: `{"seq":1,"username":"ana@example.com","password":"Xy\"7,=","outcome":"ok"}` + "\n" +
			`{"seq":12,"username":"bo","password":"=Xy7<","outcome":"unknown"}` + "\n",
	} {
		var out strings.Builder
		if err := WritePasswords(&out, f, rowsRevealed(rows...)); err != nil || out.String() != want {
			t.Errorf("%s: got %q, %v, want %q", f, out.String(), err, want)
		}
	}
	var out strings.Builder
	if err := WritePasswords(&out, PasswordCSV, rowsRevealed()); err != nil || out.String() != "seq,username,password,outcome\n" {
		t.Errorf("none: got %q, %v", out.String(), err)
	}
	if _, err := ParsePasswordFormat("html"); err == nil {
		t.Error("html: got no error")
	}
}

// TestPasswordsAreExact reads passwords back that are easily changed on the way.
func TestPasswordsAreExact(t *testing.T) {
	var rows []Revealed
	for i, p := range hardPasswords {
		rows = append(rows, Revealed{int64(i), p, jobs.NewSecret(p), runner.OK})
	}
	var table, lines strings.Builder
	if err := errors.Join(WritePasswords(&table, PasswordCSV, rowsRevealed(rows...)), WritePasswords(&lines, PasswordJSONLines, rowsRevealed(rows...))); err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(strings.NewReader(table.String())).ReadAll()
	if err != nil || len(records) != len(rows)+1 {
		t.Fatalf("got %d records, %v", len(records), err)
	}
	decoder := json.NewDecoder(strings.NewReader(lines.String()))
	for i, p := range hardPasswords {
		// Go's reader is alone in taking CR LF within quotes for LF.
		if got, want := records[i+1][2], strings.ReplaceAll(p, "\r\n", "\n"); got != want {
			t.Errorf("CSV: got %q, want %q", got, want)
		}
		if !strings.Contains(table.String(), strings.ReplaceAll(p, `"`, `""`)) {
			t.Errorf("CSV: %q is not there", p)
		}
		var got struct{ Password string }
		if err := decoder.Decode(&got); err != nil || got.Password != p {
			t.Errorf("JSON Lines: got %q, %v, want %q", got.Password, err, p)
		}
	}
}

func TestWritePasswordFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "passwords.csv")
	rows := rowsRevealed(Revealed{1, "ana", jobs.NewSecret("hunter2"), runner.OK})
	if err := WritePasswordFile(path, PasswordCSV, rows); err != nil {
		t.Fatal(err)
	}
	want := "seq,username,password,outcome\n1,ana,hunter2,ok\n"
	wantFile(t, path, want, 0o600)
	wantFile(t, filepath.Dir(path), "", 0o700)

	var refused *Error
	if err := WritePasswordFile(path, PasswordCSV, rowsRevealed()); !errors.As(err, &refused) || refused.Kind != BadReport {
		t.Errorf("over another: got %v", err)
	}
	wantFile(t, path, want, 0o600)

	broken := errors.New("broken")
	half := filepath.Join(t.TempDir(), "half.csv")
	if err := WritePasswordFile(half, PasswordCSV, failing(broken)); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(half); err == nil {
		t.Error("a file that is not whole is left")
	}
}

func TestSplitPasswords(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "passwords")
	names := []string{"../x", "..", ".hidden", "-rf", "/etc/passwd", "ana", "Ana", "ANA", `a\b`, "con", "a\u0301", "\u00e1", strings.Repeat("ü", 128), strings.Repeat("ü", 127)}
	var rows []Revealed
	for i, name := range names {
		rows = append(rows, Revealed{int64(i), name, jobs.NewSecret(fmt.Sprint("Passw0rd-", i)), runner.OK})
	}
	rows = append(rows, Revealed{50, "bo", jobs.NewSecret("one"), runner.Unknown}, Revealed{50, "bo", jobs.NewSecret("two"), runner.Unknown})
	if err := SplitPasswords(dir+"/", PasswordCSV, rowsRevealed(rows...)); err != nil {
		t.Fatal(err)
	}
	wantFile(t, dir, "", 0o700)
	wantFile(t, filepath.Join(dir, "ana.csv"), "seq,username,password,outcome\n5,ana,Passw0rd-5,ok\n", 0o600)
	wantFile(t, filepath.Join(dir, "%41na.csv"), "seq,username,password,outcome\n6,Ana,Passw0rd-6,ok\n", 0o600)
	wantFile(t, filepath.Join(dir, "%2e.%2fx.csv"), "seq,username,password,outcome\n0,../x,Passw0rd-0,ok\n", 0o600)
	wantFile(t, filepath.Join(dir, "bo.csv"), "seq,username,password,outcome\n50,bo,one,unknown\n50,bo,two,unknown\n", 0o600)
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != len(names)+1 {
		t.Errorf("got %d files, %v, want %d", len(entries), err, len(names)+1)
	}

	var refused *Error
	if err := SplitPasswords(dir, PasswordCSV, rowsRevealed()); !errors.As(err, &refused) || refused.Kind != BadReport {
		t.Errorf("into a folder that is there: got %v", err)
	}
	broken := errors.New("broken")
	half := filepath.Join(t.TempDir(), "half")
	if err := SplitPasswords(half, PasswordJSONLines, failing(broken)); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(half); err == nil {
		t.Error("a folder that is not whole is left")
	}
}

// TestUserFileNames holds that no two users share a file, on any file system,
// and that none names a place of their own choice.
func TestUserFileNames(t *testing.T) {
	anyName := rapid.OneOf(rapid.StringN(1, 128, -1), rapid.StringMatching(`[A-Ca-c.%/-]{1,4}`), rapid.SampledFrom([]string{"con", "%63on", "CON", "con.a", "lpt1", "lpt", "nul.nul"}),
		rapid.StringMatching(`[üA]{60,80}`))
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyName.Draw(t, "a"), anyName.Draw(t, "b")
		first, second := userFileName(a), userFileName(b)
		if a != b && norm.NFC.String(strings.ToLower(first)) == norm.NFC.String(strings.ToLower(second)) {
			t.Fatalf("%q and %q have the file %s", a, b, first)
		}
		if first == "" || len(first) > maxUserFileName || first[0] == '.' || first[0] == '-' || strings.Trim(first, "abcdefghijklmnopqrstuvwxyz0123456789.-@_+%") != "" {
			t.Fatalf("%q has the file %q", a, first)
		}
		if stem, _, _ := strings.Cut(first, "."); isDeviceName(stem) {
			t.Fatalf("%q has the file %q, a device", a, first)
		}
	})
}

// wantFile holds a file's content and mode; a folder's mode alone.
func wantFile(t *testing.T, path, want string, mode os.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Error(err)
		return
	}
	if info.Mode().Perm() != mode && runtime.GOOS != "windows" {
		t.Errorf("%s: got the mode %o, want %o", path, info.Mode().Perm(), mode)
	}
	if info.IsDir() {
		return
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s: got %q, %v, want %q", path, got, err, want)
	}
}
