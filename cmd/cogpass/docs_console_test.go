package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"cogpass/report"
	"cogpass/runner/sandbox"
)

// A docsWorld is the pool that the commands of a page find.
type docsWorld struct {
	users int    // invented ones
	mail  string // what the pool sends with
}

// docsWorlds are those of pages that need another than the usual.
var docsWorlds = map[string]docsWorld{}

// docsHome is the folder in which the pages' commands are typed.
const docsHome = "/home/ops"

// TestDocsConsole types the commands of each page's console blocks, in their
// order, in a folder of their own that has the examples and the files that
// blocks name, at a stand-in whose pool is called customers; and compares what
// is printed. A line … stands for any lines; times, IDs and places differ.
func TestDocsConsole(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the commands are for a POSIX shell, and a terminal of Linux")
	}
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range readPages(t) {
		t.Run(strings.TrimSuffix(filepath.Base(p.path), ".md"), func(t *testing.T) {
			t.Parallel()
			s := newSession(t, p, path)
			for _, b := range p.blocks {
				if b.file != "" {
					s.write(b)
				}
				if b.lang == "console" {
					s.console(b)
				}
			}
			s.update()
			s.reports()
		})
	}
}

// A session is a page's folder and shell.
type session struct {
	t    *testing.T
	page *page
	dir  string
	env  []string
	last int               // exit code
	anew map[string]string // blocks that print something else now, where -update says so
}

func newSession(t *testing.T, p *page, program string) *session {
	world := docsWorlds[p.path]
	if world.users == 0 {
		world.users = 40
	}
	if world.mail == "" {
		world.mail = "DEVELOPER"
	}
	server := sandbox.New(sandbox.Config{Quotas: sandbox.Cognito(), DailyEmails: 50})
	server.AddPool(sandbox.Pool{
		ID: scriptPool, Name: "customers", Policy: sandbox.DefaultPolicy(), EmailSendingAccount: world.mail, AliasAttributes: []string{"email"},
	})
	server.Invent(scriptPool, world.users)
	for _, name := range []string{"oncall", "incident-lead", "svc-billing", "svc-reports", "svc-sync"} {
		server.AddUser(scriptPool, sandbox.User{
			Username: name, Status: "CONFIRMED", Enabled: true,
			Attributes: map[string]string{"email": name + "@example.com", "email_verified": "true"},
		})
	}
	listener := httptest.NewServer(server)
	t.Cleanup(func() { server.Close(); listener.Close() })
	s := &session{t: t, page: p, dir: t.TempDir(), anew: map[string]string{}}
	if err := os.CopyFS(filepath.Join(s.dir, "examples"), os.DirFS(filepath.Join(repository, "examples"))); err != nil {
		t.Fatal(err)
	}
	s.file("key.txt", sealedRunKey+"\n")
	s.env = []string{
		"HOME=" + s.dir, "LANG=C.UTF-8", "TERM=dumb", "GORACE=" + noExitWait, "AWS_EC2_METADATA_DISABLED=true",
		"PATH=" + filepath.Dir(program) + string(filepath.ListSeparator) + os.Getenv("PATH"),
		"AWS_ENDPOINT_URL=" + listener.URL, "AWS_ACCESS_KEY_ID=AKIDDOCS", "AWS_SECRET_ACCESS_KEY=docs-key",
	}
	return s
}

