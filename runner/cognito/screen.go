package cognito

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"cogpass/jobs"
)

// These parts of an answer appear in logs, reports and files. What does not have
// the form that Cognito uses is left out.
var (
	requestIDs = form{regexp.MustCompile(`^[0-9A-Za-z-]+$`), 64}
	codes      = form{regexp.MustCompile(`^[A-Za-z][0-9A-Za-z.]*$`), 100}
	states     = form{regexp.MustCompile(`^[A-Z_]+$`), 32}
	arns       = form{regexp.MustCompile(`^arn:[\w-]+:(sts|iam)::[0-9]{12}:[\w+=,.@/:-]+$`), 300}
	usernames  = form{regexp.MustCompile(`^[^\p{C}]+$`), 128}
	accounts   = form{regexp.MustCompile(`^[0-9]{12}$`), 12}

	subs = form{regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`), 36}
	// An access key's ID, and what else of a signature somebody may repeat.
	keys     = regexp.MustCompile(`\b(AKIA|ASIA)[A-Z0-9]{16}\b|\b(Credential|Signature)=[^,\s]+`)
	userinfo = regexp.MustCompile(`://[^\s/@"]*@`)
)

// form is what a part of an answer looks like, and how many characters it has at
// most. That is counted here, for a pattern that counts is large.
type form struct {
	pattern *regexp.Regexp
	most    int
}

// MatchString reports whether a text has the form.
func (f form) MatchString(text string) bool {
	return len(text) <= f.most*utf8.UTFMax && utf8.RuneCountInString(text) <= f.most && f.pattern.MatchString(text)
}

// fit returns text if it has that form, or "".
func fit(text string, f form) string {
	if !f.MatchString(text) || keys.MatchString(text) {
		return ""
	}
	return text
}

// oneLine makes a text from outside fit for a log and a report: one line of
// printable characters, without what is before the @ of a URL.
func oneLine(text string) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	return userinfo.ReplaceAllString(strings.Join(strings.Fields(clean), " "), "://")
}

// short cuts a text to a length that every row of a report can have.
func short(text string) string {
	const most = 500
	text = keys.ReplaceAllString(text, "***")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// message returns what a service has said in a form that may be shown. If it
// repeats the request's password, or another of its secrets, in any way, none of
// it is shown.
func message(text string, hidden ...jobs.Secret) string {
	text = text[:min(len(text), 16<<10)] // far more than is shown
	for i, secret := range hidden {
		if shows(text, secret) {
			return secret.String() + ": the answer repeats " + [...]string{"the password", "a secret"}[min(i, 1)] + ", and is not shown"
		}
	}
	return short(oneLine(text))
}

// showsAny reports whether a text shows one of several secrets.
func showsAny(text string, hidden []jobs.Secret) bool {
	return slices.ContainsFunc(hidden, func(secret jobs.Secret) bool { return shows(text, secret) })
}

// shows reports whether a text holds a password, or half of it, as it is or encoded.
// AWS does not repeat passwords; what stands between, and a trigger's own messages,
// might.
func shows(text string, password jobs.Secret) bool {
	if subs.MatchString(text) { // a UUID, as the request ID of nearly every answer is: nothing is encoded in it
		secret := password.Reveal()
		return secret != "" && strings.Contains(text, secret)
	}
	return password.In(text)
}

// Repeats reports whether a text from outside holds a password, or half of it,
// as it is or encoded.
func Repeats(text string, password jobs.Secret) bool { return shows(text, password) }
