package jobs

import (
	"bytes"
	"errors"
	"io"
	"strings"
)

// maxPasswordFile bounds a password file: four bytes for each character, and a
// line end.
const maxPasswordFile = 4*maxPassword + 2

// checkedRef is the result of reading a password from a file or the environment, or
// a recipe: what is wrong with it, and its ref with a mark.
type checkedRef struct {
	problem
	ref PasswordRef
}

// check looks at what a ref names, apart from lists.
func (r *reading) check(ref PasswordRef) checkedRef {
	if ref.Kind == GeneratedPassword {
		return r.checkRecipe(ref)
	}
	return r.checkOutside(ref)
}

// checkOutside reads and checks a password in the environment or a file.
func (r *reading) checkOutside(ref PasswordRef) checkedRef {
	var text, what string
	var err error
	if ref.Kind == EnvPassword {
		if text, err = readEnv(r.job.opt, ref.Name); err != nil {
			return checkedRef{problem{err.Error(), "set it where cogpass runs"}, ref}
		}
		what = "the variable that env names"
	} else {
		if text, err = readPasswordFile(r.job.resolve(ref.Name)); err != nil {
			return checkedRef{problem{"cannot read the file that holds the password: " + reasonOf(err), hintOf(err)}, ref}
		}
		what = "the file that holds it"
	}
	p := about(what, checkPassword(text))
	ref.Mark = mark(r.job.Salt, NewSecret(text))
	return checkedRef{p, ref}
}

// mark returns the Mark of a password, which is never 0: 1 plus 16 bits of its
// SipHash under the salt. It misses a change once in 65,536 times, and is too
// short to confirm a guess.
func mark(salt []byte, s Secret) uint32 {
	var key [16]byte
	copy(key[:], salt)
	return 1 + uint32(uint16(sipHash(key, s.Reveal())))
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
	return "", errors.New("the environment has no such variable")
}

// readPasswordFile returns the text of a file without its last line end.
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
	text = bytes.TrimPrefix(text, byteOrderMark) // an editor's, not part of the password
	return strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"), nil
}
