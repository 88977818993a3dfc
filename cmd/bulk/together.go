package bulk

import (
	"fmt"
	"sync"

	"cogpass/jobs"
	"cogpass/runner"
	"cogpass/runner/runfile"
)

// together is what runs of one process have in common that are carried out at once. A
// nil value is of a run that is alone.
type together struct {
	runs int // at once

	mu      sync.Mutex
	ids     map[string]bool // their run files
	locks   map[string]*runfile.Lock
	shared  map[string]*runner.Shared // the sandbox's lanes
	fitted  bool
	kept    reserve // for their reports
	asked   int     // requests in flight, by all that run at once
	allowed int
}

// has reports whether a run file is that of one of them.
func (g *together) has(id string) bool {
	if g == nil {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ids[id]
}

// lane is a lane of the sandbox.
func (g *together) lane(account, region string, c jobs.Category) *runner.Shared {
	g.mu.Lock()
	defer g.mu.Unlock()
	key := fmt.Sprintf("%q %q %q", account, region, c)
	if g.shared[key] == nil {
		g.shared[key] = new(runner.Shared)
	}
	return g.shared[key]
}

// lockPool takes the lock of a pool once for all of them, until the last has ended.
func (g *together) lockPool(pool string, lock func() (*runfile.Lock, error)) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.locks[pool] != nil {
		return nil
	}
	l, err := lock()
	if err == nil {
		g.locks[pool] = l
	}
	return err
}

func (g *together) close() {
	for _, l := range g.locks {
		_ = l.Unlock() // the end of the process releases it too
	}
	g.kept.release()
}

// fit gives a run its part of the requests that can be in flight, and of the files that
// are kept back for reports.
func (g *together) fit(asked, each int) (reserve, int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.fitted {
		g.kept, g.allowed = fitFiles(g.asked, each, g.runs)
		g.fitted = true
	}
	var mine reserve
	if len(g.kept) >= reportFiles {
		mine, g.kept = g.kept[:reportFiles:reportFiles], g.kept[reportFiles:]
	}
	return mine, min(asked, asked*g.allowed/max(1, g.asked))
}
