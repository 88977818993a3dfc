package awscli

import (
	"context"
	"errors"
	"io"
	"os"
	"os/user"
	"regexp"
	"strings"
	"unicode/utf8"

	"cogpass/jobs"
)

// resolveFile returns what a value of the form file://PATH or fileb://PATH
// stands for: a string, or a []byte. Any other value stands for itself. In a
// text, every kind of line end becomes a newline.
func resolveFile(ctx context.Context, option string, value jobs.Secret) (any, error) {
	path, isFile := strings.CutPrefix(value.Reveal(), "file://")
	if !isFile {
		if path, isFile = strings.CutPrefix(value.Reveal(), "fileb://"); isFile {
			return readParameter(ctx, option, path)
		}
		return value.Reveal(), nil
	}
	data, err := readParameter(ctx, option, path)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(data) {
		return nil, usagef("parameter %s: %s is not UTF-8 text; a file of bytes is given as fileb://", option, shownPath(option, path))
	}
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(data)), nil
}

func readParameter(ctx context.Context, option, path string) ([]byte, error) {
	name := expandVariables(expandHome(path))
	if strings.ContainsRune(name, 0) {
		return nil, generalf("parameter %s: the file's name holds a zero byte", option)
	}
	data, err := readAll(ctx, func() (io.ReadCloser, error) { return os.Open(name) })
	var pathError *os.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err
	}
	if err != nil {
		return nil, usagef("parameter %s: reading %s: %v", option, shownPath(option, path), err)
	}
	return data, nil
}

var ordinaryPath = regexp.MustCompile(`^(?:/|~)[\w.-]*(?:/[\w.-]+)+$`)

// shownPath shows a file's path. That of --password may be a password that
// begins with "file://", unless it looks like nothing but a path.
func shownPath(option, path string) string {
	if option == passwordName && !ordinaryPath.MatchString(path) {
		return "the file that it names"
	}
	return expandHome(path)
}

const mostBytes = 16 << 20 // of a value: far more than the service takes

// readAll reads a file to its end, unless ctx is done first: a pipe may have
// none.
func readAll(ctx context.Context, open func() (io.ReadCloser, error)) (data []byte, err error) {
	done := make(chan struct{})
	var read []byte
	var fault error
	go func() {
		defer close(done)
		file, openErr := open()
		if openErr != nil {
			fault = openErr
			return
		}
		defer file.Close()
		if read, fault = io.ReadAll(io.LimitReader(file, mostBytes+1)); fault == nil && len(read) > mostBytes {
			fault = errors.New("it is too large: more than 16 MiB")
		}
	}()
	select {
	case <-done:
		return read, fault
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// expandHome replaces a leading ~ or ~user.
func expandHome(path string) string {
	name, rest, inside := strings.Cut(path, "/")
	name, is := strings.CutPrefix(name, "~")
	home := os.Getenv("HOME")
	if name != "" || home == "" {
		account, err := user.Current()
		if name != "" {
			account, err = user.Lookup(name)
		}
		if home = ""; err == nil {
			home = account.HomeDir
		}
	}
	if !is || home == "" {
		return path
	}
	if home = strings.TrimRight(home, "/"); inside {
		home += "/"
	}
	return home + rest
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
