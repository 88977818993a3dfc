package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"time"

	"cogpass/cmd/bulk"
	"cogpass/report"
	"cogpass/runner/handover"
)

// notifyWithin is how long the program of --notify-command may take.
const notifyWithin = 30 * time.Second

// notice is what the program of --notify-command reads. docs/monitoring.md has it too.
type notice struct {
	Event    string          `json:"event"` // run_ended
	ExitCode int             `json:"exit_code"`
	Sentence string          `json:"sentence"`
	Error    *string         `json:"error"`
	Hint     *string         `json:"hint"`
	Next     *string         `json:"next"`
	RunFile  *string         `json:"run_file"`
	Sandbox  bool            `json:"sandbox"`
	Run      json.RawMessage `json:"run"`
	Summary  json.RawMessage `json:"summary"`
	Failures []failuresJSON  `json:"failures"`
	Reports  []string        `json:"reports"`
}

// noticeOf says how a run has ended. ended is nil where it did not begin.
func noticeOf(ended *bulk.Ended, err error, code int) *notice {
	n := &notice{Event: string(runEnded), ExitCode: code, Failures: failuresOf(nil), Reports: []string{}}
	var silent errSilent
	if err != nil && !errors.As(err, &silent) {
		_, hint := meaning(err)
		lines := strings.Split(strings.TrimSpace(err.Error()), "\n") // of the faults of a job, one or two for each
		for i, line := range lines {
			lines[i] = report.Visible(strings.TrimSpace(line))
		}
		n.Error, n.Hint = known(strings.Join(lines, "\n")), known(report.Visible(hint))
		n.Sentence = "The run did not begin: " + lines[0]
		if len(lines) > 1 {
			n.Sentence += " …"
		}
	}
	if ended == nil {
		return n
	}
	f := &ended.Figures
	next := f.Ending.Next()
	n.Sentence, n.Next, n.RunFile = f.Ending.Sentence(), known(next.Command(ended.RunFile)), &ended.RunFile
	n.Sandbox, n.Reports = f.Ending.Run.Sandbox, append(n.Reports, ended.Reports...)
	n.Run, n.Summary = report.AppendRun(nil, &f.Ending.Run), report.AppendSummary(nil, &f.Summary, f.Ending.Run.AskedRate)
	n.Failures = failuresOf(f.Failures)
	return n
}

// notify starts the program of --notify-command, and waits for it. Whatever becomes of
// it is nothing to the run.
func (o *runOptions) notify(ctx context.Context, ended *bulk.Ended, why error, code int) {
	if o.NotifyCommand == "" || ended == nil && o.Confirm != nil && !o.Yes { // somebody sits there, and has read it
		return
	}
	args, _ := arguments(o.NotifyCommand)
	if o.Sandbox {
		o.sys.say(slog.LevelInfo, "in the sandbox "+report.Visible(args[0])+" is not started")
		return
	}
	input, err := json.Marshal(noticeOf(ended, why, code))
	if err == nil {
		program := handover.Command{Args: args, Timeout: notifyWithin}
		input = report.EscapeJSON(append(input, '\n')) // for whom it shows it
		err = program.Tell(context.WithoutCancel(ctx), "--notify-command "+report.Visible(args[0]), input)
	}
	if err != nil {
		o.sys.warn("%s", report.Visible(err.Error()))
	}
}

// arguments splits a command line at blanks, but for those in quotes. There is no shell:
// nothing in it is replaced.
func arguments(line string) (args []string, err error) {
	var word strings.Builder
	quote, within := rune(0), false
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, within = r, true
		case quote == 0 && (r == ' ' || r == '\t' || r == '\n'):
			if within {
				args = append(args, word.String())
			}
			word.Reset()
			within = false
		default:
			word.WriteRune(r)
			within = true
		}
	}
	if within {
		args = append(args, word.String())
	}
	switch {
	case quote != 0:
		return nil, errors.New("a quote is not closed")
	case len(args) == 0 || args[0] == "":
		return nil, errors.New("it names no program")
	}
	return args, nil
}
