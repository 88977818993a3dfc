package sandbox

import "errors"

// ErrNewPasswordRequired is SignIn's answer to a temporary password that is
// right: Cognito would ask for a new one.
var ErrNewPasswordRequired = errors.New("NEW_PASSWORD_REQUIRED")

// Error is an answer of the service that is not success.
type Error struct {
	Code    string // such as "UserNotFoundException"
	Message string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }
