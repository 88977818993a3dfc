package hostile

import (
	"fmt"
	"slices"
)

// Way is one way to misbehave. Its text names a test well.
type Way string

// The connection ends, or the answer does not. All but the first two come after
// the request was carried out.
const (
	CloseUnread Way = "close before the request is read" // with a reset, as if bytes were left unread
	CloseRead   Way = "close after the request is read"
	CloseDone   Way = "close after the request is carried out"
	CutHeaders  Way = "end in the headers"
	CutBody     Way = "end in the body"
	Hang        Way = "no answer"
	Trickle     Way = "a byte a second"
)

// The request was carried out, and the answer denies it.
const (
	Done500 Way = "carried out, then InternalErrorException"
	Done502 Way = "carried out, then HTML 502"
	Done503 Way = "carried out, then 503 with {}"
	Done504 Way = "carried out, then HTML 504"
	Done408 Way = "carried out, then HTML 408"
	Done429 Way = "carried out, then HTML 429"
)

// The request was carried out, and the 200 is no answer of Cognito's.
const (
	OKHTML     Way = "200 with HTML"
	OKEmpty    Way = "200 with nothing"
	OKHalf     Way = "200 with half a JSON"
	OKLength   Way = "200 with a wrong Content-Length"
	OKEndless  Way = "200 without an end"
	OKLarge    Way = "200 with 10 MB"
	OKGzipBomb Way = "200 with gzip that unpacks to 64 MB"
)

// The answer is not Cognito's, or not whole; nothing was carried out.
const (
	Large400     Way = "400 with 10 MB"
	LargeHeaders Way = "headers of 5 MB"
	Redirect301  Way = "301"
	Redirect302  Way = "302"
	Redirect303  Way = "303"
	Redirect307  Way = "307"
	Redirect308  Way = "308"
	HTML403      Way = "HTML 403"
	HTML404      Way = "HTML 404"
	UnknownType  Way = "400 with an unknown type"
	HeaderType   Way = "TooManyRequestsException in the header alone"
	NoType       Way = "400 with {}"
	Bare429      Way = "429 without a body"
	Cut400       Way = "TooManyRequestsException in the header, end in the body"
	Stall400     Way = "TooManyRequestsException in the header, no end of the body"
	CutBare400   Way = "400 without a type, end in the body"
)

// The answer is right, and another follows that nobody asked for.
const Unsolicited Way = "an answer to no request"

// The clock is off by an hour; the answer is right otherwise.
const (
	DateAhead  Way = "Date an hour ahead"
	DateBehind Way = "Date an hour behind"
)

// The answer, a 400 of UserLambdaValidationException, holds what may not be
// shown: in its type, its message and its request ID, also as headers.
const (
	Escapes      Way = "escape sequences"
	HeaderEscape Way = "an escape sequence in a header" // which Go's HTTP refuses
	EchoPlain    Way = "the password"
	EchoRequest  Way = "the request"
	EchoJSON     Way = "the request, JSON-escaped"
	EchoUnicode  Way = "the password, as \\u escapes"
	EchoURL      Way = "the password, URL-encoded"
	EchoHTML     Way = "the password, HTML-escaped"
	EchoBase64   Way = "the request in base64"
	EchoPassword Way = "the password in base64"
	EchoHex      Way = "the password in hex"
	EchoCut      Way = "the password, cut"
)

// A look's answer is no proof. These spoil ListUsers; the answers of any other
// operation they pass on.
const (
	LookOther        Way = "another user"
	LookNobody       Way = "nobody"
	LookTwo          Way = "two users"
	LookNoTime       Way = "no time"
	LookNullTime     Way = "a null time"
	LookZeroTime     Way = "a time of 0"
	LookWholeSeconds Way = "a time in whole seconds"
	LookStringTime   Way = "a time as a string"
	LookEmptyPage    Way = "an empty page that goes on"
	LookEscapes      Way = "escape sequences and 64 KB in name, sub and status"
)

// A listing that does not come to its end as it should; of ListUsers and
// ListUsersInGroup.
const (
	ListTwice   Way = "a user twice"
	ListForever Way = "the first page, for ever"
	ListRepeats Way = "a token that leads to itself"
	ListExpired Way = "a token that has expired"
)

// Spec says what a way is, for tests that range over all.
type Spec struct {
	Way   Way
	Done  bool // the request is carried out
	Look  bool // it is of lists of users alone
	Ends  bool // an answer, or the connection, ends by itself
	spoil func(*exchange)
}

