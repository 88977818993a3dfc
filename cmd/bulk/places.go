package bulk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// StateDir returns the folder of run files and locks: the platform's own place
// for what a program keeps and a user does not edit; empty where no home folder
// is known.
func StateDir(lookupEnv func(string) (string, bool)) string {
	env := asked(lookupEnv)
	if dir := env("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "cogpass")
	}
	var dir string
	switch runtime.GOOS {
	case "windows":
		dir = env("LocalAppData")
	case "darwin":
		if home := env("HOME"); home != "" {
			dir = filepath.Join(home, "Library", "Application Support")
		}
	default:
		if home := env("HOME"); home != "" {
			dir = filepath.Join(home, ".local", "state")
		}
	}
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, "cogpass")
}

// ProtectFile is the list of users that no job acts on: the one that
// COGPASS_PROTECT names, whether it is there or not, or else the one in the
// folder of settings, where there is one.
func ProtectFile(lookupEnv func(string) (string, bool)) string {
	env := asked(lookupEnv)
	if named := env("COGPASS_PROTECT"); named != "" {
		return named
	}
	dir := env("XDG_CONFIG_HOME")
	switch {
	case filepath.IsAbs(dir):
	case runtime.GOOS == "windows":
		dir = env("AppData")
	case env("HOME") == "":
		return ""
	case runtime.GOOS == "darwin":
		dir = filepath.Join(env("HOME"), "Library", "Application Support")
	default:
		dir = filepath.Join(env("HOME"), ".config")
	}
	path := filepath.Join(dir, "cogpass", "protect.yaml")
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) || dir == "" {
		return ""
	}
	return path // and what is wrong with it is said when it is read
}

func asked(lookupEnv func(string) (string, bool)) func(string) string {
	return func(name string) string {
		value, _ := lookupEnv(name)
		return value
	}
}
