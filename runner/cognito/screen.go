package cognito

import (
	"encoding/base64"
	"encoding/hex"
	"html"
	"net/url"
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

// shows reports whether a text holds a password, or half of it, as it is or
// encoded: with the escapes of JSON, HTML or a URL, in base64 or in hex. AWS
// does not repeat passwords; what stands between, and a trigger's own messages,
// might.
func shows(text string, password jobs.Secret) bool {
	secret := password.Reveal()
	if secret == "" {
		return false
	}
	if subs.MatchString(text) { // a UUID, as the request ID of nearly every answer is: nothing is encoded in it
		return strings.Contains(text, secret)
	}
	forms := []string{secret, oneLine(secret)}
	for _, said := range decodings(text) {
		for _, form := range forms {
			if form != "" && (holds(said, form) || holds(oneLine(said), form)) {
				return true
			}
		}
	}
	return false
}

// Repeats reports whether a text from outside holds a password, or half of it,
// as it is or encoded.
func Repeats(text string, password jobs.Secret) bool { return shows(text, password) }

// holds reports whether a text has a secret in it, or half of one.
func holds(text, secret string) bool {
	if strings.Contains(text, secret) {
		return true
	}
	runes := []rune(secret)
	half := max(4, (len(runes)+1)/2)
	for i := 0; i+half <= len(runes); i++ {
		if part := string(runes[i : i+half]); telling(part) && strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// telling reports whether a part of a password is more than a word that a
// message may contain anyway: many of both begin with "Password".
func telling(part string) bool {
	if strings.Contains("passwords", strings.ToLower(part)) {
		return false
	}
	return strings.ContainsFunc(part, func(r rune) bool { return !unicode.IsLetter(r) }) || utf8.RuneCountInString(part) >= 8
}

var (
	jsonEscape  = regexp.MustCompile(`\\(?:u([0-9a-fA-F]{4})|(.))`)
	base64Runs  = regexp.MustCompile(`[0-9A-Za-z+/_-]{6,}`)
	hexRuns     = regexp.MustCompile(`[0-9a-fA-F]{8,}`)
	base64Chars = strings.NewReplacer("-", "+", "_", "/")
)

// decodings returns a text and what it decodes to.
func decodings(text string) []string {
	all := []string{text}
	for last := text; len(all) < 4; all = append(all, last) { // what was escaped once may have been escaped twice
		plain := html.UnescapeString(unescapeURL(unescapeJSON(last)))
		if plain == last {
			break
		}
		last = plain
	}
	all = append(all, unescapeJSON(text), html.UnescapeString(text), unescapeURL(strings.ReplaceAll(text, "+", " ")))
	for _, said := range all {
		for _, run := range base64Runs.FindAllString(said, -1) {
			run = base64Chars.Replace(run)
			for shift := range 4 { // the run may begin within a group
				if shift < len(run) {
					plain := decode64(run[shift:])
					all = append(all, plain, unescapeJSON(plain))
				}
			}
		}
		for _, run := range hexRuns.FindAllString(said, -1) {
			for shift := range 2 {
				plain, _ := hex.DecodeString(run[shift : shift+(len(run)-shift)/2*2])
				all = append(all, string(plain))
			}
		}
	}
	return all
}

func decode64(run string) string {
	if len(run)%4 == 1 {
		run = run[:len(run)-1]
	}
	plain, _ := base64.RawStdEncoding.DecodeString(run)
	return string(plain)
}

func unescapeJSON(text string) string {
	return jsonEscape.ReplaceAllStringFunc(text, func(escape string) string {
		if strings.HasPrefix(escape, `\u`) && len(escape) == 6 {
			code, _ := hex.DecodeString(escape[2:])
			return string(rune(code[0])<<8 | rune(code[1]))
		}
		return escape[1:]
	})
}

// unescapeURL decodes whatever in a text is percent-encoded.
func unescapeURL(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) {
			if plain, err := url.PathUnescape(text[i : i+3]); err == nil {
				b.WriteString(plain)
				i += 2
				continue
			}
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
