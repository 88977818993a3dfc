package main

// The exit codes.
const (
	exitSomeFailed  = 1
	exitUsage       = 2
	exitFatal       = 3
	exitLimit       = 4
	exitHeld        = 5
	exitInterrupted = 130
)

type exitCode struct {
	Code    int
	Meaning string
}

// exitCodes is every exit code and what it means of a run, as in the README.
var exitCodes = []exitCode{
	{0, "every task is ok or skipped"},
	{exitSomeFailed, "it ran to its end, and some tasks are failed or unknown"},
	{exitUsage, "the command line or the job is wrong, or what it asks for is refused; nothing was sent"},
	{exitFatal, "could not start, or a fatal error stopped it"},
	{exitLimit, "stopped by a limit of the job or of Cognito; run RUN_FILE goes on"},
	{exitHeld, "another run holds this run file or this pool"},
	{exitInterrupted, "interrupted; run RUN_FILE goes on"},
}

// What the codes mean of commands that carry no run out.
var (
	done       = exitCode{0, "done"}
	wrongLine  = exitCode{exitUsage, "the command line is wrong"}
	noFile     = exitCode{exitFatal, "the run file cannot be used, or the output not written"}
	noOutput   = exitCode{exitFatal, "the output could not be written"}
	broken     = exitCode{exitInterrupted, "interrupted"}
	ofRunFiles = []exitCode{done, wrongLine, noFile}
	ofOutput   = []exitCode{done, wrongLine, noOutput}
)

// exitsOf is the exit codes of each command, in the order of its help.
var exitsOf = map[string][]exitCode{
	"cogpass": exitCodes,
	"run":     exitCodes,
	"init":    {done, wrongLine, {exitFatal, "the job could not be written"}, broken},
	"validate": {
		{0, "the job is right"},
		{exitUsage, "the command line or the job is wrong, or a file that it names cannot be read"},
		noOutput, broken,
	},
	"plan": {
		{0, "the plan is made"},
		{exitUsage, "the command line or the job is wrong, or what it asks for is refused; nothing was changed"},
		{exitFatal, "the pool could not be asked, or the run file not written"},
		broken,
	},
	"status": ofRunFiles,
	"report": {done, wrongLine, noFile, broken},
	"rate":   ofRunFiles,
	"pause":  ofRunFiles,
	"resume": ofRunFiles,
	"prune":  {done, {exitUsage, "the command line is wrong, or it was not confirmed"}, {exitFatal, "a run file could not be removed"}, broken},
	"ledger": {
		done,
		{exitSomeFailed, "--rebuild could not read some run file, or not all of it"},
		wrongLine,
		{exitFatal, "the ledger cannot be used, or the output not written"},
	},
	"reveal": {
		done,
		{exitUsage, "the command line is wrong, or the identities open none of the passwords"},
		{exitFatal, "the run file cannot be used, some passwords not opened, or the output not written"},
		{exitHeld, "with --reseal: a run holds the run file"},
		broken,
	},
	"sandbox": {
		{0, "it has served until it was interrupted"},
		{exitUsage, "the command line or the file of --pool is wrong"},
		{exitFatal, "the port is taken, or the output could not be written"},
		{exitInterrupted, "interrupted before it served"},
	},
	"schema":     ofOutput,
	"completion": ofOutput,
	"version":    ofOutput,
	"help":       {done, wrongLine},
	"man":        ofOutput,
}
