package runner

import "fmt"

var outcomeNames = [...]string{Pending: "pending", OK: "ok", Failed: "failed", Skipped: "skipped", Unknown: "unknown"}

// String returns the outcome's name, as reports have it.
func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return fmt.Sprintf("outcome(%d)", uint8(o))
}
