package jobs

import (
	"crypto/sha256"
	"hash/maphash"
	"slices"
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

func hashName(username string) nameHash { return hashKey(nameKey(username)) }

// nameKey returns what two names have in common that are one user's.
func nameKey(username string) string { return username }
