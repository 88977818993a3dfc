package cognito

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"cogpass/jobs"
	"cogpass/runner"
)

// classes are the classes of error codes. NotAuthorizedException is about the
// user's state here, not about IAM.
var classes = map[string]runner.Class{
	"TooManyRequestsException": runner.Throttled,
	"ThrottlingException":      runner.Throttled,
	"Throttling":               runner.Throttled,
	"RequestLimitExceeded":     runner.Throttled,

	"InternalErrorException": runner.Transient,
	"InternalFailure":        runner.Transient,

	"UserNotFoundException":          runner.UserFault,
	"UserNotConfirmedException":      runner.UserFault,
	"PasswordResetRequiredException": runner.UserFault,
	"NotAuthorizedException":         runner.UserFault,
	"InvalidParameterException":      runner.UserFault,
	"UserLambdaValidationException":  runner.UserFault,
	"InvalidLambdaResponseException": runner.UserFault,

	"InvalidPasswordException":                runner.PasswordFault,
	"PasswordHistoryPolicyViolationException": runner.HistoryFault,

	"LimitExceededException":        runner.UserLimit, // but for the daily limit of e-mails
	"CodeDeliveryFailureException":  runner.Undelivered,
	"UsernameExistsException":       runner.Exists,
	"AliasExistsException":          runner.UserFault,
	"UnsupportedUserStateException": runner.UserFault,

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

// secretClasses are those of Secrets Manager's own codes. Whether a secret is
// there is about one user, where a pool that is not there ends a run; a key that
// does not encrypt does so for nobody.
var secretClasses = map[string]runner.Class{
	"ResourceNotFoundException": runner.UserFault,
	"ResourceExistsException":   runner.Exists,
	"InvalidRequestException":   runner.UserFault,
	"InternalServiceError":      runner.Transient,
	"EncryptionFailure":         runner.Fatal,
	"DecryptionFailure":         runner.Fatal,
}

// families are the classes of codes that AWS has in several forms.
var families = []struct {
	prefix string
	class  runner.Class
}{
	{"ServiceUnavailable", runner.Transient},
	{"RequestTimeout", runner.Transient},
	{"AccessDenied", runner.Fatal},
	{"ExpiredToken", runner.Fatal},
	{"RequestExpired", runner.Fatal},
	{"UnrecognizedClient", runner.Fatal},
	{"InvalidSmsRole", runner.Budget},
	{"InvalidEmailRole", runner.Budget},
}

// Codes returns the error codes that are known, of all services that are asked,
// with their classes: whoever has something to say of each can see that none is
// left out. A code that AWS has in several forms is there as what they begin with.
func Codes() map[string]runner.Class {
	all := maps.Clone(classes)
	for code, class := range secretClasses {
		if _, known := all[code]; !known {
			all[code] = class
		}
	}
	for _, f := range families {
		all[f.prefix] = f.class
	}
	return all
}

// An attempt is what classify needs to know about a request besides its error.
type attempt struct {
	left    bool          // any of it may have been written
	changes bool          // it would have changed something
	signIn  bool          // it tried a password
	secret  bool          // it was for Secrets Manager
	hidden  []jobs.Secret // what it held that no answer may show; the password, if any, is the first
}

// classify says what an error of the SDK means. It is the one place that does.
// All that it returns may be shown.
func classify(err error, a attempt) *runner.Error {
	var lending *lendingError
	if errors.As(err, &lending) {
		return withoutCredentials(err)
	}
	status := 0
	var response *awshttp.ResponseError
	if errors.As(err, &response) && response.Response != nil && response.Response.Response != nil {
		status = response.HTTPStatusCode()
	}
	var strange *answerError
	switch {
	case errors.As(err, &strange):
		// A whole answer of Cognito's may still say no in a way of its own.
		shown := *strange
		shown.message = message(strange.message, a.hidden...) // it says where a redirect leads, which may repeat the request
		return &runner.Error{Class: strange.class, Message: shown.message, Err: &shown, Unproven: a.changes && strange.class != runner.UserFault}
	case status == 0:
		return withoutAnswer(err, a.left)
	}
	e := refusal(err, status, a)
	// No Err: its text would hold all that the service has said.
	e.Answer = runner.Answer{RequestID: response.ServiceRequestID()}
	if e.Answer.RequestID = fit(e.Answer.RequestID, requestIDs); showsAny(e.Answer.RequestID, a.hidden) {
		e.Answer.RequestID = ""
	}
	e.Answer.Date, _ = http.ParseTime(response.Response.Header.Get("Date"))
	return e
}

// refusal classifies an answer, whose status is known.
func refusal(err error, status int, a attempt) *runner.Error {
	said := strings.TrimSpace(fmt.Sprintf("HTTP status %d %s", status, http.StatusText(status)))
	if status < 300 { // a success, as far as its status goes
		return &runner.Error{Class: runner.Unreadable, Message: said + ", with what cannot be read"}
	}
	e := &runner.Error{Message: said}
	text, coded := "", false
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() != unknownCode {
		coded = status == http.StatusBadRequest // of any form: it is not shown, but somebody has judged
		if e.Code = fit(api.ErrorCode(), codes); showsAny(e.Code, a.hidden) {
			e.Code = ""
		}
		if text = api.ErrorMessage(); text != "" && text != unknownCode {
			e.Message = message(text, a.hidden...)
		}
	}
	e.Class = classOf(e.Code, text, status)
	if a.signIn {
		ofSignIn(e, text)
	}
	if class, ok := secretClasses[e.Code]; ok && a.secret {
		e.Class = class
	}
	if status >= 500 {
		e.Class = runner.Transient
	}
	if e.Class == runner.Transient && a.changes { // it may have been carried out before it failed
		e.Class = runner.InDoubt
	}
	if e.Code == "" && !coded { // Cognito's own have one
		e.Unproven = a.changes
	}
	if e.Class == runner.UserFault && e.Unproven {
		e.Class = runner.InDoubt
	}
	if e.Class == runner.Fatal && e.Code == "" {
		e.Err = &answerError{class: e.Class, status: status, message: e.Message}
	}
	return e
}

// unknownCode stands in the SDK's errors for a missing code or message.
const unknownCode = "UnknownError"

// classOf returns the class of an error code, or else of the status alone.
func classOf(code, text string, status int) runner.Class {
	if code == "LimitExceededException" && strings.Contains(strings.ToLower(text), "daily email limit") {
		return runner.Budget
	}
	if class, ok := classes[code]; ok {
		return class
	}
	for _, f := range families {
		if strings.HasPrefix(code, f.prefix) {
			return f.class
		}
	}
	switch status {
	case http.StatusTooManyRequests:
		return runner.Throttled
	case http.StatusForbidden, http.StatusUnauthorized, http.StatusNotFound, http.StatusProxyAuthRequired:
		return runner.Fatal
	}
	return runner.UserFault
}

// clientFaults are the refusals of a sign-in that are about the app client or the
// way to it, by code and a part of the text in lower case. The
// user has got the password by then, and is at no fault. But each further check
// would fail alike, and users would be set whom nobody has checked: they are
// Fatal, and the run goes on when the client is mended.
var clientFaults = []struct{ code, text string }{
	{"ResourceNotFoundException", ""},
	{"OperationNotEnabledException", ""},
	{"ForbiddenException", ""}, // a web ACL of the pool's
	{"NotAuthorizedException", "secret"},
	{"InvalidParameterException", "secret"},
	{"UnsupportedOperationException", ""},
	{"InvalidParameterException", "flow not enabled"},
	{"NotAuthorizedException", "flow not enabled"},
	{"InvalidParameterException", "auth method not supported"},
}

// ofSignIn corrects what a refusal means where it is of a sign-in.
func ofSignIn(e *runner.Error, text string) {
	text = strings.ToLower(text)
	for _, f := range clientFaults {
		if e.Code == f.code && strings.Contains(text, f.text) {
			e.Class = runner.Fatal
			e.Err = &answerError{class: runner.Fatal, message: e.Message, hint: clientHint}
			return
		}
	}
	if e.Class == runner.UserFault && e.Code != "" {
		e.Message = short("the new password does not let the user in: " + e.Message)
	}
}

const clientHint = "the passwords so far are set: mend the app client or the job's check, then go on; it needs the client's ID and its secret, if it has one, " +
	"and ALLOW_USER_PASSWORD_AUTH, or ALLOW_ADMIN_USER_PASSWORD_AUTH with admin: true"

// hostFaults are the errors of a machine that lacks what a request needs.
var hostFaults = []error{
	syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.ENOBUFS,
	syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.ENETDOWN, syscall.EADDRNOTAVAIL,
}

func ofHost(err error) bool {
	var name *net.DNSError
	return errors.As(err, &name) || slices.ContainsFunc(hostFaults, func(fault error) bool { return errors.Is(err, fault) })
}

func givenUp(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// withoutAnswer classifies an error that came instead of an answer. If nothing
// of the request was written, it is safe to send it again.
func withoutAnswer(err error, left bool) *runner.Error {
	e := &runner.Error{Err: err}
	var send *smithyhttp.RequestSendError
	var certificate *tls.CertificateVerificationError
	var proxy *proxyError
	switch {
	case left && errors.Is(err, context.DeadlineExceeded):
		e.Class, e.Message = runner.InDoubt, "no answer in time"
	case left && errors.Is(err, context.Canceled):
		e.Class, e.Message = runner.InDoubt, "cut off before the answer"
	case left && strings.Contains(err.Error(), "response headers exceeded"):
		e.Class, e.Message = runner.InDoubt, fmt.Sprintf("the answer's headers are longer than %d bytes", mostHeaders)
	case left:
		e.Class, e.Message = runner.InDoubt, "connection lost before the answer"
	case errors.As(err, &certificate):
		e.Class, e.Message = runner.Fatal, short(oneLine(certificate.Error()))
		e.Err = &answerError{class: e.Class, message: e.Message, hint: certificateHint}
	case errors.As(err, &proxy):
		e.Class, e.Message, e.Err = proxy.class(), proxy.Error(), proxy
	case toProxy(err):
		e.Class, e.Message = runner.Host, "no connection to the proxy: "+short(oneLine(root(err).Error()))
	case ofHost(err):
		e.Class, e.Message = runner.Host, "no connection: "+short(oneLine(root(err).Error()))
	case strings.Contains(err.Error(), "get identity") && !givenUp(err) && !errors.As(err, &send):
		e.Class, e.Message = runner.Fatal, "no valid credentials: "+credentialsFault(err)
	case errors.As(err, &send), givenUp(err):
		e.Class, e.Message = runner.Transient, "no connection: "+short(oneLine(root(err).Error()))
	default:
		e.Class, e.Message = runner.Fatal, short(oneLine(root(err).Error()))
	}
	return e
}

// withoutCredentials classifies an error of fetching credentials: nothing of the
// request itself has left. It has no Code, which would be the other service's.
func withoutCredentials(err error) *runner.Error {
	var response *awshttp.ResponseError
	if !errors.As(err, &response) || response.Response == nil || response.Response.Response == nil || response.HTTPStatusCode() == 0 {
		return withoutAnswer(err, false)
	}
	said := refusal(err, response.HTTPStatusCode(), attempt{})
	e := &runner.Error{Class: runner.Fatal, Message: short("fetching the AWS credentials: " + said.Error())}
	switch {
	case said.Class == runner.Throttled, said.Class == runner.Transient: // and no lane of ours is to learn from it
		e.Class = runner.Transient
	case strings.HasPrefix(said.Code, "AccessDenied") && asked(err, "STS"):
		e.Err = &answerError{class: e.Class, message: e.Message, hint: refusedRoleHint}
	}
	return e
}

// root returns the innermost error: what happened, without the layers it came
// through.
func root(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
