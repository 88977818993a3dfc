package report

import (
	"fmt"
	"strings"
	"time"

	"cogpass/runner"
)

// Headline says a group in one line, which is safe to print: how many, what
// and why, and who is the first of them.
func (g *Group) Headline() string {
	said := Number(g.Count) + " " + g.Outcome.String()
	if at := stepWords(g.Step); at != "" {
		said = Number(g.Count) + " " + at + " " + g.Outcome.String()
	}
	switch why := withCode(g.Code, g.Reason); {
	case why != "":
		said += ": " + strings.TrimSuffix(why, ".")
	default:
		said += ", for several reasons: " + g.Advice.Title
	}
	return Visible(said) + "; first " + Visible(g.First)
}

// stepWords is what a step beside the action is called; "" is the action.
func stepWords(s runner.Step) string {
	for _, b := range besides {
		if b.step == s {
			return b.words
		}
	}
	return ""
}

// Effort says in one line what the run took: the rate of the action's requests
// and the rate that was asked for, throttling, and how long it was.
func (s *Summary) Effort(run *Run) string {
	var parts []string
	switch rate := s.Actual(); {
	case rate != "" && run.AskedRate > 0:
		parts = append(parts, rate+" of "+textRate(run.AskedRate)+" asked")
	case run.AskedRate > 0:
		parts = append(parts, textRate(run.AskedRate)+" asked")
	}
	word := " requests throttled"
	if s.Requests == 1 {
		word = " request throttled"
	}
	parts = append(parts, Number(s.Throttled)+" of "+Number(s.Requests)+word)
	if took := run.FinishedAt.Sub(run.StartedAt); !run.StartedAt.IsZero() && took > 0 {
		parts = append(parts, "took "+textDuration(took.Round(time.Millisecond)))
	}
	return strings.Join(parts, ", ")
}

// fewRequests tell no rate: it is their latency and the machine's that they tell.
const fewRequests = 20

// Actual is the actual rate in words; "" where there is no telling.
func (s *Summary) Actual() string {
	rate := s.Rate()
	switch {
	case s.Requests < fewRequests || rate == 0:
		return ""
	case rate < 100:
		return fmt.Sprintf("%.1f/s", rate)
	}
	return textRate(rate)
}

// Wrap breaks a text between words, so that no line is longer than width in
// runes, where a word is not; further lines begin with indent. Below 20 it
// breaks nothing.
func Wrap(text, indent string, width int) string {
	if width < 20 {
		return text
	}
	var b strings.Builder
	at := 0
	for i, word := range strings.Split(text, " ") {
		n := len([]rune(word))
		switch {
		case i == 0:
		case at+1+n > width:
			fmt.Fprintf(&b, "\n%s", indent)
			at = len(indent)
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += n
	}
	return b.String()
}
