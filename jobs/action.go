package jobs

import "fmt"

// Action is what a task does to its user. The zero value is none.
type Action uint8

// The actions, and the Cognito operation that carries out each.
const (
	SetTemporary Action = iota + 1 // AdminSetUserPassword; the user must choose another at the next sign-in
	SetPermanent                   // AdminSetUserPassword with Permanent
	Reset                          // AdminResetUserPassword; the user gets a code
)

var actionNames = [...]string{SetTemporary: "set-temporary", SetPermanent: "set-permanent", Reset: "reset"}

// ParseAction returns the action of that name.
func ParseAction(name string) (Action, bool) {
	for a, n := range actionNames {
		if n == name && n != "" {
			return Action(a), true
		}
	}
	return 0, false
}

// String returns the name that a job file uses.
func (a Action) String() string {
	if int(a) < len(actionNames) && a > 0 {
		return actionNames[a]
	}
	return fmt.Sprintf("action(%d)", uint8(a))
}

// Sets reports whether the action sets a password.
func (a Action) Sets() bool { return a == SetTemporary || a == SetPermanent }
