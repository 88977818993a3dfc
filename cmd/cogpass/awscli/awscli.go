// Package awscli is the AWS CLI's admin-set-user-password and
// admin-reset-user-password, option for option: what they accept, send, print
// and exit with is what version 2.9 of the AWS CLI does, so that a script
// changes one word. Messages are cogpass's own, but for what the service
// answered.
//
// No message of cogpass's own shows a password, nor does --debug. What the
// service answers is printed as it came.
package awscli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"cogpass/cmd/cogpass/awscli/pyval"
	"cogpass/cmd/cogpass/awscli/query"
)

const service = "cognito-idp"

// Streams are where a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	Terminal bool // Err is a terminal: warnings are shown
}

// Claims reports whether a command line is for this package: its first word
// that is no option is cognito-idp or one of the two commands.
func Claims(args []string) bool {
	if len(args) == 0 {
		return false
	}
	if !strings.HasPrefix(args[0], "-") {
		return isOurs(args[0])
	}
	words := globals()
	words.choices = nil
	if p, err := words.parse(args); err == nil {
		if word, _ := p.values[words.positional].(string); isOurs(word) {
			return true
		}
	}
	// An option that comes first and is no global one, or is used wrongly, is
	// for Run to complain about.
	return slices.ContainsFunc(args, isOurs)
}

func isOurs(word string) bool {
	_, ok := operationOf(word)
	return ok || word == service
}

// Run carries out a command line that Claims accepts, and returns the exit
// code.
func Run(ctx context.Context, args []string, streams Streams) int {
	err := run(ctx, args, streams)
	var exit *exitError
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		return 130
	case errors.Is(err, errVersion{}):
		fmt.Fprintln(streams.Out, "aws-cli/2.9.19 (cogpass)")
		return 0
	case !errors.As(err, &exit):
		exit = &exitError{code: exitGeneral, msg: err.Error()}
	}
	if exit.code == exitRefused {
		fmt.Fprintf(streams.Err, "\n%s\n", exit.msg)
		return exit.code
	}
	fmt.Fprintf(streams.Err, "cogpass: %s\n", exit.msg)
	if exit.hint != "" {
		fmt.Fprintf(streams.Err, "hint: %s\n", exit.hint)
	}
	return exit.code
}

func run(ctx context.Context, args []string, streams Streams) error {
	conf, err := loadSettings()
	if err != nil {
		return err
	}
	top, err := globals().parse(args)
	if err != nil {
		return err
	}
	if top.values["--cli-auto-prompt"] != nil && top.values["--no-cli-auto-prompt"] != nil {
		return usagef("--cli-auto-prompt and --no-cli-auto-prompt cannot be given together")
	}
	g, err := readGlobals(top.values)
	if err != nil {
		return err
	}
	command, rest := top.values["command"].(string), top.rest
	if command == service {
		p, err := operationWords.parse(rest)
		if err != nil {
			return err
		}
		command, rest = p.values["operation"].(string), p.rest
	}
	op, ok := operationOf(command)
	if !ok {
		_, err := io.WriteString(streams.Out, serviceHelp)
		return err
	}
	c := &invocation{op: op, globals: g, settings: conf, streams: streams}
	return c.run(ctx, rest)
}

// operationWords takes the word after cognito-idp.
var operationWords = &parser{positional: "operation", choices: []string{operations[0].command, operations[1].command, "help"}}

// global holds the options that every command of the AWS CLI takes.
type global struct {
	profile, region, endpoint, output, caBundle string
	query                                       *query.Expression
	debug, noSign, noVerify                     bool
	connectTimeout, readTimeout                 int // seconds; 0 is none
}