func (s *session) file(name, text string) {
	path := filepath.Join(s.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// recipient is a public key of age, as pages show one.
var recipient = regexp.MustCompile(`age1([0-9a-z]{58}|…)`)

// write makes a block the file that it names.
func (s *session) write(b block) {
	s.file(b.file, recipient.ReplaceAllString(strings.Join(b.text, "\n")+"\n", sealedRunReader))
}

// console types the commands of a block and compares what they print.
func (s *session) console(b block) {
	s.t.Helper()
	var anew []string
	for i := 0; i < len(b.text); i++ {
		line, is := strings.CutPrefix(b.text[i], "$ ")
		place := fmt.Sprintf("%s:%d", s.page.path, b.line+1+i)
		if !is {
			s.t.Fatalf("%s: want a command, which begins with $", place)
		}
		for strings.HasSuffix(line, `\`) { // goes on in the next line
			i++
			line += "\n" + b.text[i]
		}
		var want []string
		anew = append(anew, "$ "+line)
		for i+1 < len(b.text) && !strings.HasPrefix(b.text[i+1], "$ ") {
			i++
			want = append(want, b.text[i])
		}
		got := s.run(recipient.ReplaceAllString(line, sealedRunReader), want)
		switch same := matches(s.normal(want), s.normal(strings.Split(got, "\n"))); {
		case same:
			anew = append(anew, want...)
		case *update:
			anew = append(anew, s.asShown(got)...)
		default:
			s.t.Errorf("%s: %s\nprinted:\n%s", place, line, strings.ReplaceAll(got, s.dir, docsHome))
		}
		if told := strings.Contains(strings.Join(want, "\n"), "cogpass: "); (s.last == exitUsage || s.last == exitFatal) && !told {
			s.t.Errorf("%s: %s: exits with %d\n%s", place, line, s.last, got)
		}
	}
	s.anew[strings.Join(b.text, "\n")] = strings.Join(anew, "\n")
}

// asShown writes what was printed as a page shows it: at one time and place.
func (s *session) asShown(printed string) (lines []string) {
	for line := range strings.Lines(strings.ReplaceAll(printed, s.dir, docsHome)) {
		if !strings.HasPrefix(line, "time=") {
			for _, d := range differs {
				if d.shown != "" {
					line = d.what.ReplaceAllString(line, d.shown)
				}
			}
			lines = append(lines, strings.TrimRight(line, " \n"))
		}
	}
	return lines
}

// reports holds the reports in JSON that the commands have written to their schema.
func (s *session) reports() {
	schema := compileSchema(s.t, report.Schema())
	err := fs.WalkDir(os.DirFS(s.dir), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".json" {
			return err
		}
		text, err := os.ReadFile(filepath.Join(s.dir, path))
		if err != nil || !bytes.HasPrefix(text, []byte("{\n\"run\"")) {
			return err
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err == nil {
			err = schema.Validate(v)
		}
		return err
	})
	if err != nil {
		s.t.Error(err)
	}
}

// update writes the page anew where that was asked for.
func (s *session) update() {
	if !*update {
		return
	}
	path := filepath.Join(repository, filepath.FromSlash(s.page.path))
	text := readAll(s.t, s.page.path)
	for before, after := range s.anew {
		text = strings.Replace(text, before, after, 1)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// run types a command at a shell whose standard input is a terminal, and returns
// what it prints. Where it asks for something, the answer is what the page shows
// after the question.
func (s *session) run(line string, want []string) string {
	s.t.Helper()
	master, terminal, err := openPseudoTerminal()
	if err != nil {
		s.t.Skipf("no terminal: %v", err)
	}
	defer master.Close()
	cmd := exec.Command("sh", "-c", fmt.Sprintf("(exit %d)\n%s", s.last, line))
	screen := &docsScreen{keyboard: master, want: want}
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = s.dir, s.env, terminal, screen, screen
	err = cmd.Run()
	terminal.Close()
	s.last = cmd.ProcessState.ExitCode()
	if s.last < 0 {
		s.t.Fatalf("%s: %v", line, err)
	}
	return strings.TrimSuffix(screen.text.String(), "\n")
}

// A docsScreen keeps what a command prints, and answers what it asks.
type docsScreen struct {
	mu       sync.Mutex
	text     bytes.Buffer
	keyboard *os.File
	want     []string // as the page shows it, with answers
}

func (d *docsScreen) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.text.Write(p)
	question := d.text.String()
	question = question[strings.LastIndexByte(question, '\n')+1:]
	if !strings.HasSuffix(question, ": ") && !strings.HasSuffix(question, "] ") && !strings.HasSuffix(question, "? ") {
		return len(p), nil
	}
	for i, line := range d.want {
		if answer, is := strings.CutPrefix(line, question); is {
			d.want = d.want[i+1:]
			d.text.WriteString(answer + "\n")
			if _, err := d.keyboard.WriteString(answer + "\n"); err != nil {
				return 0, err
			}
			return len(p), nil
		}
	}
	_, err := d.keyboard.Write([]byte{4}) // the end of the input
	return len(p), err
}

// differs are what differs from one time to the next.
var differs = []struct {
	what  *regexp.Regexp
	as    string // in a comparison
	shown string // in a page that is written anew; empty: as it is
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:.]+Z`), "TIME", "2026-01-14T09:03:12Z"},
	{regexp.MustCompile(`\d{8}T\d{6}Z(-\d+)?`), "TIME", "20260114T090312Z"}, // -2: of one second
	{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?`), "TIME", "2026-01-14 09:03:12"},
	{regexp.MustCompile(`(sha256:[0-9a-f]{8})[0-9a-f]*…?`), "DIGEST", "$1…"},
	{regexp.MustCompile(scriptPool + `:\d+`), scriptPool, scriptPool},
	{recipient, "RECIPIENT", "age1…"},
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`), "UUID", ""},
	{regexp.MustCompile(`http://127\.0\.0\.1:\d+`), "URL", "http://127.0.0.1:9230"},
	{regexp.MustCompile(`\d+(\.\d+)?/s of |, \d+(\.\d+)?/s actual`), "", ""}, // where it took long enough to tell
	{regexp.MustCompile(`\d+\.\d+/s`), "RATE", ""},
	{regexp.MustCompile(`\b\d+(\.\d+)?(µs|ms|s|m|h)(\d+(\.\d+)?(ms|s|m))*\b`), "DURATION", ""},
	{regexp.MustCompile(`  +`), " ", ""},
	{regexp.MustCompile(` +$`), "", ""},
}

// normal returns lines as they are compared: without the log of progress, and
// without what differs each time.
func (s *session) normal(lines []string) []string {
	var kept []string
	for _, line := range lines {
		if strings.HasPrefix(line, "time=") {
			continue
		}
		line = strings.ReplaceAll(line, s.dir, docsHome)
		for _, d := range differs {
			line = d.what.ReplaceAllString(line, d.as)
		}
		kept = append(kept, line)
	}
	return kept
}

// matches reports whether lines are as the page shows them.
func matches(want, got []string) bool {
	if len(want) == 0 {
		return len(got) == 0 || len(got) == 1 && got[0] == ""
	}
	if want[0] == "…" {
		return matches(want[1:], got) || len(got) > 0 && matches(want, got[1:])
	}
	return len(got) > 0 && want[0] == got[0] && matches(want[1:], got[1:])
}
