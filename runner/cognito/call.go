package cognito

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Operation is one that Call can send.
type Operation string

// The operations of the AWS CLI's two commands.
const (
	AdminSetUserPassword   Operation = "AdminSetUserPassword"
	AdminResetUserPassword Operation = "AdminResetUserPassword"
)

// Response is what a server answered, whatever it meant.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// CallFault says why there is no Response.
type CallFault uint8

// The faults of a CallError. NotSent, the zero value, is any other.
const (
	NotSent     CallFault = iota // the request could not be made, or its answer is too long to be one
	Unreachable                  // no connection
	DialTimeout                  // no connection within Config.ConnectTimeout
	ReadTimeout                  // silence for Config.ReadTimeout
	Closed                       // the connection ended before the answer
	BadTLS                       // the server's certificate is not trusted, or TLS failed otherwise
)

// CallError is that a request got no answer.
type CallError struct {
	Fault CallFault
	Err   error
}

func (e *CallError) Error() string { return e.Err.Error() }
func (e *CallError) Unwrap() error { return e.Err }

// Call sends one request with exactly this body, which the SDK would write
// otherwise: it leaves out what is false or empty. It returns the answer as it
// came, also one that says no. Its error is a *ConfigError where there are no
// credentials, else a *CallError.
func (c *Client) Call(ctx context.Context, op Operation, body []byte) (*Response, error) {
	if err := c.Check(ctx); err != nil {
		return nil, err
	}
	var answer *Response
	exact := func(o *cip.Options) {
		o.APIOptions = append(o.APIOptions, sendExactly(body), keepAnswer(&answer))
	}
	var err error
	switch op {
	case AdminSetUserPassword:
		_, err = c.api.AdminSetUserPassword(ctx, &cip.AdminSetUserPasswordInput{
			UserPoolId: aws.String(""), Username: aws.String(""), Password: aws.String(""),
		}, exact)
	case AdminResetUserPassword:
		_, err = c.api.AdminResetUserPassword(ctx, &cip.AdminResetUserPasswordInput{
			UserPoolId: aws.String(""), Username: aws.String(""),
		}, exact)
	default:
		err = errors.New("unknown operation " + string(op))
	}
	if err != nil {
		return nil, &CallError{Fault: faultOf(err), Err: err}
	}
	return answer, nil
}

// sendExactly puts another body in place of the one the SDK has serialized,
// before it is measured and signed.
func sendExactly(body []byte) func(*middleware.Stack) error {
	put := middleware.SerializeMiddlewareFunc("ExactBody", func(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (middleware.SerializeOutput, middleware.Metadata, error) {
		if request, ok := in.Request.(*smithyhttp.Request); ok {
			request, err := request.SetStream(bytes.NewReader(body))
			if err != nil {
				return middleware.SerializeOutput{}, middleware.Metadata{}, err
			}
			in.Request = request
		}
		return next.HandleSerialize(ctx, in)
	})
	return func(s *middleware.Stack) error { return s.Serialize.Add(put, middleware.After) }
}

// keepAnswer keeps the answer and shows the SDK an empty success in its place,
// so that what the answer means is for the caller to say.
func keepAnswer(to **Response) func(*middleware.Stack) error {
	keep := middleware.DeserializeMiddlewareFunc("KeepAnswer", func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		raw, ok := out.RawResponse.(*smithyhttp.Response)
		if err != nil || !ok {
			return out, metadata, err
		}
		body, err := io.ReadAll(raw.Body)
		raw.Body.Close()
		if err != nil {
			return out, metadata, err
		}
		*to = &Response{Status: raw.StatusCode, Header: raw.Header.Clone(), Body: body}
		raw.StatusCode, raw.Body = http.StatusOK, io.NopCloser(strings.NewReader("{}"))
		return out, metadata, nil
	})
	return func(s *middleware.Stack) error { return s.Deserialize.Add(keep, middleware.After) }
}

func faultOf(err error) CallFault {
	var silence *awshttp.ResponseTimeoutError
	var op *net.OpError
	dialing := errors.As(err, &op) && op.Op == "dial"
	var send *smithyhttp.RequestSendError
	switch {
	case errors.As(err, &silence):
		return ReadTimeout
	case dialing && op.Timeout():
		return DialTimeout
	case dialing:
		return Unreachable
	case strings.Contains(err.Error(), "tls: "), strings.Contains(err.Error(), "x509: "):
		return BadTLS
	case strings.Contains(err.Error(), "response headers exceeded"): // there was an answer
		return NotSent
	case errors.As(err, &send), errors.Is(err, io.ErrUnexpectedEOF):
		return Closed
	}
	return NotSent
}
