package report

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"

	"cogpass/runner"
)

// besides is the table of steps beside the action, in the order in which they
// are done: what each is called in a key, and to a reader.
var besides = [...]struct {
	step       runner.Step
	key, words string
}{
	{runner.Recheck, "rechecked", "look"},
	{runner.Prepare, "prepared", "handing over"},
	{runner.Create, "created", "creation"},
	{runner.Enable, "enabled", "enabling"},
	{runner.Conclude, "concluded", "telling the store"},
	{runner.SignOut, "sign_out", "sign-out"},
	{runner.Check, "check", "check"},
}

// StepName is what a step is called in a key of a report or a log; "action" is
// the action itself.
func StepName(s runner.Step) string {
	for _, b := range besides {
		if b.step == s {
			return b.key
		}
	}
	return "action"
}

// besideOutcomes are those that a step can end with.
var besideOutcomes = [...]runner.Outcome{runner.OK, runner.Failed, runner.Unknown, runner.Skipped}

// beside is how a step of a task ended, in a word.
func beside(r *runner.Result, step runner.Step) cell {
	for i := range r.Beside {
		if s := &r.Beside[i]; s.Step == step && s.Outcome != runner.Pending {
			return words(s.Outcome.String())
		}
	}
	return cell{}
}

func fails(o runner.Outcome) bool { return o == runner.Failed || o == runner.Unknown }

// Failed reports whether a task failed or is unknown, or a step beside its
// action.
func Failed(r *runner.Result) bool { return fails(r.Outcome) || besideFails(r) }

// besideFails reports whether a step beside the action failed or is unknown.
func besideFails(r *runner.Result) bool {
	for i := range r.Beside {
		if fails(r.Beside[i].Outcome) {
			return true
		}
	}
	return false
}

// reason is why a task ended as it did, and then why steps beside its action
// failed or are unknown, or what there is to say of one that is ok.
func reason(r *runner.Result) string {
	var parts []string
	for _, b := range besides {
		for i := range r.Beside {
			if s := &r.Beside[i]; s.Step == b.step && (fails(s.Outcome) || s.Outcome == runner.OK && s.Reason != "") {
				parts = append(parts, b.words+": "+why(s))
			}
		}
	}
	if len(parts) == 0 {
		return r.Reason
	}
	if r.Reason != "" {
		parts = append([]string{strings.TrimSuffix(r.Reason, ".")}, parts...)
	}
	return strings.Join(parts, "; ")
}

func why(s *runner.StepResult) string {
	text := withCode(s.Code, s.Reason)
	if text == "" {
		return s.Outcome.String()
	}
	return text
}

// withCode puts an error's code before what was said of it, which may begin
// with it.
func withCode(code, text string) string {
	if code == "" || strings.HasPrefix(text, code) {
		return text
	}
	return strings.TrimSuffix(code+": "+text, ": ")
}

// addBeside counts the steps beside an action.
func (s *Summary) addBeside(steps []runner.StepResult) {
	for i := range steps {
		step := &steps[i]
		if step.Outcome == runner.Pending {
			continue
		}
		if s.Beside == nil {
			s.Beside = make(map[runner.Step]map[runner.Outcome]int64)
		}
		if s.Beside[step.Step] == nil {
			s.Beside[step.Step] = make(map[runner.Outcome]int64)
		}
		s.Beside[step.Step][step.Outcome]++
	}
}

func besideCounts(of map[runner.Outcome]int64) (counts []count) {
	for _, o := range besideOutcomes {
		counts = append(counts, count{o.String(), of[o]})
	}
	return counts
}

// appendJSONBeside has a key for each step that there was.
func appendJSONBeside(b []byte, s *Summary) []byte {
	b = append(b, '{')
	separator := ""
	for _, step := range besides {
		if of := s.Beside[step.step]; of != nil {
			b = append(append(append(b, separator...), strconv.Quote(step.key)...), ": "...)
			b = appendJSONCounts(b, besideCounts(of))
			separator = ", "
		}
	}
	return append(b, '}')
}

func writeTextBeside(out *bufio.Writer, s *Summary) {
	label := "Beside"
	for _, step := range besides {
		if text := besideText(s.Beside[step.step]); text != "" {
			fmt.Fprintf(out, "%-11s%s %s\n", label, step.words, text)
			label = ""
		}
	}
}

// besideText says how many of a step ended how: "2 ok, 1 failed".
func besideText(of map[runner.Outcome]int64) string {
	var parts []string
	for _, c := range besideCounts(of) {
		if c.n > 0 {
			parts = append(parts, Number(c.n)+" "+c.name)
		}
	}
	return strings.Join(parts, ", ")
}
