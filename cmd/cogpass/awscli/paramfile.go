package awscli

import (
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"

	"cogpass/cmd/cogpass/awscli/pyval"
)

// resolveFile returns what a value of the form file://PATH or fileb://PATH
// stands for: a text, or Bytes. Any other value stands for itself. In a text,
// every kind of line end becomes a newline.
func resolveFile(option, value string) (any, error) {
	if path, ok := strings.CutPrefix(value, "file://"); ok {
		data, err := readParameter(option, path)
		if err != nil {
			return nil, err
		}
		if !utf8.Valid(data) {
			return nil, usagef("parameter %s: %s is not UTF-8 text; a file of bytes is given as fileb://", option, path)
		}
		return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(data)), nil
	}
	if path, ok := strings.CutPrefix(value, "fileb://"); ok {
		data, err := readParameter(option, path)
		return pyval.Bytes(data), err
	}
	return pyval.FromArgument(value), nil
}

func readParameter(option, path string) ([]byte, error) {
	name := expandVariables(expandHome(path))
	if strings.ContainsRune(name, 0) {
		return nil, generalf("parameter %s: the file's name holds a zero byte", option)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		cause := err
		var pathError *os.PathError
		if errors.As(err, &pathError) {
			cause = pathError.Err
		}
		return nil, usagef("parameter %s: reading %s: %v", option, name, cause)
	}
	return data, nil
}

// expandHome replaces a leading ~ or ~user.
func expandHome(path string) string {
	if !strings.HasPrefix(path, "~") {
		return path
	}
	name, rest := path[1:], ""
	if i := strings.IndexByte(path, '/'); i >= 0 {
		name, rest = path[1:i], path[i:]
	}
	home := ""
	if name == "" {
		home = os.Getenv("HOME")
		if home == "" {
			if u, err := user.Current(); err == nil {
				home = u.HomeDir
			}
		}
	} else if u, err := user.Lookup(name); err == nil {
		home = u.HomeDir
	}
	if home == "" {
		return path
	}
	if full := strings.TrimRight(home, string(filepath.Separator)) + rest; full != "" {
		return full
	}
	return "/"
}

var variable = regexp.MustCompile(`\$(?:[A-Za-z0-9_]+|\{[^}]*\})`)

// expandVariables replaces $NAME and ${NAME} where there is such a variable.
func expandVariables(path string) string {
	return variable.ReplaceAllStringFunc(path, func(ref string) string {
		if value, ok := os.LookupEnv(strings.Trim(ref[1:], "{}")); ok {
			return value
		}
		return ref
	})
}
