package report

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// WriteFile writes a report to a file in one step: who looks at path finds
// what was there before or the whole report, which is on disk by then. The
// file has mode 0600, and folders that are missing are made. A path that is a
// device or a pipe is written to as it stands.
func WriteFile(path string, f Format, run Run, results Results) error {
	err := Replace(path, 0o600, func(w io.Writer) error { return Write(w, f, run, results) })
	if err != nil {
		return fmt.Errorf("writing report: %w", err)
	}
	return nil
}

// Replace writes a file of a mode in one step, as WriteFile does. What a process has
// left that was killed in the middle of it, the next one removes.
func Replace(path string, mode fs.FileMode, write func(io.Writer) error) (err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // the link stays, and so does /dev/stdout
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return writeThrough(path, write)
	}
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	temp, err := createTemp(path)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			temp.Close()
			os.Remove(temp.Name())
		}
	}()
	if err := write(temp); err != nil {
		return err
	}
	if err := os.Chmod(temp.Name(), mode); err != nil {
		return err
	}
	if err := temp.Sync(); err != nil {
		return err
	}
	if err := moveTo(temp, path); err != nil {
		return err
	}
	syncFolder(folder)
	return nil
}

// writeThrough writes to what cannot be replaced.
func writeThrough(path string, write func(io.Writer) error) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if err := write(file); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

// syncFolder makes a rename last. Not every system can; the file is whole
// either way.
func syncFolder(folder string) {
	if f, err := os.Open(folder); err == nil {
		f.Sync()
		f.Close()
	}
}

// ExpandPath fills in {name}, {pool} and {time} in the path of a report. The time
// is in UTC, as in 20060102T150405Z. Any other {…} is an error.
func ExpandPath(path, name, pool string, at time.Time) (string, error) {
	path = strings.NewReplacer("{name}", name, "{pool}", pool).Replace(path)
	path = strings.ReplaceAll(path, "{time}", at.UTC().Format("20060102T150405Z"))
	if _, rest, found := strings.Cut(path, "{"); found && strings.Contains(rest, "}") {
		return "", errors.New("the name of a report holds {…} that is none of {name}, {pool} and {time}")
	}
	return path, nil
}
