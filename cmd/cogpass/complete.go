package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"cogpass/cmd/bulk"
	"cogpass/report"
	"cogpass/runner/sandbox"
)

// What a shell completes is names only: no network is asked, and it is quick
// however many runs there are. A name that a shell could take for more than a name
// is left out, and so is one that would not print.

// completes says what the arguments of each command are.
var completes = map[string]func(*system, string) ([]string, cobra.ShellCompDirective){
	"run": func(s *system, typed string) ([]string, cobra.ShellCompDirective) {
		return s.completeRuns(typed, jobFiles)
	},
	"status":   (*system).completeRunFiles,
	"report":   (*system).completeRunFiles,
	"reveal":   (*system).completeRunFiles,
	"rate":     (*system).completeRunFiles,
	"pause":    (*system).completeRunFiles,
	"resume":   (*system).completeRunFiles,
	"ledger":   (*system).completeRunFiles,
	"validate": completeJobs,
	"plan":     completeJobs,
}

var jobFiles = []string{".yaml", ".yml"}

// flagWords are the values that flags have, by command and flag; a flag that is not
// here and not a file's has none to offer.
var flagWords = map[string]func() []string{
	"run format":     words("text", "json", "cli"),
	"run log-format": words("text", "json"),
	"run rate":       words("max", "10/s", "5/s", "1/s"),
	"plan rate":      words("max", "10/s", "5/s", "1/s"),
	"plan format":    words("text", "json"),
	"status format":  words("text", "json"),
	"version format": words("text", "json"),
	"ledger format":  words("text", "json", "csv"),
	"ledger due":     words("30d", "60d", "90d"),
	"reveal format":  words("csv", "jsonl"),
	"report format": func() (names []string) {
		for _, f := range report.Formats() {
			names = append(names, string(f))
		}
		return names
	},
	"init story":       storyNames,
	"init source":      words("pool"),
	"prune older-than": words("30d", "90d", "180d", "365d"),
	"sandbox quota": func() (names []string) {
		for _, c := range sandbox.Categories() {
			names = append(names, string(c)+"=")
		}
		return names
	},
}

func words(all ...string) func() []string { return func() []string { return all } }

// fileFlags are the flags that name a file, or with a / behind it a folder.
var fileFlags = map[string][]string{
	"run run-file": {"run"}, "plan out": {"run"}, "init out": {"yaml", "yml"}, "reveal split": {"/"},
	"run sandbox-pool": {"json"}, "sandbox pool": {"json"}, "run pool-list": {"csv"}, "plan pool-list": {"csv"}, "validate pool-list": {"csv"},
	"run report": nil, "plan report": nil, "report out": nil, "reveal identity": nil, "reveal out": nil, "run log-file": nil, "run metrics-file": nil,
}

// completion says of every command below root what completes it.
func completion(sys *system, root *cobra.Command) {
	for _, cmd := range root.Commands() {
		arguments := completes[cmd.Name()]
		if arguments != nil {
			many := cmd.Name() == "ledger" || cmd.Name() == "run"
			cmd.ValidArgsFunction = func(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
				if len(args) > 0 && !many {
					return nil, cobra.ShellCompDirectiveNoFileComp
				}
				return arguments(sys, typed)
			}
		} else if cmd.ValidArgsFunction == nil && cmd.ValidArgs == nil {
			cmd.ValidArgsFunction = cobra.NoFileCompletions
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if _, is := cmd.GetFlagCompletionFunc(f.Name); is || f.NoOptDefVal != "" {
				return
			}
			_ = cmd.RegisterFlagCompletionFunc(f.Name, flagCompletion(cmd.Name()+" "+f.Name)) // fails only where there is one
		})
	}
}

func flagCompletion(name string) cobra.CompletionFunc {
	if offered := flagWords[name]; offered != nil {
		return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			how := cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
			all := offered()
			if strings.HasSuffix(all[0], "=") { // there is more to type
				how |= cobra.ShellCompDirectiveNoSpace
			}
			return all, how
		}
	}
	extensions, isFile := fileFlags[name]
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		switch {
		case !isFile:
			return nil, cobra.ShellCompDirectiveNoFileComp
		case extensions == nil:
			return nil, cobra.ShellCompDirectiveDefault
		case extensions[0] == "/":
			return nil, cobra.ShellCompDirectiveFilterDirs
		}
		return extensions, cobra.ShellCompDirectiveFilterFileExt
	}
}

func completeJobs(_ *system, _ string) ([]string, cobra.ShellCompDirective) {
	return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
}

func (s *system) completeRunFiles(typed string) ([]string, cobra.ShellCompDirective) {
	return s.completeRuns(typed, nil)
}

// completeRuns offers the runs of the state folder with their states, and the files
// of this folder that are run files or end so; in another folder, the shell's own
// completion does.
func (s *system) completeRuns(typed string, extensions []string) ([]string, cobra.ShellCompDirective) {
	extensions = append([]string{".run"}, extensions...)
	if strings.ContainsAny(typed, `/`+string(filepath.Separator)) {
		for i, ext := range extensions {
			extensions[i] = ext[1:]
		}
		return extensions, cobra.ShellCompDirectiveFilterFileExt
	}
	return append(filesHere(typed, extensions), s.runNames(typed)...), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// filesHere are the files of the current folder that end so, and its folders.
func filesHere(typed string, extensions []string) (names []string) {
	entries, err := os.ReadDir(".")
	if err != nil {
		return nil
	}
	for _, e := range entries {
		name := e.Name()
		switch {
		case !strings.HasPrefix(name, typed), !offerable(name), typed == "" && name[0] == '.':
		case e.IsDir():
			names = append(names, name+"/")
		case slices.Contains(extensions, filepath.Ext(name)):
			names = append(names, name+"\t"+map[bool]string{true: "run file", false: "job"}[filepath.Ext(name) == ".run"])
		}
	}
	return names
}

const (
	mostOffered = 200                   // runs
	stateTime   = 50 * time.Millisecond // for looking at them; of the others the state is not told
)

// runNames are the names of runs that begin so, the newest first, with their states.
func (s *system) runNames(typed string) (names []string) {
	dir := s.stateDir()
	if dir == "" {
		return nil
	}
	paths, err := bulk.RunFiles(dir)
	if err != nil || len(paths) == 0 {
		return nil
	}
	if strings.HasPrefix(lastRun, typed) {
		names = append(names, lastRun+"\tthe run that was begun latest")
	}
	paths = slices.DeleteFunc(paths, func(path string) bool {
		_, _, name := runName(path)
		return !strings.HasPrefix(name, typed) || !offerable(name)
	})
	slices.SortStableFunc(paths, func(a, b string) int {
		_, ofA, _ := runName(a)
		_, ofB, _ := runName(b)
		return strings.Compare(ofB, ofA)
	})
	began := time.Now()
	for _, path := range paths[:min(len(paths), mostOffered)] {
		_, _, name := runName(path)
		if time.Since(began) > stateTime {
			names = append(names, name)
			continue
		}
		r := bulk.Glance([]string{path})[0]
		about := r.State()
		if bulk.BegunInSandbox(&r.Info) {
			about += " in the sandbox"
		}
		if about += ", " + age(time.Since(r.When())); r.Err == nil {
			about += ", " + counted(r.Counts)
		}
		names = append(names, name+"\t"+about)
	}
	return names
}

// offerable reports whether a shell takes a name as it is: shells put what is
// offered into the line unquoted.
func offerable(name string) bool {
	return !strings.HasPrefix(name, "-") && !strings.ContainsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.@+,", r) || r == unicode.ReplacementChar
	})
}
