package runfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// fixedPlace is the one place of a program that was built for tests, which are
// to leave nothing in their user's folders: -ldflags "-X
// cogpass/runner/runfile.fixedPlace=FOLDER".
var fixedPlace string

// UserPlace returns the folder in which the runs of this user on this machine
// meet: the locks of pools lie there, and how far each run has come. It does
// not depend on the environment. It is the first of these that is the user's
// own and can be written:
//
//   - /var/lib/cogpass/UID, where an administrator has made it
//   - .local/state/cogpass/machine in the home folder that the system's list
//     of users names, whatever HOME says (AppData\Local\cogpass\machine on
//     Windows)
//   - /var/tmp/cogpass-UID, /tmp/cogpass-UID
//
// Where there is none, it is fallback, and warning says what that means.
func UserPlace(fallback string) (dir, warning string, err error) {
	places := userPlaces()
	if fixedPlace != "" {
		places = []userFolder{{dir: fixedPlace}}
	}
	for _, c := range places {
		if c.usable() == nil {
			return c.dir, "", nil
		}
	}
	if fallback == "" {
		return "", "", errors.New("none of the user's own folders can be written")
	}
	if err := os.MkdirAll(fallback, 0o700); err != nil {
		return "", "", err
	}
	return fallback, fmt.Sprintf("none of the user's own folders can be written: runs with another state folder than %s are not seen", fallback), nil
}

// userFolder is a folder that may be the user's place.
type userFolder struct {
	dir   string
	given bool // it is used where it is there, and not made
}

// usable makes the folder where there is none, and says what is wrong with it.
func (c userFolder) usable() error {
	if !c.given {
		if err := os.MkdirAll(filepath.Dir(c.dir), 0o700); err != nil {
			return err
		}
		if err := os.Mkdir(c.dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	info, err := os.Lstat(c.dir) // a link may be anybody's
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a folder", c.dir)
	}
	return ownAndWritable(c.dir, info)
}
