package jobs

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxPasswordFile bounds a file that holds one password: four bytes a
// character, and its line end.
const maxPasswordFile = 4*maxPassword + 2

// checkOutside looks at a password in the environment or a file.
func (r *reading) checkOutside(ref PasswordRef) problem {
	if ref.Kind == EnvPassword {
		text, err := readEnv(r.job.opt, ref.Name)
		if err != nil {
			return problem{err.Error(), "set it where cogpass runs"}
		}
		return about("variable "+quote(ref.Name), checkPassword(text))
	}
	text, err := readPasswordFile(r.job.resolve(ref.Name))
	if err != nil {
		return problem{message: fmt.Sprintf("cannot read the password in %s: %s", quote(ref.Name), reasonOf(err))}
	}
	return about("file "+quote(ref.Name), checkPassword(text))
}

func about(what string, p problem) problem {
	if p.found() {
		p.message = what + ": " + p.message
	}
	return p
}

func readEnv(opt Options, name string) (string, error) {
	if opt.LookupEnv != nil {
		if text, ok := opt.LookupEnv(name); ok {
			return text, nil
		}
	}
	return "", fmt.Errorf("the environment has no variable %s", quote(name))
}

// readPasswordFile returns the text of a file, less one line end.
func readPasswordFile(path string) (string, error) {
	f, err := openFile(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxPasswordFile+1))
	if err != nil {
		return "", err
	}
	if len(text) > maxPasswordFile {
		return "", errors.New("too long for a password")
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"), nil
}
