package sandbox

import "errors"

// Faults says what goes wrong with AdminSetUserPassword and
// AdminResetUserPassword. The shares, 0 to 1, are of all requests that no
// list of User decides; together they are at most 1.
type Faults struct {
	Throttle   float64 `json:"throttle"`   // TooManyRequestsException
	Fail       float64 `json:"fail"`       // InternalErrorException
	LostAfter  float64 `json:"lostAfter"`  // the change is made, the connection closed without an answer
	LostBefore float64 `json:"lostBefore"` // the connection is closed and nothing changed

	// User says, by username, what becomes of the user's first, second and
	// further requests: "ok", "throttle", "500", "lost-after", "lost-before", or
	// an error as "UserNotFoundException" or "CODE: text". "*3" at the end
	// means three times, "*" for ever.
	User map[string][]string `json:"user,omitempty"`
}

// ParseShare reads a share: "10%" or "0.1".
func ParseShare(text string) (float64, error) { return 0, errors.New("not yet") }

// ParseUserFault reads NAME=FAULT,FAULT… into a username and its list, as
// Faults.User has it.
func ParseUserFault(text string) (username string, faults []string, err error) {
	return "", nil, errors.New("not yet")
}

// ParseQuota reads CATEGORY=N, with N in requests a second.
func ParseQuota(text string) (category string, rps float64, err error) {
	return "", 0, errors.New("not yet")
}
