package cognito

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"unicode"
	"unicode/utf8"

	"cogpass/jobs"
	"cogpass/runner"
)

// echoes are what stands in a fuzzed answer for the request's password.
func echoes(password string) *strings.Replacer {
	quoted, _ := json.Marshal(password)
	return strings.NewReplacer("{plain}", password, "{json}", string(quoted), "{url}", url.QueryEscape(password), "{path}", url.PathEscape(password),
		"{html}", html.EscapeString(password), "{base64}", base64.StdEncoding.EncodeToString([]byte(password)), "{hex}", hex.EncodeToString([]byte(password)))
}

// FuzzAnswer answers with anything. What comes of it is one line, bounded, shows
// no password, and never says that a request which may have been carried out was
// not.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{"{}", "", `{"__type":"UserNotFoundException","message":"no {json}"}`, "<html>{html}</html>", `{"__type":"aws#{plain}","Message":{}}`,
		`{"message":"` + strings.Repeat("a ", 9000) + `{plain}"}`, `{"__type":["x"],"message":"\u202e\u0000\n{url} {base64} {hex}"}`, "[1", "\x1f\x8b\x08"} {
		for _, status := range []uint16{200, 204, 301, 307, 400, 403, 404, 408, 413, 429, 500, 502, 503, 504, 599} {
			f.Add(status-200, "", "", "", body)
		}
		f.Add(uint16(200), "TooManyRequestsException:http://{plain}/", "{hex}", "http://127.0.0.1:1/{path}?{url}", body)
		f.Add(uint16(107), "{plain}", "{plain}", "//{url}@x/{plain}", body)
		f.Add(uint16(101), "", "", "http://127.0.0.1:1/{base64}/{path}?{url}", body)
		f.Add(uint16(0), "{base64}", "{base64}", "", body)
	}
	var answer atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer.Load().(http.HandlerFunc)(w, r) }))
	f.Cleanup(server.Close)
	d := openAt(f, server.URL)
	echo := echoes(hostilePassword)
	f.Fuzz(func(t *testing.T, status uint16, errorType, requestID, location, body string) {
		code := 200 + int(status)%400
		answer.Store(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for name, value := range map[string]string{"X-Amzn-Errortype": errorType, "X-Amzn-Requestid": requestID, "Location": location, "Date": errorType} {
				if value = echo.Replace(value); value != "" && len(value) < 8<<10 {
					w.Header()[name] = []string{value}
				}
			}
			w.WriteHeader(code)
			_, _ = w.Write([]byte(echo.Replace(body))) // fails for those that have no body
		}))
		for _, task := range []runner.Task{
			{Username: "ana", Action: jobs.SetPermanent, Password: jobs.NewSecret(hostilePassword)},
			{Username: "ana", Action: jobs.SetPermanent, Password: jobs.NewSecret(hostilePassword), Step: runner.Create, Create: &jobs.Creation{}},
		} {
			got, err := d.Do(t.Context(), task)
			shown := got.RequestID + " " + got.Note
			if err != nil {
				fault := mustFault(t, err)
				shown += " " + fault.Code + " " + fault.Message + " " + err.Error() + " " + fault.Answer.RequestID
				if hint, ok := fault.Err.(interface{ Hint() string }); ok {
					shown += " " + hint.Hint()
				}
				if utf8.RuneCountInString(fault.Message) > 600 || len(fault.Code) > 100 || fault.Message == "" {
					t.Errorf("the message has %d bytes: %q %q", len(fault.Message), fault.Code, fault.Message)
				}
				if fault.Class == runner.Transient || code >= 500 && fault.Class != runner.InDoubt || code < 300 && fault.Class != runner.Unreadable && fault.Class != runner.InDoubt {
					t.Errorf("a change that is answered with %d is in class %v: %v", code, fault.Class, fault)
				}
			} else if code != http.StatusOK || !isObject([]byte(echo.Replace(body))) {
				t.Errorf("%d and %q count as a success", code, body)
			}
			if strings.Contains(shown, "canary") || strings.ContainsFunc(shown, func(r rune) bool { return !unicode.IsPrint(r) }) || !utf8.ValidString(shown) {
				t.Errorf("%d, %q, %q, %q, %q: got %q", code, errorType, requestID, location, body, shown)
			}
		}
	})
}
