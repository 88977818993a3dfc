package jobs

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"sync"
)

// Passwords reads the passwords of a plan, from where the plan says they are. Its
// methods may be called from several goroutines.
type Passwords struct {
	dirs []string
	opt  Options

	mu      sync.Mutex
	sources []passwordSource // as those of the plan; nil where no task needs it
	outside map[PasswordRef]Secret
}

// passwordSource reads the passwords of one source.
type passwordSource interface {
	get(username string, at Place, ref PasswordRef) (Secret, error)
	io.Closer
}

// OpenPasswords opens the sources that hold passwords of tasks (those whose
// Passwords is not 0) and checks that none has changed. opt.Salt must be the
// Job.Salt of the plan. Relative paths, of password files too, are looked up in
// dirs, in order. The error is a Fault that names the source and has no line, or
// the cause of ctx.
func OpenPasswords(ctx context.Context, dirs []string, sources []Source, opt Options) (*Passwords, error) {
	p := &Passwords{dirs: dirs, opt: opt, sources: make([]passwordSource, len(sources)), outside: map[PasswordRef]Secret{}}
	for i := range sources {
		if sources[i].Passwords == 0 {
			continue
		}
		opened, err := p.openSource(ctx, &sources[i])
		if err != nil {
			p.Close()
			return nil, err
		}
		p.sources[i] = opened
	}
	return p, nil
}

func (p *Passwords) openSource(ctx context.Context, s *Source) (passwordSource, error) {
	from, err := p.open(ctx, s.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, sourceFault(s, "the source is missing", "passwords are read from it: put it where it was when the plan was made")
	} else if err != nil {
		return nil, unreadable(ctx, s, err)
	}
	opened, err := p.openSame(ctx, s, from)
	if err != nil {
		from.Close()
	}
	return opened, err
}

// openSame checks that a source has not changed, and makes it ready.
func (p *Passwords) openSame(ctx context.Context, s *Source, from readerAt) (passwordSource, error) {
	var text []byte
	var size int64
	var err error
	digest := hmac.New(sha256.New, p.opt.Salt)
	bytes := untilDone{ctx, io.NewSectionReader(from, 0, 1<<62)}
	if s.Kind == JobSource { // held in memory, so that what is read is what was checked
		text, err = io.ReadAll(io.LimitReader(bytes, maxJobFile+1))
		digest.Write(text)
		size = int64(len(text))
	} else {
		size, err = io.Copy(digest, bytes)
	}
	switch {
	case err != nil:
		return nil, unreadable(ctx, s, err)
	case size != s.Size || !hmac.Equal(digest.Sum(nil), s.Digest):
		hint := "put back what it was, or make a new plan"
		if s.Path == "-" {
			hint = "pipe into standard input what it was then, or make a new plan"
		}
		return nil, sourceFault(s, "the source has changed since the plan was made", hint)
	case s.Kind == JobSource:
		from.Close()
		return openLiterals(text, s)
	}
	return &rowPasswords{source: s, from: from}, nil
}

// untilDone is a Reader that fails once ctx is done.
type untilDone struct {
	ctx context.Context
	io.Reader
}

func (r untilDone) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.Reader.Read(p)
}

func unreadable(ctx context.Context, s *Source, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return sourceFault(s, "cannot read the source: "+reasonOf(err), hintOf(err))
}

func sourceFault(s *Source, message, hint string) error {
	return Fault{Place: Place{File: s.Path}, Message: message, Hint: hint}
}

// open opens a source in the first of dirs that has it.
func (p *Passwords) open(ctx context.Context, path string) (readerAt, error) {
	if path == "-" {
		return (&stdinText{}).open(ctx, p.opt.Stdin)
	}
	var found readerAt
	err := p.find(path, func(path string) (err error) {
		found, err = openFile(path)
		return err
	})
	return found, err
}

// find calls open for a path in each of dirs, until one has it.
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

// Get returns the password of a task, or the zero Secret if it has none or one that
// is yet to be made. If the
// task's row no longer names its user, or the password has changed since the
// plan was made, the error is a Fault. Get is fast if tasks are asked for in the
// order of their plan.
func (p *Passwords) Get(t Task) (Secret, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch t.Password.Kind {
	case NoPassword, GeneratedPassword:
		return Secret{}, nil
	case EnvPassword, FilePassword:
		return p.getOutside(t.Password)
	}
	index := t.Source
	if t.Password.Kind == LiteralPassword {
		index = 0 // a row's password may be a default of the job
	}
	if index < 0 || index >= len(p.sources) || p.sources[index] == nil {
		return Secret{}, fmt.Errorf("%s: its source was opened without passwords", Visible(t.Place.String()))
	}
	s, err := p.sources[index].get(t.Username, t.Place, t.Password)
	if err != nil {
		return Secret{}, err
	}
	if t.Password.Mark != 0 && t.Password.Mark != mark(p.opt.Salt, s) {
		return Secret{}, changed(t.Place)
	}
	if t.Password.Kind == RowPassword {
		return s, nil // it was checked as it was read
	}
	if problem := checkPassword(s.Reveal()); problem.found() {
		return Secret{}, fmt.Errorf("%s: %s", Visible(t.Place.String()), problem.message)
	}
	return s, nil
}

// Read returns a secret that is in the environment or in a file, such as that of
// an app client. It is looked for as passwords are.
func (p *Passwords) Read(ref PasswordRef) (Secret, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.getOutside(ref)
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
			err = Fault{Place: Place{File: ref.Name}, Message: "cannot read the password in it: " + reasonOf(err), Hint: hintOf(err)}
		}
	}
	if err != nil {
		return Secret{}, err
	}
	s := NewSecret(text)
	if problem := checkPassword(text); ref.Mark != 0 && ref.Mark != mark(p.opt.Salt, s) {
		return Secret{}, Fault{Place: Place{File: ref.Name}, Message: "the password has changed since the plan was made", Hint: "put back what it was, or make a new plan"}
	} else if problem.found() {
		return Secret{}, fmt.Errorf("%s: %s", Visible(ref.Name), problem.message)
	}
	p.outside[ref] = s
	return s, nil
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