func globals() *parser {
	yes := func(name string) option { return option{name: name, key: name, value: true} }
	one := func(name string, choices ...string) option {
		return option{name: name, key: name, takes: oneValue, choices: choices}
	}
	return &parser{
		positional: "command",
		choices:    []string{service, operations[0].command, operations[1].command, "help"},
		options: []option{
			yes("--debug"), one("--endpoint-url"), yes("--no-verify-ssl"), yes("--no-paginate"),
			one("--output", "json", "text", "table", "yaml", "yaml-stream"), one("--query"), one("--profile"),
			one("--region"), {name: "--version", takes: showVersion}, one("--color", "on", "off", "auto"),
			yes("--no-sign-request"), one("--ca-bundle"), one("--cli-read-timeout"), one("--cli-connect-timeout"),
			one("--cli-binary-format", "base64", "raw-in-base64-out"), yes("--no-cli-pager"),
			yes("--cli-auto-prompt"), yes("--no-cli-auto-prompt"),
		},
	}
}

func readGlobals(values map[string]any) (g global, err error) {
	str := func(name string) string { s, _ := values[name].(string); return s }
	g = global{
		profile: str("--profile"), region: str("--region"), endpoint: str("--endpoint-url"),
		output: str("--output"), caBundle: str("--ca-bundle"),
		debug: values["--debug"] != nil, noSign: values["--no-sign-request"] != nil,
		noVerify: values["--no-verify-ssl"] != nil, connectTimeout: 60, readTimeout: 60,
	}
	if expression, given := values["--query"].(string); given {
		if g.query, err = query.Compile(pyval.FromArgument(expression)); err != nil {
			return g, usagef("bad value for --query %s: %v", expression, err)
		}
	}
	if endpoint, given := values["--endpoint-url"].(string); given && !hasScheme(endpoint) {
		return g, usagef("bad value for --endpoint-url %q: the scheme is missing; it has to be of the form http://HOST/ or https://HOST/", endpoint)
	}
	if err := readTimeout(values, "--cli-read-timeout", &g.readTimeout); err != nil {
		return g, err
	}
	return g, readTimeout(values, "--cli-connect-timeout", &g.connectTimeout)
}

func readTimeout(values map[string]any, name string, to *int) (err error) {
	value, given := values[name].(string)
	if !given {
		return nil
	}
	if *to, err = strconv.Atoi(strings.TrimSpace(value)); err != nil {
		return generalf("bad value for %s %q: it has to be a whole number of seconds", name, value)
	}
	return nil
}

// environmentPassword is the prefix of a --password that names an environment
// variable. It is cogpass's own.
const environmentPassword = "env:"

// password replaces cogpass's own two ways of giving a password by the
// password.
func (c *invocation) password(values map[string]any) error {
	given, _ := values["--password"].(string)
	name, fromEnvironment := strings.CutPrefix(given, environmentPassword)
	switch {
	case values[passwordStdin] != nil:
		if values["--password"] != nil {
			return usagef("--password and --password-stdin cannot be given together")
		}
		data, err := io.ReadAll(c.streams.In)
		if err != nil {
			return usagef("--password-stdin: reading standard input: %v", err)
		}
		values["--password"] = literal(strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r"))
	case fromEnvironment:
		value, ok := os.LookupEnv(name)
		if !ok {
			return usagef("--password: the environment variable %s is not set", name)
		}
		values["--password"] = literal(value)
	}
	return nil
}

// warnOfClearPassword warns, on a terminal, of a password that every process
// on the machine can read, because it is on the command line.
func (c *invocation) warnOfClearPassword(values map[string]any, params *pyval.Map) {
	clear := func(option string) bool {
		value, given := values[option].(string)
		return given && value != "" && !strings.HasPrefix(value, "file://") && !strings.HasPrefix(value, "fileb://")
	}
	_, has := params.Get("Password")
	inDocument := has && values["--password"] == nil && (clear(inputJSON) || clear(inputYAML))
	if c.streams.Terminal && (clear("--password") || inDocument) {
		fmt.Fprintln(c.streams.Err, "warning: every process on this machine can read a password on a command line; use --password-stdin or --password env:NAME")
	}
}

// literal is a value that is taken as it is: not the name of a file.
type literal string
