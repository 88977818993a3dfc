package cognito

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"cogpass/jobs"
	"cogpass/runner"
)

// classes of the error codes. The user's state is meant by
// NotAuthorizedException here, not IAM.
var classes = map[string]runner.Class{
	"TooManyRequestsException": runner.Throttled,
	"ThrottlingException":      runner.Throttled,
	"Throttling":               runner.Throttled,
	"RequestLimitExceeded":     runner.Throttled,

	"InternalErrorException": runner.Transient,
	"InternalFailure":        runner.Transient,
	"ServiceUnavailable":     runner.Transient,

	"UserNotFoundException":          runner.UserFault,
	"NotAuthorizedException":         runner.UserFault,
	"InvalidParameterException":      runner.UserFault,
	"UserLambdaValidationException":  runner.UserFault,
	"InvalidLambdaResponseException": runner.UserFault,

	"InvalidPasswordException":                runner.PasswordFault,
	"PasswordHistoryPolicyViolationException": runner.HistoryFault,

	"LimitExceededException":       runner.Budget,
	"CodeDeliveryFailureException": runner.UserFault,

	"UnexpectedLambdaException": runner.LambdaFault,

	"ResourceNotFoundException":             runner.Fatal,
	"OperationNotEnabledException":          runner.Fatal,
	"InvalidUserPoolConfigurationException": runner.Fatal,
	"UnknownOperationException":             runner.Fatal,
	"InvalidSignatureException":             runner.Fatal,
	"SignatureDoesNotMatch":                 runner.Fatal,
	"IncompleteSignature":                   runner.Fatal,
	"MissingAuthenticationToken":            runner.Fatal,
	"MissingAuthenticationTokenException":   runner.Fatal,
	"InvalidClientTokenId":                  runner.Fatal,
	"OptInRequired":                         runner.Fatal,
}

// families are codes of which AWS has several with one beginning.
var families = []struct {
	prefix string
	class  runner.Class
}{
	{"AccessDenied", runner.Fatal},
	{"ExpiredToken", runner.Fatal},
	{"RequestExpired", runner.Fatal},
	{"UnrecognizedClient", runner.Fatal},
	{"InvalidSmsRole", runner.Budget},
	{"InvalidEmailRole", runner.Budget},
}

// classify says what an error of the SDK means. It is the one place that does.
// sent is whether any of the request was written; what it says does not show
// the password that the request held.
func classify(err error, sent bool, password jobs.Secret) *runner.Error {
	e := &runner.Error{Err: err}
	status := 0
	var response *awshttp.ResponseError
	if errors.As(err, &response) && response.Response != nil && response.Response.Response != nil {
		status = response.HTTPStatusCode()
		e.Answer.RequestID = response.ServiceRequestID()
		e.Answer.Date, _ = http.ParseTime(response.Response.Header.Get("Date"))
	}
	var api smithy.APIError
	switch {
	case errors.As(err, &api) && status >= 300:
		e.Code, e.Message = oneLine(api.ErrorCode()), oneLine(api.ErrorMessage())
		e.Class = classOf(e.Code, status)
	case status >= 300:
		e.Class, e.Message = classOf("", status), strings.TrimSpace(fmt.Sprintf("HTTP status %d %s", status, http.StatusText(status)))
	default:
		e.Class, e.Message = withoutAnswer(err, sent)
	}
	if e.Message == "" {
		e.Message = e.Code
	}
	e.Code, e.Message = short(e.Code), short(hide(e.Message, password))
	return e
}

func classOf(code string, status int) runner.Class {
	if class, ok := classes[code]; ok {
		return class
	}
	for _, f := range families {
		if strings.HasPrefix(code, f.prefix) {
			return f.class
		}
	}
	switch {
	case status == http.StatusTooManyRequests:
		return runner.Throttled
	case status >= 500:
		return runner.Transient
	case status == http.StatusForbidden, status == http.StatusUnauthorized, status == http.StatusNotFound:
		return runner.Fatal
	}
	return runner.UserFault
}

// withoutAnswer classifies an error that came in place of an answer. Where
// nothing of the request was written it is safe to send it again.
func withoutAnswer(err error, sent bool) (runner.Class, string) {
	var send *smithyhttp.RequestSendError
	var certificate *tls.CertificateVerificationError
	switch {
	case sent && errors.Is(err, context.DeadlineExceeded):
		return runner.InDoubt, "no answer in time"
	case sent && errors.Is(err, context.Canceled):
		return runner.InDoubt, "cut off before the answer"
	case sent:
		return runner.InDoubt, "connection lost before the answer"
	case errors.As(err, &certificate):
		return runner.Fatal, oneLine(certificate.Error())
	case strings.Contains(err.Error(), "get identity"):
		return runner.Fatal, "no valid credentials: " + oneLine(root(err).Error())
	case errors.As(err, &send), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return runner.Transient, "no connection: " + oneLine(root(err).Error())
	}
	return runner.Fatal, oneLine(root(err).Error())
}

// root returns the innermost error, which says what happened without saying
// through how many layers.
func root(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// oneLine makes a text from outside fit for a log and a report: one line of
// printable characters.
func oneLine(text string) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	return strings.Join(strings.Fields(clean), " ")
}

// short cuts a text to a length that a report can have in every row.
func short(text string) string {
	const most = 500
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
