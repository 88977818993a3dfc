package main

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"cogpass/cmd/bulk"
	"cogpass/jobs"
	"cogpass/report"
	"cogpass/runner"
	"cogpass/runner/cognito"
	"cogpass/runner/runfile"
	"cogpass/runner/sealed"
)

// exitError is an error that knows its exit code and, perhaps, what to do.
type exitError struct {
	code int
	hint string
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// withHint makes an error that ends the program with a code and a hint.
func withHint(code int, hint, format string, args ...any) error {
	return &exitError{code, hint, fmt.Errorf(format, args...)}
}

// usage makes an error of the command line.
func usage(format string, args ...any) error {
	return withHint(exitUsage, "", format, args...)
}

// errSilent ends the program with a code whose reason was told already.
type errSilent int

func (e errSilent) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// codeOf is the exit code that an error has.
func codeOf(err error) int {
	var silent errSilent
	switch {
	case err == nil:
		return 0
	case errors.As(err, &silent):
		return int(silent)
	}
	code, _ := meaning(err)
	return code
}

// exit prints an error, if there is one to print, and returns the exit code.
func (s *system) exit(err error) int {
	if err == nil {
		return 0
	}
	var silent errSilent
	if errors.As(err, &silent) {
		return int(silent)
	}
	code, hint := meaning(err)
	text := err.Error()
	var faults *jobs.Faults
	if !errors.As(err, &faults) { // faults are safe to print as they are, on several lines
		text = report.Visible(strings.ReplaceAll(text, "\n", "; ")) // of errors that were joined
	}
	text, hint = strings.TrimRight(text, "\n"), report.Visible(hint)
	said, keys := text, []any{"exit_code", code}
	if hint != "" {
		said, keys = text+"\nhint: "+hint, append(keys, "hint", hint)
	}
	s.tell(slog.LevelError, failedEvent, said, text, keys...)
	return code
}

// meaning is the one place that says which exit code an error has, and what
// its user can do.
func meaning(err error) (code int, hint string) {
	var (
		exit    *exitError
		ours    *bulk.Error
		faults  *jobs.Faults
		fault   jobs.Fault
		held    *runfile.HeldError
		file    *runfile.Error
		config  *cognito.ConfigError
		stopped *runner.Stopped
		reached *bulk.Reached
		others  *bulk.SealedToOthers
		reader  *sealed.RecipientError
	)
	switch {
	case errors.As(err, &exit):
		return exit.code, exit.hint
	case errors.As(err, &reached):
		return exitLimit, reachedHint(reached)
	case errors.As(err, &others):
		return othersMeaning(others)
	case errors.As(err, &reader):
		return exitUsage, reader.Hint
	case errors.As(err, &ours):
		return bulkMeaning(ours)
	case errors.As(err, &faults):
		return exitUsage, ""
	case errors.As(err, &fault):
		return exitFatal, fault.Hint
	case errors.As(err, &held):
		return exitHeld, "wait for it to end, or interrupt it: it can go on later"
	case errors.As(err, &file):
		return exitFatal, file.Hint
	case errors.As(err, &config) && config.Kind == cognito.OneEndpoint:
		return exitUsage, config.Hint()
	case errors.As(err, &config):
		return exitFatal, config.Hint()
	case errors.Is(err, errInterrupted):
		return exitInterrupted, ""
	case errors.As(err, &stopped):
		return stopMeaning(stopped)
	}
	return exitFatal, ""
}

// bulkMeaning says what to do about a run that did not begin, or did not end
// as it should.
func bulkMeaning(e *bulk.Error) (code int, hint string) {
	switch e.Kind {
	case bulk.Refused:
		return exitUsage, ""
	case bulk.NobodyToAsk:
		return exitUsage, "there is no terminal: add --yes, and --expect-users N to be sure of their number"
	case bulk.RunFileExists:
		return exitUsage, "name another, or remove it"
	case bulk.NoStateDir:
		return exitFatal, "set XDG_STATE_HOME to a folder that cogpass may write to"
	case bulk.BadStateDir:
		return exitFatal, "name a run file elsewhere with --run-file"
	case bulk.BadReport:
		return exitUsage, "name another place for it"
	case bulk.NoFiles:
		return exitFatal, "raise the limit of open files: ulimit -n"
	case bulk.Internal:
		return exitFatal, "please report this; what was recorded is safe, and `cogpass run RUN_FILE` goes on"
	case bulk.InSandbox:
		return exitUsage, "add --sandbox, or run the job anew"
	case bulk.NotInSandbox:
		return exitUsage, "leave --sandbox out"
	case bulk.Unreachable:
		return exitFatal, unreachableHint(e.Err)
	case bulk.NoRecovery:
		return exitUsage, "let users recover their accounts by e-mail or SMS in the pool's settings, or set passwords"
	case bulk.TooManyMessages:
		return exitUsage, "send through Amazon SES, or spread them over days with limits: {messages: 50/day}"
	case bulk.NoLedger:
		return exitFatal, "the file counts the messages of a day: mend it, or remove it if no message was sent today"
	case bulk.NoHistory:
		return exitUsage, "where this is the very first run, add --first-run, which makes the ledger from the run files that are there; where it is not, the state folder was lost: mount one that outlives the container or machine, or `cogpass ledger --rebuild RUN_FILE...`"
	case bulk.Overtaken:
		return exitHeld, "run it again: it makes a new plan"
	case bulk.Behind:
		return exitLimit, "to begin it: " + report.Command("run", report.PathArgument(e.RunFile))
	case bulk.Protected:
		return exitUsage, "name each with --allow-protected, or make another plan, which leaves them out"
	case bulk.NoCheck:
		return exitFatal, "nothing was set: mend the app client or the job's check; it needs the client's ID and its secret, if it has one, and ALLOW_USER_PASSWORD_AUTH, or ALLOW_ADMIN_USER_PASSWORD_AUTH and a permission with admin: true"
	case bulk.NoGuard:
		return exitFatal, "no guard is passed over that cannot be asked: name a list that is there, or allow cognito-idp:DescribeUserPool or sts:GetCallerIdentity"
	case bulk.Unrecorded:
		code, hint = meaning(e.Err)
		return max(code, exitFatal), hint
	case bulk.Unreported:
		return exitFatal, "the run file has it all: " + report.Command("report", report.PathArgument(e.RunFile), "--format", "csv", "--out", "FILE")
	case bulk.Damaged:
		return exitFatal, "what is still readable was written"
	}
	return exitFatal, ""
}

// reachedHint says what to do after a limit of the job.
func reachedHint(r *bulk.Reached) string {
	advice := report.AdviseStop(r.Error())
	if r.Again.IsZero() {
		return advice.Hint()
	}
	return "`cogpass run RUN_FILE` goes on from " + r.Again.UTC().Format("2006-01-02 15:04") + " UTC on; with --wait it waits for that"
}

// othersMeaning says who could open what was not.
func othersMeaning(e *bulk.SealedToOthers) (code int, hint string) {
	hint = "give the --identity of somebody who may read them"
	if len(e.Readers) > 0 {
		hint += ": " + strings.Join(e.Readers, ", ")
	} else {
		hint += ", or --passphrase where the job has one"
	}
	if e.Some {
		return exitFatal, hint
	}
	return exitUsage, hint
}

func unreachableHint(err error) string {
	var fault *runner.Error
	switch {
	case !errors.As(err, &fault):
		return ""
	case strings.HasPrefix(fault.Code, "AccessDenied"): // so a plan, which has the policy, cannot be had either
		return "the job needs to know users of the pool: allow cognito-idp:ListUsers, and for a group cognito-idp:ListUsersInGroup"
	case faultHint(fault) != "":
		return faultHint(fault)
	case fault.Code == "":
		return "check the network, the Region and --endpoint-url"
	}
	return ""
}

// noStateDir is the error of a command that needs the state folder.
func noStateDir() error {
	return &bulk.Error{Kind: bulk.NoStateDir, Err: errors.New("there is no folder for run files: no home folder is known")}
}

// stopMeaning says what to do about an answer that stopped a run.
func stopMeaning(s *runner.Stopped) (code int, hint string) {
	var fault *runner.Error
	errors.As(s.Err, &fault)
	code = exitFatal
	if s.Class == runner.Throttled || s.Class == runner.Budget || s.Class == runner.UserLimit {
		code = exitLimit
	}
	if fault != nil && adapterHint(fault) != "" {
		return code, adapterHint(fault)
	}
	advice := report.AdviseStop(s.Error())
	return code, advice.Hint()
}

// faultHint says what to do about an error that is not about one user: by what the
// adapter knows, or else by its code.
func faultHint(fault *runner.Error) string {
	if hint := adapterHint(fault); hint != "" {
		return hint
	}
	advice := report.AdviseStop(fault.Error())
	return advice.Hint()
}

func adapterHint(fault *runner.Error) string {
	var adapter interface{ Hint() string }
	if errors.As(fault.Err, &adapter) {
		return adapter.Hint()
	}
	return ""
}
