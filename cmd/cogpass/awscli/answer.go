package awscli

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"cogpass/jobs"
	"cogpass/runner/cognito"
)

// refusal is what an answer that says no says.
type refusal struct{ code, message string }

// readAnswer finds out whether the service said no, as the AWS CLI does: in
// JSON, by status and header, and in whatever a proxy may have answered. Its
// error is that the answer makes no sense.
func readAnswer(r *cognito.Response) (*refusal, error) {
	body := strings.TrimSpace(string(r.Body))
	value, notJSON := parseJSON(string(r.Body))
	fields, isObject := value.(map[string]any)
	switch {
	case r.Status == http.StatusMultipleChoices:
		return &refusal{"Unknown", "Unknown"}, nil
	case r.Status >= 500 && (body == "" || strings.HasPrefix(body, "<html>")):
		return &refusal{strconv.Itoa(r.Status), http.StatusText(r.Status)}, nil
	case len(r.Body) == 0:
	case strings.ToValidUTF8(body, "") != body:
		return nil, generalf("the answer is not UTF-8 text")
	case r.Status < 300 && notJSON == nil && value == nil:
		return nil, generalf("the answer is null")
	case notJSON != nil:
		fields = map[string]any{"message": string(r.Body)}
	case r.Status > 300 && !isObject:
		return nil, generalf("the answer is a JSON %s, not an object", typeName(value))
	}
	if r.Status < 300 {
		return nil, nil
	}
	no := &refusal{code: strconv.Itoa(r.Status)}
	if header := strings.Split(r.Header.Get("X-Amzn-Query-Error"), ";"); len(header) == 2 && header[0] != "" {
		no.code = header[0]
	} else if t, given := fields["__type"]; given {
		text, isText := t.(string)
		if t != nil && !isText {
			return nil, generalf("the error's __type is a JSON %s, not a string", typeName(t))
		}
		no.code = text
	}
	no.code = no.code[strings.LastIndexByte(no.code, '#')+1:]
	for _, key := range []string{"Message", "message"} {
		if message, given := fields[key]; given {
			no.message = scalarText(message)
		}
	}
	return no, nil
}

// worthRetrying reports whether an answer is what the AWS CLI's standard mode
// takes for throttling or for a passing fault.
func worthRetrying(r *cognito.Response, no *refusal) bool {
	if slices.Contains([]int{500, 502, 503, 504}, r.Status) {
		return true
	}
	return no != nil && slices.Contains([]string{
		"RequestTimeout", "RequestTimeoutException", "PriorRequestNotComplete",
		"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
		"TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException",
		"RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "RequestThrottled",
		"SlowDown", "EC2ThrottledException",
	}, no.code)
}

// shown is what the service said, as it came but for what a terminal would act
// on, and for a text that repeats the password.
func shown(text string, password jobs.Secret) string {
	if cognito.Repeats(text, password) {
		return password.String() + ": the answer repeats the password, and is not shown"
	}
	var b strings.Builder
	for _, r := range text {
		if unicode.IsGraphic(r) || r == '\n' || r == '\t' {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
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
