package report

import "os"

// lock has nothing to do: Windows lets nobody remove a file that is open.
func lock(*os.File) locking { return locked }

func removeLocked(f *os.File) {
	f.Close()
	_ = os.Remove(f.Name())
}

// moveTo gives the file its name once it is closed, as Windows wants it.
func moveTo(f *os.File, path string) error {
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
