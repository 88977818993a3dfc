package engine

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"cogpass/cmd/cogpass-temporal/depot"
)

// Ended is how a run has ended, as the depot keeps it.
type Ended struct {
	Going
	Ended time.Time `json:"ended"`
}

const endKey = "ended"

// EndRun notes in the depot how a run has ended. From then on it can be collected
// without the engine.
func (w *Workers) EndRun(ctx context.Context, id string, end Ended) error {
	run := w.Depot.Run(id)
	if _, err := run.Get(ctx, endKey); !errors.Is(err, depot.ErrMissing) {
		return err // an attempt before this one has written it
	}
	text, err := json.Marshal(end)
	if err != nil {
		return err
	}
	return run.Put(ctx, endKey, text)
}

// HasEnded returns how a run has ended; false where it has not.
func HasEnded(ctx context.Context, d *depot.Depot, id string) (Ended, bool, error) {
	end, err := readEnd(ctx, d.Run(id))
	return end, end.State != "", err
}
