package runfile

import (
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"
)

// watchEvery is how often it is looked whether the files are still in their
// place. It is looked after each commit too.
const watchEvery = 500 * time.Millisecond

// watch notices that a file of a run is no longer where it was: what is
// written to it from then on, nobody will find.
type watch struct {
	mu    sync.Mutex
	files []watched
}

type watched struct {
	what, path string
	info       fs.FileInfo // nil until it is there
}

// newWatch watches the file at real, which is open. Its -wal is watched once
// it is there.
func newWatch(real string, lock *os.File) (*watch, error) {
	of, err := os.Stat(real)
	if err != nil {
		return nil, err
	}
	ofLock, err := lock.Stat()
	if err != nil {
		return nil, err
	}
	return &watch{files: []watched{
		{"the run file", real, of},
		{"its lock file", real + ".lock", ofLock},
		{"its -wal file", real + "-wal", nil},
	}}, nil
}

// check says which file is gone. written is that a commit was made, so that
// all of them have to be there.
func (w *watch) check(written bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range w.files {
		f := &w.files[i]
		if f.info == nil && !written {
			continue
		}
		now, err := os.Stat(f.path)
		if err == nil && f.info == nil {
			f.info = now
		}
		if err != nil || !os.SameFile(now, f.info) {
			return fmt.Errorf("%w: %s was removed, renamed or replaced while the run went on", ErrGone, f.what)
		}
	}
	return nil
}
