//go:build unix

package runfile

import (
	"os"
	"path/filepath"
	"testing"
)

func TestUserFolderIsOwnAndNobodyElses(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	make := func(name string, mode os.FileMode) {
		if err := os.Mkdir(at(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(at(name), mode); err != nil {
			t.Fatal(err)
		}
	}
	make("own", 0o700)
	make("seen", 0o755)
	make("written", 0o777)
	make("others", 0o700)
	if err := os.Symlink(at("own"), at("link")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at("file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]bool{"own": true, "seen": true, "written": false, "link": false, "file": false, "new": true}
	if os.Getuid() == 0 {
		if err := os.Chown(at("others"), 65534, 65534); err != nil {
			t.Fatal(err)
		}
		tests["others"] = false
	}
	for name, want := range tests {
		if err := (userFolder{dir: at(name)}).usable(); (err == nil) != want {
			t.Errorf("%s: got %v, want usable: %v", name, err, want)
		}
	}
	if (userFolder{dir: at("missing"), given: true}).usable() == nil {
		t.Error("a folder that an administrator makes is made")
	}
	if info, err := os.Stat(at("new")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("got %v, %v, want a folder of mode 0700", info, err)
	}
}
