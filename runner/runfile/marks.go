package runfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A mark says how many commits a run has seen, outside the run file: a file
// that holds fewer has lost some. It is written after each commit, so it is
// never ahead of what is durable, and it need not be durable itself. A mark is
// one line, the run's ID and the number, of always the same length.
type mark struct {
	runID   string
	commits int64
}

const markSize = 32 + 1 + 19 + 1

func (m mark) line() []byte { return fmt.Appendf(nil, "%-32s %019d\n", m.runID, m.commits) }

// readMark reads the mark at the beginning of a file; it is zero where there
// is none.
func readMark(f io.ReaderAt) mark {
	var m mark
	b := make([]byte, markSize)
	if n, _ := f.ReadAt(b, 0); n == markSize {
		if _, err := fmt.Sscanf(string(b), "%32s %d\n", &m.runID, &m.commits); err != nil {
			return mark{} // nobody's
		}
	}
	return m
}

// marks are those of a run that is carried out: one in the user's place on
// this machine, and one in the lock beside the run file.
type marks struct {
	files []*os.File
	owned *os.File // the one to close
}

func (m *marks) set(to mark) error {
	line := to.line()
	for _, f := range m.files {
		if _, err := f.WriteAt(line, 0); err != nil {
			return fmt.Errorf("noting how far it is: %w", err)
		}
	}
	return nil
}

func (m *marks) close() error {
	if m.owned == nil {
		return nil
	}
	return m.owned.Close()
}

// place returns the folder where this machine keeps its marks.
func (o *OpenOptions) place() (string, error) {
	if o.Place != "" {
		return o.Place, nil
	}
	dir, _, err := UserPlace("")
	return dir, err
}

func markPath(place, runID string) string { return filepath.Join(place, "run-"+runID) }

// machineMark reads how far this machine has seen a run go.
func machineMark(opt *OpenOptions, runID string) mark {
	place, err := opt.place()
	if err != nil {
		return mark{}
	}
	f, err := os.Open(markPath(place, runID))
	if err != nil {
		return mark{}
	}
	defer f.Close()
	return readMark(f)
}

// keptMarks is how long a mark is kept after it was last written.
const keptMarks = 400 * 24 * time.Hour

// openMark opens the machine's mark of a run, and makes it where there is
// none.
func openMark(opt *OpenOptions, runID string) (*os.File, error) {
	place, err := opt.place()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(place, 0o700); err != nil {
		return nil, err
	}
	path := markPath(place, runID)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		forgetOldMarks(place)
		f, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	}
	return f, err
}

func forgetOldMarks(place string) {
	entries, err := os.ReadDir(place)
	if err != nil {
		return
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && strings.HasPrefix(e.Name(), "run-") && time.Since(info.ModTime()) > keptMarks {
			os.Remove(filepath.Join(place, e.Name()))
		}
	}
}
