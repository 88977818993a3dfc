package examples

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/handover"
)

const handoffPool = "us-west-2_aaaaaaaaa"

// handoffScripts are the examples of hand-offs through a program, and where each
// is to put things for these arguments.
var handoffScripts = []struct {
	script, program string
	args            []string
	base            string
}{
	{"handoff-vault.sh", "vault", []string{"kv", "people"}, "kv:people/" + handoffPool + "/"},
	{"handoff-ssm.sh", "aws", []string{"/people"}, "/people/" + handoffPool + "/"},
}

// handoffSite is a script with a store of its own.
type handoffSite struct {
	t       *testing.T
	folder  string
	base    string
	command handover.Command
}

func newHandoffSite(t *testing.T, n int) *handoffSite {
	t.Helper()
	if _, err := exec.LookPath("jq"); err != nil || runtime.GOOS == "windows" {
		t.Skip("jq is not installed, or there is no sh")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := &handoffSite{t: t, folder: t.TempDir(), base: handoffScripts[n].base}
	if err := os.Symlink(self, filepath.Join(s.folder, handoffScripts[n].program)); err != nil {
		t.Skip("no symbolic links here")
	}
	args := []string{"env", "PATH=" + s.folder + ":" + os.Getenv("PATH"), "STORE=" + s.folder, "sh", handoffScripts[n].script}
	s.command = handover.Command{Args: append(args, handoffScripts[n].args...), PoolID: handoffPool, Run: "nightly", Timeout: 10 * time.Minute}
	return s
}

// do carries out a phase for a user.
func (s *handoffSite) do(phase, username, version string) error {
	h := runner.Handover{Seq: 1, Username: username, Version: version}
	var err error
	switch phase {
	case "prepare":
		h.Password = jobs.NewSecret(handoffPassword(version))
		_, err = s.command.Prepare(s.t.Context(), h)
	case "confirm":
		_, err = s.command.Confirm(s.t.Context(), h)
	default:
		_, err = s.command.Abandon(s.t.Context(), h)
	}
	return err
}

// handoffPassword is one that a shell, JSON or printf might change.
func handoffPassword(version string) string { return `-n $(id)"\'%s\n ü` + version }

// store returns what is stored, path to password, after holding the rest of it.
func (s *handoffSite) store() map[string]string {
	s.t.Helper()
	store, err := readStore(s.folder)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, call := range store.Calls {
		for _, version := range []string{"v1", "v2"} {
			for _, form := range jobs.NewSecret(handoffPassword(version)).Forms() {
				if strings.Contains(strings.Join(call, " "), form) {
					s.t.Errorf("the password is an argument: %q", call)
				}
			}
		}
	}
	passwords := map[string]string{}
	for path, value := range store.Values {
		rest, ok := strings.CutPrefix(path, s.base)
		if !ok || value["userPoolId"] != handoffPool || len(value) != 5 {
			s.t.Errorf("got %v at %s", value, path)
		}
		passwords[rest], _ = value["password"].(string)
	}
	return passwords
}

// handoffModel is what a store is to hold of one user.
type handoffModel struct {
	pending map[string]int // version, and when it was prepared
	current string
	since   int // when current was prepared
	clock   int
}

// do carries out a phase, and reports whether it can be.
func (m *handoffModel) do(phase, version string) bool {
	m.clock++
	prepared, ok := m.pending[version]
	switch {
	case phase == "prepare":
		m.pending[version] = m.clock
	case phase == "abandon":
		delete(m.pending, version)
	case !ok:
		return m.current == version
	default:
		delete(m.pending, version)
		if prepared > m.since { // else a later run has come to its end before
			m.current, m.since = version, prepared
		}
	}
	return true
}

func (m *handoffModel) want(user string) map[string]string {
	want := map[string]string{}
	if m.current != "" {
		want[user+"/current"] = handoffPassword(m.current)
	}
	for version := range m.pending {
		want[user+"/pending/"+version] = handoffPassword(version)
	}
	return want
}

// In whatever order the phases come and are repeated, with one password or two
// in doubt, the store has what it should.
func TestHandoffScripts(t *testing.T) {
	sequences := []string{"p1 p1 c1 c1", "p1 a1 a1 c1", "a1 c1 p1 c1 a1", "p1 p2 a1 c2 p1", "p1 c1 p2 c2 c1", "p1 p2 c2 c1 c2"}
	phases := map[byte]string{'p': "prepare", 'c': "confirm", 'a': "abandon"}
	for n, script := range handoffScripts {
		for _, sequence := range sequences {
			t.Run(script.script+"/"+sequence, func(t *testing.T) {
				t.Parallel()
				s, m := newHandoffSite(t, n), &handoffModel{pending: map[string]int{}}
				for _, step := range strings.Fields(sequence) {
					phase, version := phases[step[0]], "v"+step[1:]
					err := s.do(phase, "ana", version)
					if can := m.do(phase, version); (err == nil) != can {
						t.Fatalf("%s %s: got %v, want it done: %t", phase, version, err, can)
					}
					if got, want := s.store(), m.want("ana"); !maps.Equal(got, want) {
						t.Fatalf("after %s %s: got %q, want %q", phase, version, got, want)
					}
				}
			})
		}
	}
}

// No user's name leads to another's secret.
func TestHandoffScriptsKeepUsersApart(t *testing.T) {
	names := []string{"../admin", "..", "admin", "Admin", "a/b", "a_2Fb", "a%2Fb", "é", "e\u0301", `-mount=$(id) a'b"c\d`}
	for n, script := range handoffScripts {
		t.Run(script.script, func(t *testing.T) {
			t.Parallel()
			s := newHandoffSite(t, n)
			for _, name := range names {
				if err := s.do("prepare", name, "v1"); err != nil {
					t.Errorf("%q: %v", name, err)
				}
			}
			paths := slices.Sorted(maps.Keys(s.store()))
			if len(paths) != len(names) {
				t.Errorf("got %d paths for %d users: %q", len(paths), len(names), paths)
			}
			for _, path := range paths {
				user, _, _ := strings.Cut(path, "/")
				if path != user+"/pending/v1" || strings.Trim(user, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" {
					t.Errorf("got path %q", path)
				}
			}
		})
	}
}

// A store that cannot be reached fails the phase with what it said, and without
// the password.
func TestHandoffScriptsFail(t *testing.T) {
	for n, script := range handoffScripts {
		t.Run(script.script, func(t *testing.T) {
			t.Parallel()
			s := newHandoffSite(t, n)
			text, _ := json.Marshal("not a store")
			if err := os.WriteFile(filepath.Join(s.folder, "store.json"), text, 0o600); err != nil {
				t.Fatal(err)
			}
			for _, phase := range []string{"prepare", "confirm", "abandon"} {
				err := s.do(phase, "ana", "v1")
				if err == nil || !strings.Contains(err.Error(), "cannot unmarshal") || strings.Contains(err.Error(), "$(id)") {
					t.Errorf("%s: got %v, want what the store said", phase, err)
				}
			}
		})
	}
}
