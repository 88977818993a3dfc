package bulk

import "testing"

// Where files are plenty, all requests that were asked for may be in flight,
// and what is kept back is given up again.
func TestFitFiles(t *testing.T) {
	for range 100 { // would run out of files if they were not closed
		kept, inFlight := fitFiles(50, 2, 1)
		if inFlight != 50 || len(kept) != reportFiles {
			t.Fatalf("got %d in flight and %d kept, want 50 and %d", inFlight, len(kept), reportFiles)
		}
		kept.release()
	}
}
