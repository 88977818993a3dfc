package hostile

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	awsJSON  = "application/x-amz-json-1.1"
	modified = "UserLastModifiedDate"
)

func (x *exchange) json(status int, body string) {
	x.w.Header().Set("Content-Type", awsJSON)
	x.w.WriteHeader(status)
	_, _ = io.WriteString(x.w, body)
}

// html answers as a gateway, a proxy or a captive portal does.
func (x *exchange) html(status int) {
	x.w.Header().Set("Content-Type", "text/html")
	x.w.WriteHeader(status)
	fmt.Fprintf(x.w, "<html><head><title>%d</title></head><body>Please sign in.</body></html>", status)
}

// throttle sets the header that Cognito repeats an error's type in.
func (x *exchange) throttle() { x.w.Header().Set("X-Amzn-Errortype", "TooManyRequestsException:") }

func redirect(status int) func(*exchange) {
	return func(x *exchange) {
		x.w.Header().Set("Location", "/moved?to=login")
		x.html(status)
	}
}

func (x *exchange) largeHeaders() {
	x.w.Header().Set("X-Amzn-Requestid", strings.Repeat("r", 5<<20))
	x.json(400, `{"__type":"UserNotFoundException"}`)
}

// trickle carries the request out, and answers with one byte at a time.
func (x *exchange) trickle() {
	x.do()
	conn, _, err := http.NewResponseController(x.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	pace := x.e.Pace
	if pace <= 0 {
		pace = time.Second
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: "+awsJSON+"\r\nContent-Length: 1000000\r\n\r\n{")
	for tick := time.NewTicker(pace); ; <-tick.C {
		if _, err := conn.Write([]byte(" ")); err != nil { // the client has gone
			tick.Stop()
			return
		}
	}
}

// stall answers a 400 whose body does not end.
func (x *exchange) stall() {
	x.throttle()
	x.w.Header().Set("Content-Length", "100")
	x.json(400, "{")
	_ = http.NewResponseController(x.w).Flush()
	x.wait()
}

// pad answers with a message of that many bytes, or without an end.
func (x *exchange) pad(status, size int) {
	x.json(status, `{"__type":"UserNotFoundException","message":"`)
	block := strings.Repeat("x", 64<<10)
	for n := 0; size < 0 || n < size; n += len(block) {
		if _, err := io.WriteString(x.w, block); err != nil {
			return
		}
	}
	_, _ = io.WriteString(x.w, `"}`)
}

// bomb is made of many small members, which is quick to make.
var bomb = sync.OnceValue(func() []byte {
	pack := func(text string) []byte {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, _ = io.WriteString(w, text)
		_ = w.Close()
		return packed.Bytes()
	}
	block := pack(strings.Repeat("x", 1<<20))
	return slices.Concat(pack(`{"message":"`), bytes.Repeat(block, 64), pack(`"}`))
})

// bomb answers with gzip even if nobody has asked for it.
func (x *exchange) bomb() {
	x.w.Header().Set("Content-Encoding", "gzip")
	x.json(200, string(bomb()))
}

// twice answers, and again.
func (x *exchange) twice() {
	a := x.do()
	text := fmt.Sprintf("HTTP/1.1 %d OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", a.status, awsJSON, a.body.Len(), a.body.String())
	x.close(text+"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false)
}

func date(hours int) func(*exchange) {
	return func(x *exchange) {
		a := x.do()
		a.header.Set("Date", time.Now().Add(time.Duration(hours)*time.Hour).UTC().Format(http.TimeFormat))
		x.pass(a)
	}
}

// secret returns the request's password, or one that stands for it.
func (x *exchange) secret() string {
	var in struct{ Password, TemporaryPassword string }
	if json.Unmarshal(x.body, &in) != nil {
		return "no-password"
	}
	return cmp.Or(in.Password, in.TemporaryPassword, "no-password")
}

// echo refuses a request and puts a text wherever an answer has room for one.
func echo(text func(*exchange) string) func(*exchange) {
	return func(x *exchange) {
		said := text(x)
		header := strings.Map(func(r rune) rune { return max(r, ' ') }, said)
		x.w.Header().Set("X-Amzn-Requestid", "id "+header)
		body, _ := json.Marshal(map[string]string{
			"__type": "UserLambdaValidationException#" + said, "message": "PreSignUp failed with " + said + ".",
		})
		x.json(400, string(body))
	}
}

func quoted(text string) string {
	in, _ := json.Marshal(text)
	return string(in)
}

// escaped writes every character as \uXXXX.
func escaped(text string) string {
	var b strings.Builder
	for _, r := range text {
		fmt.Fprintf(&b, `\u%04x`, r)
	}
	return b.String()
}

func queryEscaped(text string) string { return url.QueryEscape(text) }
func htmlEscaped(text string) string  { return html.EscapeString(text) }
func encoded(text []byte) string      { return base64.StdEncoding.EncodeToString(text) }
func hexed(text string) string        { return hex.EncodeToString([]byte(text)) }

// look changes what a list of users answers.
func look(change func(page map[string]any)) func(*exchange) {
	return func(x *exchange) {
		a := x.do()
		var page map[string]any
		if json.Unmarshal(a.body.Bytes(), &page) == nil && page["Users"] != nil {
			change(page)
			a.body.Reset()
			_ = json.NewEncoder(&a.body).Encode(page)
		}
		x.pass(a)
	}
}

// list answers a request of a listing with the first page, and the token that
// next says, or refuses the request's token.
func list(next func(x *exchange, token string) (string, bool)) func(*exchange) {
	return func(x *exchange) {
		var in map[string]any
		_ = json.Unmarshal(x.body, &in)
		key := "PaginationToken"
		if in["GroupName"] != nil {
			key = "NextToken"
		}
		asked, _ := in[key].(string)
		token, ok := next(x, asked)
		if !ok {
			x.json(400, `{"__type":"InvalidParameterException","message":"Paging marker `+asked+` is invalid for request"}`)
			return
		}
		delete(in, key)
		x.body, _ = json.Marshal(in)
		look(func(page map[string]any) { page[key] = token })(x)
	}
}

// each changes every user of a page.
func each(change func(u map[string]any)) func(map[string]any) {
	return func(page map[string]any) {
		for _, u := range page["Users"].([]any) {
			change(u.(map[string]any))
		}
	}
}

// rename turns a user into another one.
func rename(u map[string]any) {
	u["Username"] = "somebody-else"
	attributes, _ := u["Attributes"].([]any)
	for _, a := range attributes {
		a := a.(map[string]any)
		switch a["Name"] {
		case "sub":
			a["Value"] = "ffffffff-0000-4000-8000-000000000000"
		case "email", "phone_number", "preferred_username":
			a["Value"] = "other-" + a["Value"].(string)
		}
	}
}

func other(page map[string]any) { each(rename)(page) }

func two(page map[string]any) {
	users := page["Users"].([]any)
	if len(users) == 0 {
		return
	}
	second := maps.Clone(users[0].(map[string]any))
	delete(second, "Attributes")
	second["Username"] = "somebody-else"
	page["Users"] = append(users, second)
}

func hostileUser(u map[string]any) {
	text := "\x1b[31mred\x1b[0m\u202e" + strings.Repeat("x", 64<<10)
	u["UserStatus"] = "RESET_REQUIRED" + text
	attributes, _ := u["Attributes"].([]any)
	for _, a := range attributes {
		if a := a.(map[string]any); a["Name"] == "sub" {
			a["Value"] = text
		}
	}
}
