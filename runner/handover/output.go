package handover

import (
	"strings"
	"unicode/utf8"

	"cogpass/jobs"
)

const (
	keep  = 64 << 10 // bytes of output; far more than is shown, for a secret may be cut only where nobody sees it
	shown = 200      // characters of output, in a reason
)

// tail keeps the end of what is written to it. It is not safe for concurrent
// use: os/exec copies with one goroutine where both streams are the same writer.
type tail struct {
	most int
	text []byte
	cut  bool // something before text was dropped
}

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if len(t.text) > 2*t.most {
		t.text = append(t.text[:0], t.text[len(t.text)-t.most:]...)
		t.cut = true
	}
	return len(p), nil
}

// shown returns the end of the output on one line, without the password.
func (t *tail) shown(password jobs.Secret) string {
	text := string(t.text)
	if t.cut {
		text = withoutEnd(text, password)
	}
	text = strings.Join(strings.Fields(password.Redact(text)), " ")
	if password.In(text) {
		return "what it printed repeats the password, or half of it, and is not shown"
	}
	if over := utf8.RuneCountInString(text) - shown; over > 0 {
		text = "…" + string([]rune(text)[over:])
	}
	return jobs.Visible(text)
}

// withoutEnd returns a text without the end of a secret that it may begin with.
func withoutEnd(text string, password jobs.Secret) string {
	longest := 0
	for _, form := range password.Forms() {
		for n := len(form) - 1; n > longest; n-- {
			if strings.HasPrefix(text, form[len(form)-n:]) {
				longest = n
			}
		}
	}
	return text[longest:]
}
