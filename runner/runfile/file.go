package runfile

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"sync"
	"unicode/utf8"
)

// File is an open run file. Its methods may be called from several
// goroutines, and while its sequences are being read. Those that write fail
// with ErrReadOnly where it was opened with OpenReadOnly.
type File struct {
	path string
	real string // without symbolic links
	db   *sql.DB
	lock *Lock   // nil where it is read-only
	w    *writer // nil where it is read-only
	seal Seal    // of generated passwords; nil: another store has them

	mu     sync.Mutex // guards what follows
	looks  *looks
	frozen *reader

	warnings   []string
	companions []string // once it is closed

	closing sync.Once
	closed  error
}

// Is reports whether the file at path is a run file, or was one before it was
// damaged: by how it begins, or by its name where it is empty or no text.
func Is(path string) bool {
	head, err := headerOf(path, 72)
	if err == errInUse {
		return true
	}
	id := []byte{applicationID >> 24, applicationID >> 16 & 0xff, applicationID >> 8 & 0xff, applicationID & 0xff}
	if len(head) == 72 && bytes.HasPrefix(head, []byte("SQLite format 3\x00")) && bytes.Equal(head[68:], id) {
		return true
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && filepath.Ext(path) == ".run" &&
		(len(head) == 0 || bytes.IndexByte(head, 0) >= 0 || !utf8.Valid(head))
}

// mustBeFile says what of a file can be told without reading it.
func mustBeFile(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return ErrNotRunFile
	case info.Size() == 0:
		return damaged("it is empty")
	}
	return nil
}

// Warnings are what a person should be told of the file, each in one line.
func (f *File) Warnings() []string { return f.warnings }

// Companions are, once Close has returned, the files that hold the run: the
// run file itself, and what has to be copied with it where a reader was in the
// way of a clean end.
func (f *File) Companions() []string { return f.companions }

// Close makes all that was recorded durable, closes the file and releases
// its lock. A file that was closed is complete in itself, without a -wal
// beside it, unless another process was reading it at that moment, or
// something could not be recorded: see Companions. Closing it again does
// nothing.
func (f *File) Close() error {
	f.closing.Do(func() { f.closed = wrap(f.path, "closing it", f.close()) })
	return f.closed
}

func (f *File) close() error {
	f.mu.Lock() // to the end, or another goroutine would open anew what is closed here
	defer f.mu.Unlock()
	var err error
	if f.looks != nil {
		err = f.looks.close()
		f.looks = nil
	}
	if f.frozen != nil {
		f.frozen.pinned = false
		err = join(err, f.frozen.end(), f.frozen.close())
		f.frozen = nil
	}
	whole := f.lock != nil && f.lock.made // and nothing was written
	if f.w != nil {
		var failed error
		whole, failed = f.w.close()
		err = join(err, failed)
	}
	if f.db != nil {
		err = join(err, f.db.Close())
		use(f.real, -1)
	}
	if f.lock == nil {
		return err
	}
	f.companions = []string{f.path}
	if whole {
		return join(err, f.lock.Unlock())
	}
	for _, ext := range []string{"-wal", ".lock"} {
		if _, missing := os.Lstat(f.real + ext); missing == nil {
			f.companions = append(f.companions, f.real+ext)
		}
	}
	return join(err, f.lock.leave())
}
