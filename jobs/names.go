package jobs

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"os"
	"slices"
)

// names finds the usernames that are there twice, among more than fit into
// memory. It keeps 16 bytes of the SHA-256 of each, so two that differ are
// not mistaken for each other, in partitions that go to a temporary file when
// they are full.
type names struct {
	parts [partitions]partition
	file  *os.File // nil until a partition is full
	end   int64
}

const (
	partitions = 512
	nameSize   = 32      // of a record: hash 16, source 4, line 8, column 4
	blockSize  = 8 << 10 // of a partition in memory; together 4 MiB, 131,072 names
)

type partition struct {
	records []byte
	blocks  []int64 // where the full ones are in the file
}

// nameHash identifies a username.
type nameHash [16]byte

func hashName(username string) nameHash {
	sum := sha256.Sum256([]byte(username))
	return nameHash(sum[:16])
}

// namedAt is where a user is named.
type namedAt struct {
	source, line, column int
}

func (a namedAt) compare(b namedAt) int {
	return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
}

// add notes a name. Its error is of the temporary file.
func (n *names) add(hash nameHash, at namedAt) error {
	p := &n.parts[binary.LittleEndian.Uint16(hash[:])%partitions]
	if len(p.records) == blockSize {
		if err := n.spill(p); err != nil {
			return err
		}
	}
	p.records = append(p.records, hash[:]...)
	p.records = binary.LittleEndian.AppendUint32(p.records, uint32(at.source))
	p.records = binary.LittleEndian.AppendUint64(p.records, uint64(at.line))
	p.records = binary.LittleEndian.AppendUint32(p.records, uint32(at.column))
	return nil
}

func (n *names) spill(p *partition) error {
	if n.file == nil {
		f, err := os.CreateTemp("", "cogpass-")
		if err != nil {
			return err
		}
		os.Remove(f.Name()) // where an open file cannot be removed, close does it
		n.file = f
	}
	if _, err := n.file.WriteAt(p.records, n.end); err != nil {
		return err
	}
	p.blocks = append(p.blocks, n.end)
	n.end += int64(len(p.records))
	p.records = p.records[:0]
	return nil
}

// repeated calls found for each name that is there again, with the place
// before, in the order of the later places.
func (n *names) repeated(found func(first, again namedAt)) error {
	type pair struct{ first, again namedAt }
	var pairs []pair
	var records []byte
	var order []int32
	for i := range n.parts {
		var err error
		if records, err = n.load(&n.parts[i], records[:0]); err != nil {
			return err
		}
		order = slices.Grow(order[:0], len(records)/nameSize)[:len(records)/nameSize]
		eachRepeated(records, order, func(first, again namedAt) {
			pairs = append(pairs, pair{first, again})
		})
	}
	slices.SortFunc(pairs, func(a, b pair) int { return a.again.compare(b.again) })
	for _, p := range pairs {
		found(p.first, p.again)
	}
	return nil
}

func (n *names) load(p *partition, into []byte) ([]byte, error) {
	for _, at := range p.blocks {
		end := len(into)
		into = slices.Grow(into, blockSize)[:end+blockSize]
		if _, err := n.file.ReadAt(into[end:], at); err != nil {
			return into, err
		}
	}
	return append(into, p.records...), nil
}

// eachRepeated sorts records, which are in the order of the plan, by hash, and
// calls found for each that has the hash of the one before. It uses order,
// which has an element for each record.
func eachRepeated(records []byte, order []int32, found func(first, again namedAt)) {
	for i := range order {
		order[i] = int32(i)
	}
	record := func(i int32) []byte { return records[int(i)*nameSize : (int(i)+1)*nameSize] }
	slices.SortFunc(order, func(a, b int32) int {
		x, y := record(a), record(b)
		if c := bytes.Compare(x[:16], y[:16]); c != 0 {
			return c
		}
		return cmp.Compare(a, b)
	})
	for i := 1; i < len(order); i++ {
		x, y := record(order[i-1]), record(order[i])
		if bytes.Equal(x[:16], y[:16]) {
			found(placeOf(x), placeOf(y))
		}
	}
}

func placeOf(record []byte) namedAt {
	return namedAt{
		source: int(binary.LittleEndian.Uint32(record[16:])),
		line:   int(binary.LittleEndian.Uint64(record[20:])),
		column: int(binary.LittleEndian.Uint32(record[28:])),
	}
}

// close removes the temporary file.
func (n *names) close() {
	if n.file != nil {
		n.file.Close()
		os.Remove(n.file.Name())
	}
}
