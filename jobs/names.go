package jobs

import (
	"crypto/sha256"
	"encoding/binary"
	"hash/maphash"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// names finds repeated usernames among millions, in 5 bytes each. Two names may
// have the same hash (about once in 2,000 jobs of a million users), so the caller
// must check what it finds. The zero value is empty.
type names struct {
	parts [1 << 10][]byte // by the first bits of the hash: the other 40 bits of each
	seed  maphash.Seed
	any   bool
}

// hash returns the hash of a key, of 50 bits, which is good for this value of
// names only.
func (n *names) hash(key string) uint64 {
	if !n.any {
		n.seed, n.any = maphash.MakeSeed(), true
	}
	return maphash.String(n.seed, key) >> 14
}

func (n *names) add(key string) {
	hash := n.hash(key)
	part := &n.parts[hash>>40]
	*part = append(*part, byte(hash>>32), byte(hash>>24), byte(hash>>16), byte(hash>>8), byte(hash))
}

// repeated returns the hashes that were added more than once, sorted, and how many
// additions repeated an earlier one. It empties names.
func (n *names) repeated() (hashes []uint64, again int) {
	var part []uint64
	for i := range n.parts {
		part = part[:0]
		for five := range slices.Chunk(n.parts[i], 5) {
			part = append(part, uint64(i)<<40|uint64(five[0])<<32|uint64(binary.BigEndian.Uint32(five[1:])))
		}
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
