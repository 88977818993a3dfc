package runfile

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"

	"cogpass/jobs"
)

func newCensus(t testing.TB) *Census {
	t.Helper()
	c, err := NewCensus(filepath.Join(t.TempDir(), "a.run"))
	mustDo(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func userOf(n int) *jobs.User {
	return &jobs.User{
		Username: fmt.Sprintf("%08x-d9cb-469f-a165-%012x", n*2654435761&0xffffffff, n), Sub: fmt.Sprintf("%08x-d9cb-469f-a165-%012x", n*2654435761&0xffffffff, n),
		Names: []string{fmt.Sprint("user-", n), fmt.Sprintf("user-%d@example.com", n)}, Status: jobs.Confirmed, Enabled: true, VerifiedEmail: true,
		Created: start, Modified: start.AddDate(0, 0, 1),
	}
}

func TestCensus(t *testing.T) {
	c := newCensus(t)
	for seq, key := range []string{"ana", "ben", "ben@example.com", "nobody", "sub-of-ana"} {
		mustDo(t, c.Name(key, int64(seq+1)))
	}
	ana := &jobs.User{Username: "Ana", Sub: "sub-of-ana", Names: []string{"Ana", "", "sub\x00of"}, Status: jobs.ResetRequired, VerifiedPhone: true, Created: start}
	ben := &jobs.User{Username: "ben", Enabled: true, VerifiedEmail: true, Modified: start}
	other := &jobs.User{Username: "carl"}
	mustDo(t,
		c.Add(other, []string{"carl", "ben"}, 3), // an alias that is another's username
		c.Add(ana, []string{"ana", "sub-of-ana"}, NoSource),
		c.Add(ben, []string{"ben", "ben@example.com"}, NoSource),
		c.Add(&jobs.User{Username: "ben", Status: "LATER"}, []string{"ben"}, 2),
		c.Add(userOf(7), nil, 5), c.Add(userOf(8), []string{"x"}, NoSource), c.Add(userOf(9), nil, NoSource),
		c.Add(userOf(7), nil, 4), c.Add(userOf(7), nil, 6), c.Add(userOf(9), nil, 1), c.Add(userOf(9), nil, NoSource))
	for seq, want := range map[int64]*jobs.User{1: ana, 2: ben, 3: ben, 4: nil, 5: ana, 6: nil} {
		if got, err := c.Of(seq); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("task %d: got %+v, %v, want %+v", seq, got, err, want)
		}
	}
	var clashes [][2]int64
	for pair, err := range c.Clashes() {
		mustDo(t, err)
		clashes = append(clashes, pair)
	}
	if want := [][2]int64{{2, 3}, {1, 5}}; !reflect.DeepEqual(clashes, want) {
		t.Errorf("got %v, want %v", clashes, want)
	}
	var left []Found
	for found, err := range c.Unclaimed() {
		mustDo(t, err)
		left = append(left, found)
	}
	if named, again, err := c.Overlaps(); named != 1 || again != 1 || err != nil {
		t.Errorf("got overlaps %d and %d, %v, want ben, and user 7", named, again, err)
	}
	if want := []Found{{*other, 3}, {*userOf(7), 4}, {*userOf(9), 1}}; !reflect.DeepEqual(left, want) {
		t.Errorf("got %+v, want %+v", left, want)
	}
}

// TestCensusLeavesNothingBehind: closed, or killed and cleared away by the next
// plan, which leaves one alone that is in use.
func TestCensusLeavesNothingBehind(t *testing.T) {
	dir := t.TempDir()
	files := func() int {
		entries, err := os.ReadDir(dir)
		mustDo(t, err)
		return len(entries)
	}
	path := filepath.Join(dir, "a.run")
	c, err := NewCensus(path)
	mustDo(t, err)
	mustDo(t, c.Add(userOf(1), nil, 1))
	d, err := Create(path, examplePlan())
	mustDo(t, err)
	for _, err := range c.Unclaimed() {
		mustDo(t, err)
	}
	mustDo(t, c.Close(), c.Close(), d.Discard())
	if n := files(); n != 0 {
		t.Errorf("there are %d files, want none", n)
	}
	cmd, out := child(t, "census", path)
	expect(t, out, "counting")
	mustDo(t, cmd.Process.Kill())
	cmd.Wait()
	if n := files(); n == 0 {
		t.Error("the census of a killed plan is not beside its draft")
	}
	d, err = Create(path, examplePlan())
	mustDo(t, err)
	mustDo(t, d.Discard())
	if n := files(); n != 0 {
		t.Errorf("there are %d files after the next plan, want none", n)
	}
}

// BenchmarkCensus adds the users of a pool, of whom one in ten is named by its
// e-mail address, and reads them all again.
func BenchmarkCensus(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		if testing.Short() && n > 100_000 {
			continue
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var heap uint64
			for b.Loop() {
				c := newCensus(b)
				for seq := 1; seq <= n/10; seq++ {
					mustDo(b, c.Name(fmt.Sprintf("user-%d@example.com", seq*10), int64(seq)))
				}
				for i := range n {
					u := userOf(i + 1)
					mustDo(b, c.Add(u, u.Names, 1))
				}
				found := 0
				for seq := 1; seq <= n/10; seq++ {
					if u, err := c.Of(int64(seq)); err != nil || u == nil {
						b.Fatal(u, err)
					}
					found++
				}
				for _, err := range c.Unclaimed() {
					mustDo(b, err)
					found++
				}
				if found != n {
					b.Fatalf("got %d users, want %d", found, n)
				}
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				heap = max(heap, m.Sys)
				mustDo(b, c.Close())
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "users/s")
			b.ReportMetric(float64(heap)/1e6, "MB")
		})
	}
}
