package sandbox

import (
	"fmt"
	"html"
	"net/http"
	"strings"
)

// Account is the AWS account in which all pools are.
const Account = "123456789012"

// isSTS reports whether a request is for STS, whose protocol is another.
func isSTS(r *http.Request) bool {
	return r.Header.Get("X-Amz-Target") == "" && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

// callerIdentity serves GetCallerIdentity, so that a job's account can be
// guarded here too. A list of faults can be for it.
func (s *Server) callerIdentity(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/xml")
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	met, _ := s.listedFault("GetCallerIdentity", "", true)
	switch {
	case met.lost > 0:
		panic(http.ErrAbortHandler)
	case met.error != nil:
		refuseXML(w, met.error)
		return
	case r.FormValue("Action") != "GetCallerIdentity":
		refuseXML(w, &Error{"InvalidAction", "The sandbox knows GetCallerIdentity only"})
		return
	}
	fmt.Fprintf(w, `<GetCallerIdentityResponse xmlns="`+stsNamespace+`"><GetCallerIdentityResult>`+
		`<Arn>arn:aws:iam::%[1]s:user/sandbox</Arn><UserId>AIDASANDBOX</UserId><Account>%[1]s</Account></GetCallerIdentityResult>`+
		`<ResponseMetadata><RequestId>%[2]s</RequestId></ResponseMetadata></GetCallerIdentityResponse>`, Account, s.requestID())
}

const stsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"

// refuseXML answers with an error in the form of STS.
func refuseXML(w http.ResponseWriter, err *Error) {
	w.WriteHeader(err.status())
	fmt.Fprintf(w, `<ErrorResponse xmlns="`+stsNamespace+`"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>`,
		err.Code, html.EscapeString(err.Message))
}
