package runfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// draftSuffix ends the name of a plan that is being written.
const draftSuffix = ".plan.tmp"

// makeDraft makes and locks the file of a plan that is being written.
func makeDraft(path string) (*os.File, error) {
	for {
		f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*"+draftSuffix) // mode 0600
		if err != nil {
			return nil, err
		}
		if err := tryExclusive(f); err == nil && isStill(f, f.Name()) {
			return f, nil
		} else if err != nil && !errors.Is(err, errHeld) {
			return nil, join(err, release(f))
		}
		f.Close() // another process took it for a dead one's
	}
}

// removeDeadDrafts removes what processes have left that were killed while
// they wrote a plan.
func removeDeadDrafts(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") || !strings.HasSuffix(e.Name(), draftSuffix) || !e.Type().IsRegular() {
			continue
		}
		f, err := os.OpenFile(filepath.Join(dir, e.Name()), os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if tryExclusive(f) == nil {
			release(f)
		} else {
			f.Close()
		}
	}
}
