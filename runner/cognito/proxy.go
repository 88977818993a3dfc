package cognito

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"cogpass/runner"
)

// proxyError says that the network's proxy does not let a request through. Nothing
// of the request has left then.
type proxyError struct {
	host   string
	status int
}

func (e *proxyError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("the proxy %s does not connect: HTTP status %d %s", short(oneLine(e.host)), e.status, http.StatusText(e.status)))
}

// Hint returns advice in one line.
func (e *proxyError) Hint() string {
	if e.status == http.StatusProxyAuthRequired {
		return "the proxy wants a name and a password: give them in HTTPS_PROXY, as http://NAME:PASSWORD@HOST:PORT"
	}
	return "check HTTPS_PROXY, and whether the proxy lets cognito-idp.REGION.amazonaws.com through; NO_PROXY names what goes without it"
}

// class is that of a refusal where nothing but other settings will help.
func (e *proxyError) class() runner.Class {
	if e.status >= 400 && e.status < 500 && e.status != http.StatusTooManyRequests && e.status != http.StatusRequestTimeout {
		return runner.Fatal
	}
	return runner.Transient
}

// throughProxy tells a proxy's answer from the service's.
func throughProxy(_ context.Context, proxy *url.URL, _ *http.Request, r *http.Response) error {
	if r.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyError{proxy.Host, r.StatusCode}
}

// toProxy reports whether an error is of the way to the proxy.
func toProxy(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "proxyconnect"
}

const certificateHint = "where the network looks into TLS, name the CA's certificate in AWS_CA_BUNDLE, or ca_bundle in the AWS config; else check --endpoint-url"
