//go:build unix

package runfile

import (
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

func userPlaces() []userFolder {
	uid := strconv.Itoa(os.Getuid())
	places := []userFolder{{dir: "/var/lib/cogpass/" + uid, given: true}}
	// LookupId asks the system's list, where Current would believe HOME.
	if u, err := user.LookupId(uid); err == nil && filepath.IsAbs(u.HomeDir) {
		if _, err := os.Stat(u.HomeDir); err == nil { // a home that is not there is not made
			places = append(places, userFolder{dir: filepath.Join(u.HomeDir, ".local", "state", "cogpass", "machine")})
		}
	}
	return append(places, userFolder{dir: "/var/tmp/cogpass-" + uid}, userFolder{dir: "/tmp/cogpass-" + uid})
}

// ownAndWritable says what is wrong with a folder that others could write, or
// this user cannot.
func ownAndWritable(dir string, info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(stat.Uid) != os.Getuid() {
		return fmt.Errorf("%s is another user's", dir)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%s can be written by others", dir)
	}
	return unix.Access(dir, unix.R_OK|unix.W_OK|unix.X_OK)
}
