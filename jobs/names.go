package jobs

import (
	"crypto/sha256"
	"hash/maphash"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// names finds the usernames that are there twice, among millions: it keeps 8
// bytes of each. Two that differ may share a hash, once in 37 million jobs of a
// million users, so whoever asks has to look again. The zero value is empty.
type names struct {
	parts [256][]uint64 // by the first byte of the hash
	seed  maphash.Seed
	any   bool
}

// hash is the same for the same name, in one process.
func (n *names) hash(key string) uint64 {
	if !n.any {
		n.seed, n.any = maphash.MakeSeed(), true
	}
	return maphash.String(n.seed, key)
}

func (n *names) add(key string) {
	hash := n.hash(key)
	part := &n.parts[hash>>56]
	*part = append(*part, hash)
}

// repeated returns the hashes that are there more than once, in order, and how
// many names have a hash that was there before. Nothing may be added after it.
func (n *names) repeated() (hashes []uint64, again int) {
	for i := range n.parts {
		part := n.parts[i]
		n.parts[i] = nil
		slices.Sort(part)
		for k := 1; k < len(part); k++ {
			if part[k] != part[k-1] {
				continue
			}
			again++
			if last := len(hashes) - 1; last < 0 || hashes[last] != part[k] {
				hashes = append(hashes, part[k])
			}
		}
	}
	return hashes, again
}

// nameHash identifies a username beyond doubt.
type nameHash [16]byte

func hashKey(key string) nameHash {
	sum := sha256.Sum256([]byte(key))
	return nameHash(sum[:16])
}

// folder brings the names of one user to one form: in a pool that knows no case,
// which most are, names are one that differ in it only, and two forms of one
// letter in Unicode are the same name to who reads them.
type folder struct {
	exact bool // names are told apart by their bytes
	fold  cases.Caser
}

func newFolder(exact bool) folder { return folder{exact, cases.Fold()} }

// key is what the names of one user have in common, and those of two have not.
func (f *folder) key(username string) string {
	if f.exact {
		return username
	}
	upper := false
	for i := range len(username) {
		if c := username[i]; c >= utf8.RuneSelf {
			return norm.NFC.String(f.fold.String(norm.NFC.String(username)))
		} else if 'A' <= c && c <= 'Z' {
			upper = true
		}
	}
	if upper {
		return strings.ToLower(username)
	}
	return username
}
