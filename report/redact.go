package report

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"cogpass/jobs"
	"cogpass/runner"
)

// Redact returns the run and its results with users' names and subs as digests:
// HMAC-SHA-256 under a key made from the run's own, so that only who has that
// can tell whose a digest is. It replaces them wherever they are repeated, and
// addresses, phone numbers and subs in texts besides, whoever's they are. The
// same name has the same digest. It ranges over results once before it returns,
// for a run may have stopped for a reason that names a user.
func Redact(key []byte, run Run, results Results) (Run, Results, error) {
	if len(key) == 0 {
		return run, nil, errors.New("the run has no key to make digests with")
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("cogpass: names in a redacted report"))
	d := redactor{key: mac.Sum(nil)}

	run.Redacted = true
	if run.StopReason != "" {
		for r, err := range results {
			if err != nil {
				return run, nil, err
			}
			run.StopReason = d.text(run.StopReason, &r)
		}
		run.StopReason = d.loose(run.StopReason)
	}
	return run, func(yield func(runner.Result, error) bool) {
		for r, err := range results {
			if err == nil {
				r = d.result(r)
			}
			if !yield(r, err) {
				return
			}
		}
	}, nil
}

type redactor struct{ key []byte }

// digest stands for a name. It has no case that could be folded, and begins
// with a letter.
func (d *redactor) digest(name string) string {
	mac := hmac.New(sha256.New, d.key)
	mac.Write([]byte(name))
	return "u-" + hex.EncodeToString(mac.Sum(nil)[:8])
}

func (d *redactor) result(r runner.Result) runner.Result {
	whole := r
	r.Reason = d.loose(d.text(r.Reason, &whole))
	r.Source = d.loose(d.text(r.Source, &whole))
	r.Code = d.text(r.Code, &whole)
	r.RequestID = d.text(r.RequestID, &whole)
	r.StatusBefore = runner.Status(d.text(string(r.StatusBefore), &whole))
	if r.Beside != nil {
		r.Beside = slices.Clone(r.Beside)
		for i := range r.Beside {
			s := &r.Beside[i]
			s.Reason, s.Code = d.loose(d.text(s.Reason, &whole)), d.text(s.Code, &whole)
		}
	}
	r.Username = d.digest(r.Username)
	if r.Sub != "" {
		r.Sub = d.digest(r.Sub)
	}
	return r
}

// text is a text without a task's own name and sub.
func (d *redactor) text(text string, r *runner.Result) string {
	if text == "" {
		return ""
	}
	for _, name := range [...]string{r.Username, r.Sub} {
		if name == "" {
			continue
		}
		if digest := d.digest; mentions(text, name) {
			text = replaceWord(text, name, digest(name))
		} else if shown := Visible(name); shown != name && strings.Contains(text, shown) {
			text = strings.ReplaceAll(text, shown, digest(name))
		} else if cut := strings.TrimSuffix(text, "…"); cut != text {
			text = d.cutOff(cut, name)
		}
	}
	return text
}

// cutOff is a text that went on, without the beginning of a name at its end.
func (d *redactor) cutOff(text, name string) string {
	for n := len(name) - 1; n >= 3; n-- {
		if rest, found := strings.CutSuffix(text, name[:n]); found {
			return rest + d.digest(name) + "…"
		}
	}
	return text + "…"
}

// personal is what is a person's by its form: an address, a phone number, a
// sub, also where a text begins or ends with more than that.
var personal = regexp.MustCompile(`[^\s"'<>()\[\],;:=]+@[^\s"'<>()\[\],;:=]+|\+[0-9]{7,15}\b|\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`)

// loose is a text without what is personal in it.
func (d *redactor) loose(text string) string {
	if !strings.ContainsAny(text, "@+-") {
		return text
	}
	return personal.ReplaceAllStringFunc(text, func(name string) string {
		end := strings.TrimRight(name, ".!?")
		return d.digest(end) + name[len(end):]
	})
}

// mentions reports whether a name may stand in a text, whatever its case and
// Unicode form.
func mentions(text, name string) bool {
	return strings.Contains(text, name) || strings.Contains(jobs.FoldName(text), jobs.FoldName(name))
}

// replaceWord replaces a name where it stands alone, in any case.
func replaceWord(text, name, with string) string {
	pattern, err := regexp.Compile("(?i)" + regexp.QuoteMeta(name))
	if err != nil {
		return strings.ReplaceAll(text, name, with) // it is not UTF-8
	}
	found := pattern.FindAllStringIndex(text, -1)
	if found == nil {
		return "(not shown, for it names " + with + ")" // in another Unicode form
	}
	var out strings.Builder
	done := 0
	for _, at := range found {
		before, _ := utf8.DecodeLastRuneInString(text[:at[0]])
		after, _ := utf8.DecodeRuneInString(text[at[1]:])
		if inWord(before) && startsWord(name) || inWord(after) && endsWord(name) {
			continue // it is a part of another word
		}
		out.WriteString(text[done:at[0]])
		out.WriteString(with)
		done = at[1]
	}
	out.WriteString(text[done:])
	return out.String()
}

func inWord(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

func startsWord(name string) bool {
	r, _ := utf8.DecodeRuneInString(name)
	return inWord(r)
}

func endsWord(name string) bool {
	r, _ := utf8.DecodeLastRuneInString(name)
	return inWord(r)
}
