package report

import (
	"slices"
	"strings"

	"cogpass/runner"
)

// Advice is what something means that happened to a task or to a run, and what
// to do about it. Means and Do are one or two plain sentences each.
type Advice struct {
	Topic Topic
	Title string // the error code, or the message in its general form
	Means string
	Do    string

	codes []string      // any of them; one that ends in * begins so; nil: whatever the code
	parts []string      // any of them stands in the reason, whatever its case; nil: whatever the reason
	steps []runner.Step // whose answer it is; nil: any
}

// Topic says what an Advice is about. It is a chapter of docs/troubleshooting.md.
type Topic uint8

// The topics.
const (
	Tasks    Topic = iota // a task, or a step of it, that failed
	Unknowns              // one that is unknown
	Skips                 // a task that was skipped
	Stops                 // a run that was stopped
	Starts                // a command that did not begin
)

// AllAdvice returns all that there is, by topic and in the order in which it is
// looked up.
func AllAdvice() []Advice {
	all := slices.Clone(advice[:])
	slices.SortStableFunc(all, func(a, b Advice) int { return int(a.Topic) - int(b.Topic) })
	return all
}

// Advise returns the advice on how a step of a task ended, by AWS's error code
// and the reason. It is the zero Advice for what is ok or pending, and for
// nothing else.
func Advise(step runner.Step, o runner.Outcome, code, reason string) Advice {
	switch o {
	case runner.Failed:
		return adviseOn(Tasks, step, code, reason)
	case runner.Unknown:
		return adviseOn(Unknowns, step, code, reason)
	case runner.Skipped:
		return adviseOn(Skips, step, code, reason)
	}
	return Advice{}
}

// AdviseStop returns the advice on a run that was stopped for a reason, as
// Run.StopReason has it. It is the zero Advice where there is none to give.
func AdviseStop(reason string) Advice {
	for _, word := range strings.FieldsFunc(reason, func(r rune) bool { return r == ' ' || r == ':' || r == '(' }) {
		for i := range advice {
			if a := &advice[i]; a.Topic == Stops && a.codes != nil && a.hasCode(word) && a.hasPart(reason) {
				return *a
			}
		}
	}
	for i := range advice {
		if a := &advice[i]; a.Topic == Stops && a.codes == nil && a.hasPart(reason) {
			return *a
		}
	}
	return Advice{}
}

// Messages are the parts of messages, in lower case, by which an entry is found
// that is not found by a code: any one of them.
func (a *Advice) Messages() []string {
	if a.codes != nil {
		return nil
	}
	return slices.Clone(a.parts)
}

// Hint is the advice in the form of an error's hint: one line, lower case, with
// no full stop. It is "" of the zero Advice.
func (a *Advice) Hint() string {
	if a.Title == "" {
		return ""
	}
	return lower(a.Do) + "; " + lower(a.Means)
}

// ownNames keep their capital.
var ownNames = []string{"AWS", "Amazon", "Cognito", "Secrets Manager", "CloudTrail"}

func lower(sentence string) string {
	sentence = strings.TrimSuffix(sentence, ".")
	if slices.ContainsFunc(ownNames, func(name string) bool { return strings.HasPrefix(sentence, name) }) {
		return sentence
	}
	return strings.ToLower(sentence[:1]) + sentence[1:]
}

func adviseOn(topic Topic, step runner.Step, code, reason string) Advice {
	for i := range advice {
		a := &advice[i]
		if a.Topic == topic && (a.steps == nil || slices.Contains(a.steps, step)) && a.hasCode(code) && a.hasPart(reason) {
			return *a
		}
	}
	return Advice{}
}

func (a *Advice) hasCode(code string) bool {
	return a.codes == nil || slices.ContainsFunc(a.codes, func(c string) bool {
		family, many := strings.CutSuffix(c, "*")
		return c == code || many && strings.HasPrefix(code, family)
	})
}

func (a *Advice) hasPart(reason string) bool {
	if a.parts == nil {
		return true
	}
	reason = strings.ToLower(reason)
	return slices.ContainsFunc(a.parts, func(p string) bool { return strings.Contains(reason, p) })
}
