package runfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// place makes the file temp durable and names it path, in one step, unless
// there is a file of that name.
func place(temp, path string) error {
	if err := syncFile(temp); err != nil {
		return err
	}
	if err := rename(temp, path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// rename links first, because renaming would overwrite. Where the file system
// has no links, a look before must do.
func rename(temp, path string) error {
	err := os.Link(temp, path)
	if err == nil {
		return os.Remove(temp)
	}
	if errors.Is(err, fs.ErrExist) {
		return fs.ErrExist
	}
	if _, err := os.Lstat(path); err == nil {
		return fs.ErrExist
	}
	return os.Rename(temp, path)
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return join(f.Sync(), f.Close())
}

// syncFolder makes a new name in a folder durable. Windows keeps names
// durable by itself and cannot sync a folder.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return join(f.Sync(), f.Close())
}
