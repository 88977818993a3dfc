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

// names finds repeated usernames among millions, in 8 bytes each. Two names may
// have the same hash (about once in 37 million jobs of a million users), so the
// caller must check what it finds. The zero value is empty.
type names struct {
	parts [256][]uint64 // by the first byte of the hash
	seed  maphash.Seed
	any   bool
}

// hash returns the hash of a key, which is good for this value of names only.
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

// repeated returns the hashes that were added more than once, sorted, and how many
// additions repeated an earlier one. It empties names.
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

// nameHash identifies a username: it is too long to collide.
type nameHash [16]byte

func hashKey(key string) nameHash {
	sum := sha256.Sum256([]byte(key))
	return nameHash(sum[:16])
}

// folder maps all names of one user to one key. Most pools ignore case, so names
// that differ only in case are one user's; and people cannot tell apart names
// that differ only in Unicode form.
type folder struct {
	exact bool // names that differ in any byte are different users
	fold  cases.Caser
}

func newFolder(exact bool) folder { return folder{exact, cases.Fold()} }

// key returns the same text for all names of one user.
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
