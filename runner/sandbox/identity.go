package sandbox

import (
	"cmp"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
)

// Account is the AWS account of pools and access keys of which no other is said.
const Account = "123456789012"

var accountPattern = regexp.MustCompile(`^[0-9]{12}$`)

// caller is as whom a request is signed. The zero value is nobody: the request is
// not signed.
type caller struct{ key, account, arn string }

var (
	errExpiredToken  = &Error{"ExpiredTokenException", "The security token included in the request is expired"}
	errExpiredOfSTS  = &Error{"ExpiredToken", "The security token included in the request is expired"}
	signedCredential = regexp.MustCompile(`Credential=([^/,\s]+)/`)
)

// SetAccount says in which account an access key is. Of any other key it is Account.
func (s *Server) SetAccount(key, account string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accounts[key] = account
}

// callerOf returns as whom a request is signed; false where the session has expired.
func (s *Server) callerOf(r *http.Request) (caller, bool) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return caller{}, true
	}
	key := ""
	if m := signedCredential.FindStringSubmatch(header); m != nil {
		key = m[1]
	}
	if of, ok := s.sessions.get(key); ok {
		return caller{key, of.Account, of.arn()}, !of.Expired && s.now().Before(of.Expires)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	account := cmp.Or(s.accounts[key], Account)
	return caller{key, account, "arn:aws:iam::" + account + ":user/sandbox"}, true
}

// mine reports whether a caller has to do with an account: one that is not signed
// for is not told apart.
func (c caller) mine(account string) bool { return c.account == "" || c.account == account }

// isSTS reports whether a request is for STS, whose protocol is another.
func isSTS(r *http.Request) bool {
	return r.Header.Get("X-Amz-Target") == "" && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

// serveSTS serves GetCallerIdentity, so that a job's account can be guarded here
// too, and AssumeRole. A list of faults can be for either; for AssumeRole/ARN too.
func (s *Server) serveSTS(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/xml")
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	action := r.FormValue("Action")
	if action != "GetCallerIdentity" && action != "AssumeRole" {
		refuseXML(w, &Error{"InvalidAction", "The sandbox knows GetCallerIdentity and AssumeRole only"})
		return
	}
	met, _ := s.listedFault(action, r.FormValue("RoleArn"), true)
	who, holds := s.callerOf(r)
	if met.error == nil && !holds {
		met.error = errExpiredOfSTS
	}
	result := ""
	switch {
	case met.lost == lostBefore, met.error != nil:
	case action == "AssumeRole":
		result, met.error = s.assumeRole(r, who)
	default:
		account := cmp.Or(who.account, Account)
		result = fmt.Sprintf(`<Arn>%s</Arn><UserId>AIDASANDBOX</UserId><Account>%s</Account>`, html.EscapeString(cmp.Or(who.arn, "arn:aws:iam::"+account+":user/sandbox")), account)
	}
	switch {
	case met.lost > 0:
		panic(http.ErrAbortHandler)
	case met.error != nil:
		refuseXML(w, met.error)
	default:
		fmt.Fprintf(w, `<%[1]sResponse xmlns="`+stsNamespace+`"><%[1]sResult>%[2]s</%[1]sResult><ResponseMetadata><RequestId>%[3]s</RequestId></ResponseMetadata></%[1]sResponse>`,
			action, result, s.requestID())
	}
}

const stsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"

// refuseXML answers with an error in the form of STS.
func refuseXML(w http.ResponseWriter, err *Error) {
	status := err.status()
	if strings.HasPrefix(err.Code, "AccessDenied") || strings.HasPrefix(err.Code, "ExpiredToken") || err == errUnsignedOfSTS {
		status = http.StatusForbidden
	}
	w.WriteHeader(status)
	fmt.Fprintf(w, `<ErrorResponse xmlns="`+stsNamespace+`"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>`,
		err.Code, html.EscapeString(err.Message))
}
