package sandbox

import "fmt"

// Error is an error that the service answers with.
type Error struct {
	Code    string // such as "UserNotFoundException"
	Message string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// The codes used in more than one place; Cognito's API reference has the rest.
const (
	codeInvalidParameter = "InvalidParameterException"
	codeInternal         = "InternalErrorException"
	codeNotAuthorized    = "NotAuthorizedException"
	codeResourceNotFound = "ResourceNotFoundException"
	codeThrottled        = "TooManyRequestsException"
)

var (
	errThrottled     = &Error{codeThrottled, "Rate exceeded"}
	errInternal      = &Error{codeInternal, "We have encountered an internal error. Please try again."}
	errUnsigned      = &Error{"UnrecognizedClientException", "The security token included in the request is invalid."}
	errUserNotFound  = &Error{"UserNotFoundException", "User does not exist."}
	errUserDisabled  = &Error{codeNotAuthorized, "User is disabled."}
	errWrongPassword = &Error{codeNotAuthorized, "Incorrect username or password."}
	errTooManyEmails = &Error{"LimitExceededException", "Exceeded daily email limit for the operation or the account. If a higher limit is required, please configure your user pool to use your own Amazon SES configuration."}
)

func errPoolNotFound(id string) *Error {
	return &Error{codeResourceNotFound, fmt.Sprintf("User pool %s does not exist.", id)}
}

func errClientNotFound(id string) *Error {
	return &Error{codeResourceNotFound, fmt.Sprintf("User pool client %s does not exist.", id)}
}

func invalidParameter(format string, args ...any) *Error {
	return &Error{codeInvalidParameter, fmt.Sprintf(format, args...)}
}
