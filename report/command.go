package report

import (
	"path/filepath"
	"strings"
)

// Command is a command line of cogpass with these arguments, ready for a POSIX
// shell and safe to print.
func Command(args ...string) string {
	line := "cogpass"
	for _, a := range args {
		if strings.ContainsFunc(a, func(r rune) bool { return !plain(r) }) || a == "" {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		line += " " + a
	}
	return Visible(line)
}

// PathArgument is a path that is not taken for a flag.
func PathArgument(path string) string {
	if strings.HasPrefix(path, "-") && path != "-" {
		return "." + string(filepath.Separator) + path
	}
	return path
}

func plain(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@%+,", r)
}
