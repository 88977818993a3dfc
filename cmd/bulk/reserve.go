package bulk

import (
	"io"
	"os"
)

// Files are opened while requests are in flight: by the report, when no more
// is sent, and by the run file, all the time.
const (
	reportFiles = 5
	otherFiles  = 4
)

// reserve are files that are kept open, so that others can be opened once they
// are closed.
type reserve []io.Closer

func (r reserve) release() {
	for _, file := range r {
		_ = file.Close() // it was never written, and may be closed already
	}
}

// fitFiles finds out how many requests can be in flight, each with so many
// files, where the system lets a program open only so many; and keeps some back
// for the reports of so many runs. It finds no more than what was asked for.
func fitFiles(inFlight, each, runs int) (reserve, int) {
	var kept reserve
	for range (reportFiles+otherFiles)*runs + inFlight*each {
		file, err := os.Open(os.DevNull)
		if err != nil {
			break
		}
		kept = append(kept, file)
	}
	room := len(kept) - (reportFiles+otherFiles)*runs
	forReports := min(reportFiles*runs, len(kept))
	kept[forReports:].release()
	return kept[:forReports], room / each
}
