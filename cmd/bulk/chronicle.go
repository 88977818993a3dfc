package bulk

import (
	"context"
	"errors"
	"io/fs"
	"sync"
	"time"

	"cogpass/runner"
	"cogpass/runner/runfile"
)

// A chronicle tells the ledger what a run does, once a second. The run file
// knows it all: what a crash keeps from the ledger, the next to ask finds there.
// Its nil value tells nobody.
type chronicle struct {
	path, runFile, runID string
	pool                 runfile.HistoryPool

	mu   sync.Mutex // guards what follows
	done []runfile.Deed
}

// openChronicle begins to tell the ledger of a run, with what its file holds
// already. A run whose plan asked no ledger goes on without one.
func (p *Plan) openChronicle(endpoint string) error {
	if p.opt.Sandbox || p.opt.StateDir == "" {
		return nil
	}
	if err := p.file.SetEndpoint(endpoint); err != nil {
		return err
	}
	c := &chronicle{path: HistoryPath(p.opt.StateDir), runFile: absolute(p.path), runID: p.Info.RunID, pool: runfile.HistoryPoolAt(p.Info.UserPoolID, endpoint)}
	err := runfile.BeginRun(c.path, c.pool, p.file)
	if missing := errors.Is(err, fs.ErrNotExist); missing && !p.asksHistory() {
		return nil
	} else if missing {
		if err = p.makeHistory(); err == nil {
			err = runfile.BeginRun(c.path, c.pool, p.file)
		}
	}
	switch {
	case err == nil:
		p.chronicle = c
	case p.asksHistory():
		return err
	default:
		p.opt.warn("%s", unwritten(err))
	}
	return nil
}

func (c *chronicle) add(r *runner.Result) {
	if c == nil || !runfile.WasDone(r) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done = append(c.done, runfile.DeedOf(r))
}

// tellEvery is how often the ledger is told.
const tellEvery = time.Second

// keep tells the ledger until ctx is done. Where it cannot, it tries again with
// more.
func (c *chronicle) keep(ctx context.Context) {
	if c == nil {
		return
	}
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = c.tell()
		case <-ctx.Done():
			return
		}
	}
}

// tell is called from one goroutine at a time.
func (c *chronicle) tell() error {
	c.mu.Lock()
	done := c.done
	c.done = nil
	c.mu.Unlock()
	if len(done) == 0 {
		return nil
	}
	err := runfile.AppendHistory(c.path, c.pool, c.runID, c.runFile, done)
	if err != nil {
		c.mu.Lock()
		c.done = append(done, c.done...)
		c.mu.Unlock()
	}
	return err
}

// endChronicle tells the ledger the rest, once no more is sent and all is
// durable.
func (p *Plan) endChronicle() {
	c := p.chronicle
	if c == nil {
		return
	}
	_ = c.tell() // what this leaves out, EndRun finds
	if err := runfile.EndRun(c.path, c.pool, p.file); err != nil {
		p.opt.warn("%s", unwritten(err))
	}
}
