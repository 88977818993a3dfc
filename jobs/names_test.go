package jobs

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestNames adds many names, a few of them again.
func TestNames(t *testing.T) {
	const count = 400_000
	var n names
	for i := range count {
		n.add(fmt.Sprint("user", i))
	}
	want := map[uint64]bool{}
	for _, i := range []int{0, 1, 77, count / 2, count - 1, 77} {
		n.add(fmt.Sprint("user", i))
		want[n.hash(fmt.Sprint("user", i))] = true
	}
	got, again := n.repeated()
	if len(got) != len(want) || again != 6 || !slices.IsSorted(got) {
		t.Errorf("got %d hashes, %d again, want %d, 6", len(got), again, len(want))
	}
	for _, hash := range got {
		if !want[hash] {
			t.Errorf("got %x, which no name has twice", hash)
		}
	}
}

func TestNearest(t *testing.T) {
	for misspelt, want := range map[string]string{"usres": "users", "user": "users", "pasword": "password",
		"userPoolID": "userPoolId", "Action": "action", "x": "", "frobnicate": "", "actoin": "action"} {
		if got := nearest(misspelt, jobKeys); got != want {
			t.Errorf("%s: got %q, want %q", misspelt, got, want)
		}
	}
}

// TestSchemaKeys holds that the schema has each key that a job may have.
func TestSchemaKeys(t *testing.T) {
	keys := slices.Concat(jobKeys, userKeys, limitKeys, retryKeys, passwordKinds, whereKeys, poolKeys, ratedCategories,
		handoffKeys, ageKeys, secretKeys, recipeKeys, policyKeys, checkKeys)
	for _, k := range sourceKinds {
		keys = append(keys, k.keys...)
	}
	for _, key := range keys {
		if !strings.Contains(string(schema), `"`+key+`": {`) {
			t.Errorf("it has not %s", key)
		}
	}
}

// TestSipHash holds the hash against the vectors of its authors: key 00 to 0f,
// and texts 00, 00 01 and so on.
func TestSipHash(t *testing.T) {
	var key [16]byte
	for i := range key {
		key[i] = byte(i)
	}
	for i, want := range map[int]uint64{0: 0x726fdb47dd0e0e31, 1: 0x74f839c593dc67fd, 8: 0x93f5f5799a932462, 15: 0xa129ca6149be45e5} {
		text := "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e"[:i]
		if got := sipHash(key, text); got != want {
			t.Errorf("%d bytes: got %x, want %x", i, got, want)
		}
	}
}

// TestNamesCollide looks again for a name that only seems to be there twice.
func TestNamesCollide(t *testing.T) {
	path := filepath.Join(t.TempDir(), "job.yaml")
	text := "version: 1\nuserPoolId: us-west-2_aaaaaaaaa\naction: reset\nusers: [ana, kim, lee, Kim]\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	job, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := &reading{Tasks: job.Tasks(t.Context()), folder: newFolder(false)}
	hashes := []uint64{r.names.hash("ana"), r.names.hash("kim")}
	slices.Sort(hashes)
	r.lookAgain(hashes, 2)
	if len(r.faults.List) != 1 || r.faults.List[0].Column != 24 {
		t.Errorf("got %v, want a fault of Kim only", r.faults.List)
	}
}
