package jobs_test

import (
	"bytes"
	"encoding/csv"
	"flag"
	"html"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cogpass/jobs"
)

var soffice = flag.String("soffice", "", "LibreOffice's program, to import safe passwords with")

// safePasswords makes many of each form that is safe.
func safePasswords(t *testing.T) (all []string) {
	t.Helper()
	for _, r := range []jobs.Recipe{{}, {Length: 8}, {Length: 8, Symbols: jobs.NoSymbols}, {Words: 4}, {Words: 4, Symbols: jobs.NoSymbols},
		{Length: 12, Exclude: "ABCDEFGHJKLMNPQRSTUVWXYZabcdfghijkmnpqrstuvwxyz"}} { // which leaves e and digits
		policies := []jobs.Policy{jobs.DefaultPolicy, {MinLength: 8, Digit: true}}
		if r.Symbols == jobs.NoSymbols || r.Exclude != "" {
			policies = policies[1:]
		}
		for _, p := range policies {
			g := mustGenerator(t, r, p)
			for range 2000 {
				all = append(all, g.Password().Reveal())
			}
		}
	}
	return all
}

// TestSafeGoesThrough holds that the safe set, which is the default, needs no
// quotes and no escapes.
func TestSafeGoesThrough(t *testing.T) {
	all := safePasswords(t)
	for _, password := range all {
		if html.EscapeString(password) != password || url.QueryEscape(password) != password || url.PathEscape(password) != password {
			t.Fatalf("%q is escaped", password)
		}
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.Write(all); err != nil {
		t.Fatal(err)
	}
	w.Flush()
	if got := strings.TrimSuffix(b.String(), "\n"); got != strings.Join(all, ",") {
		t.Error("a CSV puts quotes around one")
	}
	for _, shell := range []string{"bash", "sh", "zsh"} {
		path, err := exec.LookPath(shell)
		if err != nil {
			t.Logf("there is no %s", shell)
			continue
		}
		script := filepath.Join(t.TempDir(), "script")
		write(t, script, "printf '%s\\n' "+strings.Join(all, " ")+"\n")
		cmd := exec.CommandContext(t.Context(), path, script)
		cmd.Dir = filepath.Dir(script)
		got, err := cmd.Output()
		if want := strings.Join(all, "\n") + "\n"; err != nil || string(got) != want {
			t.Errorf("%s changes one: %v", shell, err)
		}
	}
}

// TestSafeThroughLibreOffice imports a CSV as a person would who double-clicks it,
// and exports it again. Run it by hand: make test-spreadsheet
func TestSafeThroughLibreOffice(t *testing.T) {
	if *soffice == "" {
		t.Skip("no -soffice")
	}
	all := safePasswords(t)
	dir := t.TempDir()
	changed := []string{"23e45678", "2-Mar-27", "34567892345678923456", "=2+3"} // or else it shows nothing
	write(t, filepath.Join(dir, "in.csv"), strings.Join(changed, "\n")+"\n"+strings.Join(all, "\n")+"\n")
	cmd := exec.CommandContext(t.Context(), *soffice, "-env:UserInstallation=file://"+filepath.ToSlash(dir)+"/profile", "--headless",
		"--infilter=CSV:44,34,76,1,,1033,false,true", "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1,,1033,false,true", "--outdir", filepath.Join(dir, "out"), filepath.Join(dir, "in.csv"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	rows := readCSV(t, filepath.Join(dir, "out", "in.csv"))
	if len(rows) != len(changed)+len(all) {
		t.Fatalf("got %d rows", len(rows))
	}
	for i, want := range append(changed, all...) {
		if got := rows[i]; (got == want) == (i < len(changed)) {
			t.Errorf("%q has become %q", want, got)
		}
	}
}

func readCSV(t *testing.T, path string) (first []string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		first = append(first, r[0])
	}
	return first
}
