package sandbox

import (
	"fmt"
	"net/http"
	"strings"
)

// account is the AWS account in which all pools are.
const account = "123456789012"

// isSTS reports whether a request is for STS, whose protocol is another.
func isSTS(r *http.Request) bool {
	return r.Header.Get("X-Amz-Target") == "" && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

// callerIdentity serves GetCallerIdentity, so that a job's account can be
// guarded here too.
func (s *Server) callerIdentity(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/xml")
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if r.FormValue("Action") != "GetCallerIdentity" {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>`+
			`<Code>InvalidAction</Code><Message>The sandbox knows GetCallerIdentity only</Message></Error></ErrorResponse>`)
		return
	}
	fmt.Fprintf(w, `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>`+
		`<Arn>arn:aws:iam::%[1]s:user/sandbox</Arn><UserId>AIDASANDBOX</UserId><Account>%[1]s</Account></GetCallerIdentityResult>`+
		`<ResponseMetadata><RequestId>%[2]s</RequestId></ResponseMetadata></GetCallerIdentityResponse>`, account, s.requestID())
}
