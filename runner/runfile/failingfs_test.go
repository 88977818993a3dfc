package runfile

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// faults are what a file, its -wal and its -journal suffer.
type faults struct {
	path                   string
	failSync, full, shorts atomic.Bool
	syncs                  atomic.Int64 // that succeeded
}

// failing is a layer between SQLite and the files of the paths in it. It
// leaves all other files alone.
var failing struct {
	once sync.Once
	open func(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32

	mu      sync.Mutex
	paths   []*faults
	files   map[uintptr]*faults
	methods map[uintptr]sqlite3.Tsqlite3_io_methods // of the real files
	altered map[uintptr]uintptr                     // from real methods to those below
}

// failingFiles makes the files of a run fail as the test says. It is called
// before they are opened.
func failingFiles(t *testing.T, path string) *faults {
	failing.once.Do(func() {
		failing.files = map[uintptr]*faults{}
		failing.methods = map[uintptr]sqlite3.Tsqlite3_io_methods{}
		failing.altered = map[uintptr]uintptr{}
		tls := libc.NewTLS()
		defer tls.Close()
		vfs := at[sqlite3.Tsqlite3_vfs](sqlite3.Xsqlite3_vfs_find(tls, 0))
		failing.open = function[func(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32](vfs.FxOpen)
		vfs.FxOpen = address(failingOpen)
	})
	f := &faults{path: path}
	failing.mu.Lock()
	failing.paths = append(failing.paths, f)
	failing.mu.Unlock()
	t.Cleanup(func() {
		failing.mu.Lock()
		defer failing.mu.Unlock()
		for i, other := range failing.paths {
			if other == f {
				failing.paths = append(failing.paths[:i], failing.paths[i+1:]...)
				break
			}
		}
	})
	return f
}

func failingOpen(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32 {
	rc := failing.open(tls, vfs, name, file, flags, out)
	if rc != sqlite3.SQLITE_OK || name == 0 {
		return rc
	}
	failing.mu.Lock()
	defer failing.mu.Unlock()
	path := libc.GoString(name)
	for _, f := range failing.paths {
		if !strings.HasPrefix(path, f.path) {
			continue
		}
		opened := at[sqlite3.Tsqlite3_file](file)
		real := opened.FpMethods
		if failing.altered[real] == 0 {
			methods := *at[sqlite3.Tsqlite3_io_methods](real)
			failing.methods[real] = methods
			methods.FxSync, methods.FxWrite = address(failingSync), address(failingWrite)
			copied := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(methods))+8)
			*at[sqlite3.Tsqlite3_io_methods](copied) = methods
			failing.altered[real] = copied
			failing.methods[copied] = failing.methods[real]
		}
		opened.FpMethods = failing.altered[real]
		failing.files[file] = f
	}
	return rc
}

// beneath returns the faults of a file and its real methods.
func beneath(file uintptr) (*faults, sqlite3.Tsqlite3_io_methods) {
	failing.mu.Lock()
	defer failing.mu.Unlock()
	return failing.files[file], failing.methods[at[sqlite3.Tsqlite3_file](file).FpMethods]
}

func failingSync(tls *libc.TLS, file uintptr, flags int32) int32 {
	f, methods := beneath(file)
	if f.failSync.Load() {
		return sqlite3.SQLITE_IOERR_FSYNC
	}
	f.syncs.Add(1)
	return function[func(*libc.TLS, uintptr, int32) int32](methods.FxSync)(tls, file, flags)
}

func failingWrite(tls *libc.TLS, file, from uintptr, n int32, to sqlite3.Tsqlite3_int64) int32 {
	f, methods := beneath(file)
	write := function[func(*libc.TLS, uintptr, uintptr, int32, sqlite3.Tsqlite3_int64) int32](methods.FxWrite)
	switch {
	case f.full.Load():
		return sqlite3.SQLITE_FULL
	case f.shorts.Load():
		write(tls, file, from, n/2, to)
		return sqlite3.SQLITE_IOERR_WRITE
	}
	return write(tls, file, from, n, to)
}

// at reads memory that SQLite holds, function and address convert what it
// takes as a function's address.
func at[T any](p uintptr) *T { return *(**T)(unsafe.Pointer(&p)) }

func function[F any](p uintptr) F { return *(*F)(unsafe.Pointer(&struct{ uintptr }{p})) }

func address[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }
