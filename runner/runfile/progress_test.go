package runfile

import (
	"slices"
	"testing"

	"cogpass/jobs"
	"cogpass/runner"
)

// Counts are kept apart by action or step, and by outcome.
func TestProgressCounts(t *testing.T) {
	var p progress
	for _, c := range []tally{{jobs.Reset, runner.Pending, 3, 0, 0}, {jobs.SetTemporary, runner.Pending, 2, 0, 0},
		{jobs.Reset, runner.Pending, -1, 0, 0}, {jobs.Reset, runner.OK, 1, 4, 3}, {jobs.Reset, runner.OK, 1, 1, 0}} {
		p.add(c)
	}
	if want := []tally{{jobs.Reset, runner.Pending, 2, 0, 0}, {jobs.SetTemporary, runner.Pending, 2, 0, 0}, {jobs.Reset, runner.OK, 2, 5, 3}}; !slices.Equal(p.tallies, want) {
		t.Errorf("got %v, want %v", p.tallies, want)
	}
	for _, c := range []stepTally{{runner.SignOut, runner.OK, 1, 2, 1}, {runner.Create, runner.OK, 1, 1, 0}, {runner.SignOut, runner.OK, 1, 3, 2},
		{runner.SignOut, runner.Failed, 1, 1, 0}, {runner.Create, runner.OK, -1, -1, 0}} {
		p.addStep(c)
	}
	if want := []stepTally{{runner.SignOut, runner.OK, 2, 5, 3}, {runner.Create, runner.OK, 0, 0, 0}, {runner.SignOut, runner.Failed, 1, 1, 0}}; !slices.Equal(p.steps, want) {
		t.Errorf("got %v, want %v", p.steps, want)
	}
}
