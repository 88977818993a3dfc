package engine

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"cogpass/runner"
)

const (
	// beatTimeout is after how long without a heartbeat the server gives an attempt
	// at a batch up, and another worker may begin with it.
	beatTimeout = 30 * time.Second
	// beatEvery is how often an attempt that has nothing to claim says that it lives.
	beatEvery = 5 * time.Second
	// sendWithin is how long after a heartbeat a request may leave: well before another
	// worker can look whether it did.
	sendWithin = 20 * time.Second
	// claimAgain is how long a claim waits that did not reach the server.
	claimAgain = 250 * time.Millisecond
	// sealTogether is how many passwords are sealed as one, as in a run file.
	sealTogether = 32
)

// errLapsed is that an attempt can no longer know whether it is the only one.
var errLapsed = errors.New("the server has not heard of this worker for too long")

// errRefused is that the server has given an attempt up, or its run.
var errRefused = errors.New("another worker has it by now, or nobody is to have it")

// A journal is the runner.Journal of one attempt at a batch. What it is told it
// keeps, and claims with the server: an attempt that the server has given up is
// refused, and sends nothing more.
type journal struct {
	claim func(ctx context.Context, details []byte) error
	seal  func([]runner.Intent) ([]byte, error)                    // nil: another has the passwords
	put   func(ctx context.Context, sealed []byte) (string, error) // a seal, where it outlives this worker

	claiming sync.Mutex // one at a time, or an older one might come to stand

	mu      sync.Mutex
	entries map[int64]*entry
	heard   time.Time // when the last claim that was taken had left
}

func newJournal() *journal { return &journal{entries: map[int64]*entry{}} }

// of returns the entry of a task.
func (j *journal) of(seq int64) *entry {
	e := j.entries[seq]
	if e == nil {
		e = &entry{Seq: seq}
		j.entries[seq] = e
	}
	return e
}

// Begin implements runner.Journal.
func (j *journal) Begin(ctx context.Context, attempts []runner.Intent) error {
	seals, err := j.sealAll(ctx, attempts)
	if err != nil {
		return err
	}
	j.mu.Lock()
	for n := range attempts {
		j.of(attempts[n].Seq).begins(&attempts[n], seals[n])
	}
	j.mu.Unlock()
	return j.renew(ctx)
}

// End implements runner.Journal.
func (j *journal) End(_ context.Context, i runner.Intent) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.of(i.Seq).ends(&i)
	return nil
}

// Ended implements runner.Journal.
func (j *journal) Ended(_ context.Context, seq int64, r runner.StepResult) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.of(seq).stepEnds(&r)
	return nil
}

// record takes down how a task has ended.
func (j *journal) record(r runner.Result) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.of(r.Seq).taskEnds(&r)
	return nil
}

// recall has a task know what was done of it, and reports false where it has ended.
func (j *journal) recall(t *runner.Task) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	e := j.entries[t.Seq]
	if e == nil {
		return true
	}
	if e.Result != nil {
		return false
	}
	e.recall(t)
	return true
}

// renew claims what the journal holds. Where the server cannot be reached it
// tries again, as long as this may still be the only attempt.
func (j *journal) renew(ctx context.Context) error {
	j.claiming.Lock()
	defer j.claiming.Unlock()
	details, err := encode(j.all(true))
	if err != nil {
		return err
	}
	for {
		left := time.Now()
		err := j.claim(ctx, details)
		if err == nil {
			j.mu.Lock()
			j.heard = left
			j.mu.Unlock()
			return nil
		}
		if errors.Is(err, errRefused) || ctx.Err() != nil || j.lapsed() {
			return fmt.Errorf("claiming what is to be sent: %w", err)
		}
		select {
		case <-time.After(claimAgain):
		case <-ctx.Done():
		}
	}
}

// lapsed reports whether the server may have given this attempt up.
func (j *journal) lapsed() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.since(time.Now()) > beatTimeout
}

// may refuses a request that would leave so late that another worker may be at it.
func (j *journal) may() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.since(time.Now()) > sendWithin {
		return errLapsed
	}
	return nil
}

// since is how long ago the server was heard of. A machine that was asleep knows
// by its wall clock alone.
func (j *journal) since(now time.Time) time.Duration {
	return max(now.Sub(j.heard), now.Round(0).Sub(j.heard.Round(0)))
}

// all returns copies of the entries, in order.
func (j *journal) all(brief bool) (all []entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range j.entries {
		one := *e
		if brief {
			one = e.brief()
		}
		one.Open, one.Made = slices.Clone(one.Open), slices.Clone(one.Made)
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b entry) int { return int(a.Seq - b.Seq) })
	return all
}

// restore takes over what an attempt before has left.
func (j *journal) restore(entries []entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range entries {
		j.entries[entries[i].Seq] = &entries[i]
	}
}

// sealAll seals the passwords of attempts that carry a new one, and returns where
// each is.
func (j *journal) sealAll(ctx context.Context, attempts []runner.Intent) (where []string, err error) {
	where = make([]string, len(attempts))
	if j.seal == nil {
		return where, nil
	}
	var carrying []int
	j.mu.Lock()
	for n := range attempts {
		i := &attempts[n]
		known := slices.ContainsFunc(j.of(i.Seq).Made, func(m made) bool { return m.Version == i.Version })
		if i.Version != "" && i.Step != runner.Check && !i.Password.IsZero() && !known {
			carrying = append(carrying, n)
		}
	}
	j.mu.Unlock()
	var workers errgroup.Group
	for group := range slices.Chunk(carrying, sealTogether) {
		workers.Go(func() error {
			var some []runner.Intent
			for _, n := range group {
				some = append(some, attempts[n])
			}
			sealed, err := j.seal(some)
			if err != nil {
				return err
			}
			key, err := j.put(ctx, sealed)
			for _, n := range group {
				where[n] = key
			}
			return err
		})
	}
	return where, workers.Wait()
}

// encode packs entries for the server, whose limit for it is 2 MB: a hundred of
// them are some 10 kB.
func encode(entries []entry) ([]byte, error) {
	text, err := json.Marshal(entries)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	w, _ := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	err = w.Close()
	return packed.Bytes(), err
}

// decode is the inverse of encode.
func decode(packed []byte) (entries []entry, err error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("what an attempt before has claimed cannot be read: %w", err)
	}
	text, err := io.ReadAll(r)
	if err == nil {
		err = json.Unmarshal(text, &entries)
	}
	return entries, err
}
