package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"cogpass/cmd/bulk"
	"cogpass/runner"
	"cogpass/runner/cognito"
	"cogpass/runner/sealed"
)

// A shelf keeps the plans that a worker carries out, each fetched and opened
// once. The zero value is empty.
type shelf struct {
	mu    sync.Mutex
	plans map[string]*plan
}

// plansKept is how many plans stay on the shelf that nobody works on.
const plansKept = 4

type plan struct {
	opening sync.Mutex
	carrier *bulk.Carrier // nil until it was opened
	path    string
	users   int
}

// take returns the plan of a batch, opened.
func (s *shelf) take(ctx context.Context, w *Workers, b *Batch) (*plan, error) {
	s.mu.Lock()
	if s.plans == nil {
		s.plans = map[string]*plan{}
	}
	p := s.plans[b.Run]
	if p == nil {
		p = &plan{path: filepath.Join(w.Dir, b.Run+".run")}
		s.plans[b.Run] = p
	}
	p.users++
	s.mu.Unlock()
	if err := p.open(ctx, w, b); err != nil {
		s.giveBack(p)
		return nil, err
	}
	return p, nil
}

// giveBack is the other end of take.
func (s *shelf) giveBack(p *plan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.users--
	for id, idle := range s.plans {
		if len(s.plans) <= plansKept {
			return
		}
		if idle.users == 0 {
			_ = idle.close()
			delete(s.plans, id)
		}
	}
}

// Close closes all plans and removes them. Nobody works on them any more.
func (w *Workers) Close() error {
	w.shelf.mu.Lock()
	defer w.shelf.mu.Unlock()
	var err error
	for _, p := range w.shelf.plans {
		err = errors.Join(err, p.close())
	}
	w.shelf.plans = nil
	return err
}

func (p *plan) open(ctx context.Context, w *Workers, b *Batch) error {
	p.opening.Lock()
	defer p.opening.Unlock()
	if p.carrier != nil {
		return nil
	}
	_ = os.Remove(p.path) // a worker before may have left it
	if err := w.Depot.Run(b.Run).GetFile(ctx, planKey, p.path); err != nil {
		return err
	}
	carrier, err := bulk.OpenCarrier(ctx, p.path, w.Options)
	if err != nil {
		_ = os.Remove(p.path) // what follows would only hide the error
		return unretried(err)
	}
	p.carrier = carrier
	if got := carrier.Info().PlanDigest; got != b.Plan {
		_ = p.close()
		return fatal("the plan in the bucket has the digest %s, and %s was approved", got, b.Plan)
	}
	if carrier.Endpoint() != b.Endpoint {
		_ = p.close()
		return fatal("the run acts on a pool at another endpoint than this worker's")
	}
	return nil
}

// unretried has the run stop where another attempt would only find the same.
func unretried(err error) error {
	var config *cognito.ConfigError
	var refused *bulk.Error
	if errors.As(err, &config) || errors.As(err, &refused) && refused.Kind != bulk.Unreachable {
		return fatal("%v", err)
	}
	return err
}

func (p *plan) close() error {
	if p.carrier == nil {
		return nil
	}
	err := errors.Join(p.carrier.Close(), os.Remove(p.path))
	p.carrier = nil
	return err
}

const planKey = "plan.run"

// seals is how generated passwords are sealed; nil where the plan has none, or
// another has them.
func (p *plan) seals() (func([]runner.Intent) ([]byte, error), error) {
	h := p.carrier.Info().Handoff.Age
	if h == nil {
		return nil, nil
	}
	readers, err := sealed.ParseRecipients(h.Recipients)
	if err != nil {
		return nil, fatal("who may read the passwords: %v", err)
	}
	return func(attempts []runner.Intent) ([]byte, error) {
		passwords := make([]runner.Handover, len(attempts))
		for n := range attempts {
			i := &attempts[n]
			passwords[n] = runner.Handover{Seq: i.Seq, Username: i.Username, Version: i.Version, Password: i.Password}
		}
		return readers.Seal(passwords...)
	}, nil
}
