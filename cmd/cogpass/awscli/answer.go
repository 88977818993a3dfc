package awscli

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"cogpass/cmd/cogpass/awscli/pyval"
	"cogpass/runner/cognito"
)

// refusal is what an answer that says no says.
type refusal struct{ code, message string }

// readAnswer finds out whether the service said no, as the AWS CLI does: in
// JSON, by status and header, and in whatever a proxy may have answered. Its
// error is that the answer makes no sense.
func readAnswer(r *cognito.Response) (*refusal, error) {
	if r.Status < 300 {
		return nil, checkSuccess(r)
	}
	if r.Status == 300 {
		return &refusal{"Unknown", "Unknown"}, nil
	}
	body := strings.TrimSpace(string(r.Body))
	if r.Status >= 500 && (body == "" || strings.HasPrefix(body, "<html>")) {
		return &refusal{strconv.Itoa(r.Status), http.StatusText(r.Status)}, nil
	}
	fields := &pyval.Map{}
	if len(r.Body) > 0 {
		if !utf8.Valid(r.Body) {
			return nil, generalf("the answer is not UTF-8 text")
		}
		v, err := pyval.ParseJSON(string(r.Body))
		if err != nil {
			fields.Set("message", string(r.Body))
		} else if m, ok := v.(*pyval.Map); ok {
			fields = m
		} else {
			return nil, generalf("the answer is a JSON %s, not an object", pyval.TypeName(v))
		}
	}
	code, err := errorCode(r, fields)
	if err != nil {
		return nil, err
	}
	message, ok := fields.Get("message")
	if !ok {
		message, ok = fields.Get("Message")
	}
	if !ok {
		message = ""
	}
	return &refusal{code, pyval.Str(message)}, nil
}

// errorCode takes the code from a header, else from __type, else the status.
func errorCode(r *cognito.Response, fields *pyval.Map) (string, error) {
	code := strconv.Itoa(r.Status)
	header := strings.Split(r.Header.Get("X-Amzn-Query-Error"), ";")
	if len(header) == 2 && header[0] != "" {
		code = header[0]
	} else if t, ok := fields.Get("__type"); ok {
		if t == nil {
			return "", nil
		}
		if code, ok = t.(string); !ok {
			return "", generalf("the error's __type is a JSON %s, not a string", pyval.TypeName(t))
		}
	}
	return code[strings.LastIndexByte(code, '#')+1:], nil
}

// checkSuccess accepts any answer but those that the AWS CLI stumbles over.
func checkSuccess(r *cognito.Response) error {
	if len(r.Body) == 0 {
		return nil
	}
	if !utf8.Valid(r.Body) {
		return generalf("the answer is not UTF-8 text")
	}
	if v, err := pyval.ParseJSON(string(r.Body)); err == nil && v == nil {
		return generalf("the answer is null")
	}
	return nil
}

// Which answers are worth another request: what the AWS CLI's standard mode
// takes for throttling or for a passing fault.
var (
	passingStatus = []int{500, 502, 503, 504}
	passingCodes  = []string{
		"RequestTimeout", "RequestTimeoutException", "PriorRequestNotComplete",
		"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
		"TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException",
		"RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "RequestThrottled",
		"SlowDown", "EC2ThrottledException",
	}
)

func worthRetrying(r *cognito.Response, no *refusal) bool {
	return slices.Contains(passingStatus, r.Status) || no != nil && slices.Contains(passingCodes, no.code)
}

// refused is the error of an answer that says no. Its last line is the AWS
// CLI's, byte for byte, because scripts read it.
func refused(op cognito.Operation, no *refusal, attempts, most int) error {
	retried := ""
	if attempts >= most {
		retried = fmt.Sprintf(" (reached max retries: %d)", attempts-1)
	}
	return &exitError{code: exitRefused, msg: fmt.Sprintf("An error occurred (%s) when calling the %s operation%s: %s", no.code, op, retried, no.message)}
}
