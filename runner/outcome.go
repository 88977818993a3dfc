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

// ParseOutcome returns the outcome of that name.
func ParseOutcome(name string) (Outcome, bool) {
	for o, n := range outcomeNames {
		if n == name {
			return Outcome(o), true
		}
	}
	return 0, false
}
