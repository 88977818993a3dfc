package report

import (
	"cmp"
	"strings"

	"cogpass/runner"
)

// Ending is how a run stands, for whoever has to say it in few words.
type Ending struct {
	Run      Run
	Outcomes map[runner.Outcome]int64
	// Beside is how many tasks are ok or skipped and have a step beside the
	// action that failed or is unknown; BesideUnknown, that any such step of
	// any task is unknown, and BesideFailed, that one failed.
	Beside                      int64
	BesideFailed, BesideUnknown bool
	Running                     bool // some process carries it out
}

// Ending returns how the run stands whose results were summarized.
func (s *Summary) Ending(run Run) Ending {
	e := Ending{Run: run, Outcomes: s.Outcomes, Beside: s.besideOnly, Running: run.State == "running"}
	for _, of := range s.Beside {
		e.BesideFailed = e.BesideFailed || of[runner.Failed] > 0
		e.BesideUnknown = e.BesideUnknown || of[runner.Unknown] > 0
	}
	return e
}

// Sentence says the run in one sentence, which is safe to print: how it stands,
// and its outcomes. It has the stop's reason where there is one.
func (e *Ending) Sentence() string {
	said := cmp.Or(e.Run.Name, "the run") + " " + e.stands() + ": " + e.Counted()
	if e.Run.State == "stopped" && e.Run.StopReason != "" {
		said += ", because " + strings.TrimSuffix(e.Run.StopReason, ".")
	}
	return Visible(said) + "."
}

func (e *Ending) stands() string {
	switch e.Run.State {
	case "done":
		return "is done"
	case "stopped":
		return "was stopped"
	case "interrupted":
		return "was interrupted"
	case "planned":
		return "has not begun"
	case "died":
		return "was killed"
	case "running":
		return "is going on"
	}
	return "is " + cmp.Or(e.Run.State, "in a state that is not known")
}

// Pending is how many tasks have no outcome.
func (e Ending) Pending() int64 { return e.Outcomes[runner.Pending] }

// Counted says the outcomes in few words: "80 ok, 41 failed of 121 tasks".
func (e *Ending) Counted() string {
	var parts []string
	tasks := int64(0)
	for _, o := range [...]runner.Outcome{runner.OK, runner.Failed, runner.Skipped, runner.Unknown, runner.Pending} {
		n := e.Outcomes[o]
		tasks += n
		if n > 0 || o == runner.OK {
			parts = append(parts, Number(n)+" "+o.String())
		}
	}
	said := strings.Join(parts, ", ") + " of " + tasksOf(tasks)
	if e.Beside > 0 {
		said += "; of " + tasksOf(e.Beside) + " a step beside the action failed or is unknown"
	}
	return said
}

func tasksOf(n int64) string {
	if n == 1 {
		return "1 task"
	}
	return Number(n) + " tasks"
}

// Next is what to do about a run: the one command that goes on with it or
// does again what can be done again. The zero value is nothing.
type Next struct {
	Args []string // of cogpass, less the run file, which comes last: "run", "--retry-failed"; nil: there is nothing to do
	Why  string   // what it is for, in a few words: "91 tasks left; to go on"
	Mind string   // what to mind before it, in a sentence; may be empty
}

// Next returns what to do now.
func (e *Ending) Next() (next Next) {
	failed := e.Outcomes[runner.Failed] > 0 || e.BesideFailed
	unknown := e.Outcomes[runner.Unknown] > 0 || e.BesideUnknown
	switch pending := e.Outcomes[runner.Pending]; {
	case e.Running:
		return Next{}
	case pending > 0 && e.Run.State == "planned":
		next = Next{Args: []string{"run"}, Why: "to begin"}
	case pending > 0:
		next = Next{Args: []string{"run"}, Why: tasksOf(pending) + " left; to go on"}
	case e.Run.State != "done":
		next = Next{Args: []string{"run"}, Why: "to write the reports"}
	case failed:
		next = Next{Args: []string{"run", "--retry-failed"}, Why: "to do again what failed"}
		switch {
		case e.Outcomes[runner.Unknown] > 0:
			next.Mind = "What is unknown is left as it is: --retry-unknown does that again, and a user may get a second code or password."
		case unknown:
			next.Mind = "What is unknown is left as it is: --retry-unknown does that again."
		}
	case unknown:
		next = Next{Args: []string{"run", "--retry-unknown"}, Why: "to do again what is unknown"}
		if e.Outcomes[runner.Unknown] > 0 { // an action; a step beside one is done again without harm
			next.Mind = "A user may get a second code or password, and lose one that they have chosen since."
		}
	default:
		return Next{}
	}
	if e.Run.Sandbox {
		next.Args = append(next.Args, "--sandbox")
	}
	return next
}

// Command is the command line of Next for a run file, or its short name, ready
// for a POSIX shell and safe to print; "" where there is nothing to do.
func (n *Next) Command(runFile string) string {
	if n.Args == nil {
		return ""
	}
	return Command(append(n.Args[:len(n.Args):len(n.Args)], PathArgument(runFile))...)
}
