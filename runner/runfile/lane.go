package runfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

// Lane is a runner.Quota of the runs of this user on this machine: a file, which
// each of them locks for the moment of a change. Nothing is lost with it: a file
// that is gone or spoiled is begun anew. It is safe for concurrent use.
type Lane struct {
	path, runFile, name string

	mu   sync.Mutex
	file *os.File // nil: to be opened
}

// Account names what a lane is about, beside its category.
type Account struct {
	ID       string // the AWS account's number
	Region   string
	Endpoint string // as LockPool has it: a stand-in's account is another account
}

// OpenLane returns the lane of a category for the run of runFile, whose name others
// are told. place is that of UserPlace.
func OpenLane(place string, a Account, c jobs.Category, runFile, name string) *Lane {
	key := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q", a.ID, a.Region, c, loopbackPort(a.Endpoint)))
	return &Lane{path: filepath.Join(place, "lane-"+hex.EncodeToString(key[:8])+".json"), runFile: runFile, name: name}
}

const (
	unseen   = 3 * time.Second       // after which it is asked whether a sharer is alive
	laneWait = 20 * time.Millisecond // for the lock, which others hold for a moment only
	laneSize = 1 << 18               // that a file has at most
)

// Change implements runner.Quota.
func (l *Lane) Change(now time.Time, do func(*runner.Common, *runner.Sharer)) error {
	return l.change(now, func(c *runner.Common) bool {
		me := c.Sharer(l.runFile)
		me.Name, me.PID, me.Seen = l.name, os.Getpid(), now
		do(c, me)
		return true
	})
}

// Close leaves the lane. Whoever is the last to leave removes the file.
func (l *Lane) Close() error {
	l.mu.Lock()
	never := l.file == nil
	l.mu.Unlock()
	if never {
		return nil
	}
	err := l.change(time.Now(), func(c *runner.Common) bool {
		c.Remove(l.runFile)
		return len(c.Sharers) > 0
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	return join(err, l.forget())
}

func (l *Lane) forget() (err error) {
	if l.file != nil {
		err = l.file.Close()
	}
	l.file = nil
	return err
}

// change reads the file and writes it again, with nobody between. do says whether
// it is needed any more.
func (l *Lane) change(now time.Time, do func(*runner.Common) bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.lock(); err != nil {
		return join(fmt.Errorf("the lane that runs share: %w", err), l.forget())
	}
	text, err := io.ReadAll(io.NewSectionReader(l.file, 0, laneSize))
	if err != nil {
		return join(err, l.forget()) // and the lock ends
	}
	var c runner.Common
	if json.NewDecoder(bytes.NewReader(text)).Decode(&c) != nil {
		c = runner.Common{}
	}
	c.Sharers = slices.DeleteFunc(c.Sharers, func(s *runner.Sharer) bool {
		age := now.Sub(s.Seen)
		return (age > unseen || age < -unseen) && s.ID != l.runFile && Holder(s.ID) == nil
	})
	if !do(&c) {
		err := release(l.file)
		l.file = nil
		return err
	}
	if text, err = json.Marshal(&c); err == nil {
		_, err = l.file.WriteAt(append(text, '\n'), 0) // what is left behind it is not read
	}
	return join(err, unlock(l.file))
}

// lock opens the file where that is to be done, and locks it.
func (l *Lane) lock() error {
	for began := time.Now(); ; time.Sleep(200 * time.Microsecond) {
		if l.file == nil {
			f, _, err := openOrMake(l.path)
			if err != nil {
				return err
			}
			l.file = f
		}
		err := tryExclusive(l.file)
		switch {
		case err == nil && isStill(l.file, l.path):
			return nil
		case err == nil: // it was removed
			err = l.forget()
		}
		if err != nil && !errors.Is(err, errHeld) || time.Since(began) > laneWait {
			return join(errHeld, err)
		}
	}
}