// Ways returns all ways, in an order that stays.
func Ways() []Spec { return slices.Clone(table) }

var table = []Spec{
	{Way: CloseUnread, Ends: true, spoil: func(x *exchange) { x.close("", true) }},
	{Way: CloseRead, Ends: true, spoil: func(x *exchange) { x.close("", false) }},
	{Way: CloseDone, Done: true, Ends: true, spoil: func(x *exchange) { x.do(); x.close("", false) }},
	{Way: CutHeaders, Done: true, Ends: true, spoil: func(x *exchange) { x.do(); x.close("HTTP/1.1 200 OK\r\nDa", false) }},
	{Way: CutBody, Done: true, Ends: true, spoil: func(x *exchange) {
		x.do()
		x.close("HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: 100\r\n\r\n{", false)
	}},
	{Way: Hang, Done: true, spoil: func(x *exchange) { x.do(); x.wait() }},
	{Way: Trickle, Done: true, spoil: (*exchange).trickle},

	{Way: Done500, Done: true, Ends: true, spoil: func(x *exchange) {
		x.do()
		x.json(500, `{"__type":"InternalErrorException","message":"We have encountered an internal error. Please try again."}`)
	}},
	{Way: Done502, Done: true, Ends: true, spoil: func(x *exchange) { x.do(); x.html(502) }},
	{Way: Done503, Done: true, Ends: true, spoil: func(x *exchange) { x.do(); x.json(503, "{}") }},
	{Way: Done504, Done: true, Ends: true, spoil: func(x *exchange) { x.do(); x.html(504) }},
	{Way: Done408, Done: true, Ends: true, spoil: func(x *exchange) { x.do(); x.html(408) }},
	{Way: Done429, Done: true, Ends: true, spoil: func(x *exchange) { x.do(); x.html(429) }},

	{Way: OKHTML, Done: true, Ends: true, spoil: func(x *exchange) { x.do(); x.html(200) }},
	{Way: OKEmpty, Done: true, Ends: true, spoil: func(x *exchange) { x.do(); x.json(200, "") }},
	{Way: OKHalf, Done: true, Ends: true, spoil: func(x *exchange) { x.do(); x.json(200, `{"Users":[{"Username":"an`) }},
	{Way: OKLength, Done: true, Ends: true, spoil: func(x *exchange) {
		x.do()
		x.close("HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: 3000\r\nConnection: close\r\n\r\n{}", false)
	}},
	{Way: OKEndless, Done: true, spoil: func(x *exchange) { x.do(); x.pad(200, -1) }},
	{Way: OKLarge, Done: true, Ends: true, spoil: func(x *exchange) { x.do(); x.pad(200, 10<<20) }},
	{Way: OKGzipBomb, Done: true, Ends: true, spoil: func(x *exchange) { x.do(); x.bomb() }},

	{Way: Large400, Ends: true, spoil: func(x *exchange) { x.pad(400, 10<<20) }},
	{Way: LargeHeaders, Ends: true, spoil: (*exchange).largeHeaders},
	{Way: Redirect301, Ends: true, spoil: redirect(301)},
	{Way: Redirect302, Ends: true, spoil: redirect(302)},
	{Way: Redirect303, Ends: true, spoil: redirect(303)},
	{Way: Redirect307, Ends: true, spoil: redirect(307)},
	{Way: Redirect308, Ends: true, spoil: redirect(308)},
	{Way: HTML403, Ends: true, spoil: func(x *exchange) { x.html(403) }},
	{Way: HTML404, Ends: true, spoil: func(x *exchange) { x.html(404) }},
	{Way: UnknownType, Ends: true, spoil: func(x *exchange) { x.json(400, `{"__type":"NobodyHasHeardOfException","message":"no"}`) }},
	{Way: HeaderType, Ends: true, spoil: func(x *exchange) { x.throttle(); x.json(400, "{}") }},
	{Way: NoType, Ends: true, spoil: func(x *exchange) { x.json(400, "{}") }},
	{Way: Bare429, Ends: true, spoil: func(x *exchange) { x.w.WriteHeader(429) }},
	{Way: Cut400, Ends: true, spoil: func(x *exchange) {
		x.close("HTTP/1.1 400 Bad Request\r\nX-Amzn-Errortype: TooManyRequestsException:\r\nContent-Length: 100\r\n\r\n{", false)
	}},
	{Way: Stall400, spoil: (*exchange).stall},
	{Way: CutBare400, Ends: true, spoil: func(x *exchange) {
		x.close("HTTP/1.1 400 Bad Request\r\nContent-Length: 100\r\n\r\n{\"__ty", false)
	}},

	{Way: Unsolicited, Done: true, Ends: true, spoil: (*exchange).twice},
	{Way: DateAhead, Done: true, Ends: true, spoil: date(+1)},
	{Way: DateBehind, Done: true, Ends: true, spoil: date(-1)},

	{Way: Escapes, Ends: true, spoil: echo(func(*exchange) string { return "\x1b[31mred\x1b]8;;http://x/\x07\u202e\u0085" })},
	{Way: HeaderEscape, Ends: true, spoil: func(x *exchange) {
		x.close("HTTP/1.1 400 Bad Request\r\nX-Amzn-Requestid: \x1b[31mred\r\nContent-Length: 2\r\n\r\n{}", false)
	}},
	{Way: EchoPlain, Ends: true, spoil: echo(func(x *exchange) string { return x.secret() })},
	{Way: EchoRequest, Ends: true, spoil: echo(func(x *exchange) string { return string(x.body) })},
	{Way: EchoJSON, Ends: true, spoil: echo(func(x *exchange) string { return quoted(string(x.body)) })},
	{Way: EchoUnicode, Ends: true, spoil: echo(func(x *exchange) string { return escaped(x.secret()) })},
	{Way: EchoURL, Ends: true, spoil: echo(func(x *exchange) string { return queryEscaped(x.secret()) })},
	{Way: EchoHTML, Ends: true, spoil: echo(func(x *exchange) string { return htmlEscaped(x.secret()) })},
	{Way: EchoBase64, Ends: true, spoil: echo(func(x *exchange) string { return encoded(x.body) })},
	{Way: EchoPassword, Ends: true, spoil: echo(func(x *exchange) string { return encoded([]byte(x.secret())) })},
	{Way: EchoHex, Ends: true, spoil: echo(func(x *exchange) string { return hexed(x.secret()) })},
	{Way: EchoCut, Ends: true, spoil: echo(func(x *exchange) string { return x.secret()[:len(x.secret())*3/4] })},

	{Way: LookOther, Done: true, Look: true, Ends: true, spoil: look(other)},
	{Way: LookNobody, Done: true, Look: true, Ends: true, spoil: look(func(page map[string]any) { page["Users"] = []any{} })},
	{Way: LookTwo, Done: true, Look: true, Ends: true, spoil: look(two)},
	{Way: LookNoTime, Done: true, Look: true, Ends: true, spoil: look(each(func(u map[string]any) { delete(u, modified) }))},
	{Way: LookNullTime, Done: true, Look: true, Ends: true, spoil: look(each(func(u map[string]any) { u[modified] = nil }))},
	{Way: LookZeroTime, Done: true, Look: true, Ends: true, spoil: look(each(func(u map[string]any) { u[modified] = 0 }))},
	{Way: LookWholeSeconds, Done: true, Look: true, Ends: true, spoil: look(each(func(u map[string]any) { u[modified] = int64(u[modified].(float64)) }))},
	{Way: LookStringTime, Done: true, Look: true, Ends: true, spoil: look(each(func(u map[string]any) { u[modified] = "2026-01-01T00:00:00Z" }))},
	{Way: LookEmptyPage, Done: true, Look: true, Ends: true, spoil: look(func(page map[string]any) {
		page["Users"], page["PaginationToken"], page["NextToken"] = []any{}, "more", "more"
	})},
	{Way: LookEscapes, Done: true, Look: true, Ends: true, spoil: look(each(hostileUser))},

	{Way: ListTwice, Done: true, Look: true, Ends: true, spoil: look(func(page map[string]any) {
		if users := page["Users"].([]any); len(users) > 0 {
			page["Users"] = append(users, users[0])
		}
	})},
	{Way: ListForever, Done: true, Look: true, Ends: true, spoil: list(func(x *exchange, _ string) (string, bool) {
		return fmt.Sprintf("more-%d", x.e.Met(ListForever)), true
	})},
	{Way: ListRepeats, Done: true, Look: true, Ends: true, spoil: list(func(*exchange, string) (string, bool) { return "again", true })},
	{Way: ListExpired, Done: true, Look: true, Ends: true, spoil: list(func(_ *exchange, token string) (string, bool) {
		return "expires-at-once", token == ""
	})},
}
