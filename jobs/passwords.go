package jobs

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"sync"
)

// Passwords reads passwords where a plan says they stand. Its methods may be
// called from several goroutines.
type Passwords struct {
	dirs []string
	opt  Options

	mu      sync.Mutex
	sources []passwordSource // as those of the job; nil where no task needs it
	outside map[PasswordRef]Secret
}

// passwordSource reads the passwords of one source.
type passwordSource interface {
	get(t Task) (string, error)
	io.Closer
}

// OpenPasswords opens the sources that some task takes its password from, as
// Source.Passwords says, and checks that none has changed. Relative paths, of
// {file: PATH} too, are looked for in dirs, in order. Its error names the
// source; it is a Fault without a line.
func OpenPasswords(dirs []string, sources []Source, opt Options) (*Passwords, error) {
	p := &Passwords{dirs: dirs, opt: opt, sources: make([]passwordSource, len(sources)), outside: map[PasswordRef]Secret{}}
	for i, s := range sources {
		if s.Passwords == 0 {
			continue
		}
		opened, err := p.openSource(s)
		if err != nil {
			p.Close()
			return nil, err
		}
		p.sources[i] = opened
	}
	return p, nil
}

func (p *Passwords) openSource(s Source) (passwordSource, error) {
	from, err := p.open(s.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, sourceFault(s, "the source is missing", "passwords are read from it: put it where it was when the plan was made")
	} else if err != nil {
		return nil, sourceFault(s, "cannot read the source: "+reasonOf(err), "")
	}
	digest := sha256.New()
	size, err := io.Copy(digest, io.NewSectionReader(from, 0, 1<<62))
	if err == nil && (size != s.Size || !bytes.Equal(digest.Sum(nil), s.Digest)) {
		hint := "put back what it was, or make a new plan"
		if s.Path == "-" {
			hint = "pipe into standard input what it was then, or make a new plan"
		}
		err = sourceFault(s, "the source has changed since the plan was made", hint)
	} else if err != nil {
		err = sourceFault(s, "cannot read the source: "+reasonOf(err), "")
	}
	if err != nil {
		from.Close()
		return nil, err
	}
	switch s.Kind {
	case JobSource:
		return openLiterals(from, s)
	case JSONLSource:
		return &jsonlPasswords{from: from}, nil
	}
	return &csvPasswords{from: from, column: s.PasswordColumn}, nil
}

func sourceFault(s Source, message, hint string) error {
	return Fault{Place: Place{File: s.Path}, Message: message, Hint: hint}
}

// open finds a source in the folders.
func (p *Passwords) open(path string) (readerAt, error) {
	if path == "-" {
		return (&stdinText{}).open(p.opt.Stdin)
	}
	var found readerAt
	err := p.find(path, func(path string) (err error) {
		found, err = openFile(path)
		return err
	})
	return found, err
}

// find calls open with each place a path may be, until it is there.
func (p *Passwords) find(path string, open func(string) error) error {
	if filepath.IsAbs(path) {
		return open(path)
	}
	err := error(fs.ErrNotExist)
	for _, dir := range p.dirs {
		if err = open(filepath.Join(dir, path)); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return err
}

// Get returns the password of a task, or the zero Secret where it has none.
// It is fast where tasks come in the order of their plan.
func (p *Passwords) Get(t Task) (Secret, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch t.Password.Kind {
	case NoPassword:
		return Secret{}, nil
	case EnvPassword, FilePassword:
		return p.getOutside(t.Password)
	}
	if t.Source < 0 || t.Source >= len(p.sources) {
		return Secret{}, fmt.Errorf("%s: no source %d", Visible(t.Place.String()), t.Source)
	}
	source := p.sources[t.Source]
	if t.Password.Kind == LiteralPassword {
		source = p.sources[0] // also that of a row, where it comes from the job
	}
	if source == nil {
		return Secret{}, fmt.Errorf("%s: its source was opened without passwords", Visible(t.Place.String()))
	}
	text, err := source.get(t)
	if err != nil {
		return Secret{}, fmt.Errorf("%s: reading the password: %s", Visible(t.Place.String()), reasonOf(err))
	}
	s, err := checkedSecret(text)
	if err != nil {
		err = fmt.Errorf("%s: %w", Visible(t.Place.String()), err)
	}
	return s, err
}

func (p *Passwords) getOutside(ref PasswordRef) (Secret, error) {
	if s, known := p.outside[ref]; known {
		return s, nil
	}
	var text string
	var err error
	if ref.Kind == EnvPassword {
		if text, err = readEnv(p.opt, ref.Name); err != nil {
			err = Fault{Place: Place{File: ref.Name}, Message: "the environment has no such variable", Hint: "set it where cogpass runs"}
		}
	} else {
		err = p.find(ref.Name, func(path string) (err error) {
			text, err = readPasswordFile(path)
			return err
		})
		if err != nil {
			err = fmt.Errorf("cannot read the password in %s: %s", quote(ref.Name), reasonOf(err))
		}
	}
	if err != nil {
		return Secret{}, err
	}
	s, err := checkedSecret(text)
	switch {
	case ref.Mark != 0 && p.opt.Salt != nil && (err != nil || ref.Mark != mark(p.opt.Salt, s)):
		err = Fault{Place: Place{File: ref.Name}, Message: "the password has changed since the plan was made", Hint: "put back what it was, or make a new plan"}
	case err != nil:
		err = fmt.Errorf("%s: %w", Visible(ref.Name), err)
	}
	if err == nil {
		p.outside[ref] = s
	}
	return s, err
}

func checkedSecret(text string) (Secret, error) {
	if problem := checkPassword(text); problem.found() {
		return Secret{}, errors.New(problem.message)
	}
	return NewSecret(text), nil
}

// Close closes the sources.
func (p *Passwords) Close() error {
	var errs []error
	for _, s := range p.sources {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	return errors.Join(errs...)
}
