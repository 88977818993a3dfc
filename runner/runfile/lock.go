package runfile

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Lock is a lock that the operating system releases when its process ends,
// however it ends. A lock file without a process that holds it is no lock.
type Lock struct {
	file *os.File
	made bool // its file was not there before
}

// HeldError says who holds a lock.
type HeldError struct {
	PID     int       // 0 where it is not known
	Since   time.Time // zero where it is not known
	RunFile string    // what the holder carries out
	What    string    // "run file" or "user pool"
}

func (e *HeldError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("another run holds this %s", e.What)
	}
	return fmt.Sprintf("another run holds this %s: process %d, since %s, run file %s",
		e.What, e.PID, e.Since.Format(time.RFC3339), e.RunFile)
}

// LockPool takes the lock of a user pool for the run of runFile. The locks lie
// in the folder place, which is made where there is none; UserPlace says
// which that should be. endpoint is the URL that requests go to, or empty for
// AWS's own: on loopback its port counts too, for a stand-in's pool is another
// pool. It fails with a *HeldError if another process holds it.
func LockPool(place, poolID, endpoint, runFile string) (*Lock, error) {
	if err := os.MkdirAll(place, 0o700); err != nil {
		return nil, fmt.Errorf("locking the user pool: %w", err)
	}
	key := sha256.Sum256([]byte(poolID + loopbackPort(endpoint)))
	l, err := lockFile(filepath.Join(place, "pool-"+hex.EncodeToString(key[:8])+".lock"), "user pool", runFile)
	var held *HeldError
	if err != nil && !errors.As(err, &held) {
		err = fmt.Errorf("locking the user pool: %w", err)
	}
	return l, err
}

// loopbackPort returns the port of an endpoint on loopback, with a colon
// before it, and nothing for any other. All names of loopback are one: to lock
// too much does no harm.
func loopbackPort(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	host := strings.ToLower(u.Hostname())
	ip := net.ParseIP(host)
	if host != "localhost" && !strings.HasSuffix(host, ".localhost") && !(ip != nil && ip.IsLoopback()) {
		return ""
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return ":" + port
}

// lockRunFile takes the lock beside a run file. Before who holds it, there is
// a mark in it: how far the run is.
func lockRunFile(path string) (*Lock, error) { return lockFile(path+".lock", "run file", path) }

// Holder returns who carries the run file at path out, or nil if nobody does.
func Holder(path string) *HeldError {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil
	}
	f, err := os.Open(real + ".lock")
	if err != nil {
		return nil
	}
	defer f.Close()
	if err := tryShared(f); !errors.Is(err, errHeld) {
		return nil
	}
	return readHolder(f, "run file")
}

var errHeld = errors.New("held")

// lockFile takes the lock that is the file at path. It asks more than once,
// because Holder holds a lock too, for the moment in which it looks.
func lockFile(path, what, runFile string) (*Lock, error) {
	for try := 0; ; try++ {
		f, made, err := openOrMake(path)
		if errors.Is(err, os.ErrNotExist) && try < 20 { // others have made and removed it meanwhile
			continue
		}
		if err != nil {
			return nil, err
		}
		err = tryExclusive(f)
		if err == nil && isStill(f, path) {
			l := &Lock{f, made}
			if err := writeHolder(f, runFile); err != nil {
				return nil, join(err, l.Unlock())
			}
			return l, nil
		}
		var held error
		if errors.Is(err, errHeld) {
			held = readHolder(f, what)
		}
		f.Close()
		switch {
		case err != nil && held == nil:
			return nil, err
		case try == 20 && held != nil:
			return nil, held
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func openOrMake(path string) (f *os.File, made bool, err error) {
	if f, err = os.OpenFile(path, os.O_RDWR, 0); errors.Is(err, os.ErrNotExist) {
		f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		made = err == nil
	}
	if errors.Is(err, os.ErrExist) { // another process was faster
		f, err = os.OpenFile(path, os.O_RDWR, 0)
	}
	return f, made, err
}

// isStill reports whether path names f: the one who held the lock before
// removes its file.
func isStill(f *os.File, path string) bool {
	ours, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(path)
	return err == nil && os.SameFile(ours, named)
}

// Unlock releases the lock and removes its file.
func (l *Lock) Unlock() error { return release(l.file) }

// leave releases the lock and leaves its file there, with the mark in it.
func (l *Lock) leave() error { return l.file.Close() }

type holder struct {
	PID     int       `json:"pid"`
	Since   time.Time `json:"since"`
	RunFile string    `json:"run_file"`
}

// writeHolder says who holds the lock, behind the mark, which it leaves.
func writeHolder(f *os.File, runFile string) error {
	b, err := json.Marshal(holder{os.Getpid(), time.Now().UTC().Truncate(time.Second), runFile})
	if err != nil {
		return err
	}
	if readMark(f) == (mark{}) {
		if _, err := f.WriteAt(mark{}.line(), 0); err != nil {
			return err
		}
	}
	if err := f.Truncate(markSize); err != nil {
		return err
	}
	_, err = f.WriteAt(append(b, '\n'), markSize)
	return err
}

func readHolder(f *os.File, what string) *HeldError {
	var h holder
	if b, err := io.ReadAll(io.NewSectionReader(f, markSize, 1<<16)); err == nil {
		_ = json.Unmarshal(b, &h) // it may not be written yet: then nothing is known but that it is held
	}
	return &HeldError{PID: h.PID, Since: h.Since, RunFile: h.RunFile, What: what}
}
