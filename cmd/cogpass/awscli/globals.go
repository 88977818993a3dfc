package awscli

import (
	"strconv"
	"strings"
	"time"

	"github.com/jmespath/go-jmespath"
)

// global holds the options that every command of the AWS CLI takes.
type global struct {
	profile, region, endpoint, output, caBundle string
	query                                       *jmespath.JMESPath
	debug, noSign, noVerify                     bool
	connectTimeout, readTimeout                 time.Duration // negative is none
}

func globals() *parser {
	yes := func(name string) option { return option{name: name, key: name, value: "true"} }
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

func readGlobals(v values) (g global, err error) {
	if v.has("--cli-auto-prompt") && v.has("--no-cli-auto-prompt") {
		return g, usagef("--cli-auto-prompt and --no-cli-auto-prompt cannot be given together")
	}
	g = global{
		profile: v.text("--profile"), region: v.text("--region"), endpoint: v.text("--endpoint-url"),
		output: v.text("--output"), caBundle: v.text("--ca-bundle"),
		debug: v.has("--debug"), noSign: v.has("--no-sign-request"), noVerify: v.has("--no-verify-ssl"),
	}
	for _, name := range []string{"--region", "--ca-bundle"} {
		if v.has(name) && v.text(name) == "" {
			return g, &exitError{exitUsage, name + " is empty", "leave it out, or check the variable that it was to come from"}
		}
	}
	if v.has("--query") {
		if g.query, err = compileQuery(v.text("--query")); err != nil {
			return g, usagef("bad value for --query: %v", err)
		}
	}
	if v.has("--endpoint-url") && !hasScheme(g.endpoint) {
		return g, usagef("bad value for --endpoint-url: the scheme is missing; it has to be of the form http://HOST/ or https://HOST/")
	}
	if g.readTimeout, err = timeout(v, "--cli-read-timeout"); err != nil {
		return g, err
	}
	g.connectTimeout, err = timeout(v, "--cli-connect-timeout")
	return g, err
}

// timeout returns a time limit as cognito.Config has it.
func timeout(v values, name string) (time.Duration, error) {
	if !v.has(name) {
		return time.Minute, nil
	}
	seconds, err := strconv.Atoi(strings.TrimSpace(v.text(name)))
	switch {
	case err != nil || seconds < 0:
		return 0, generalf("bad value for %s: it has to be a whole number of seconds, 0 for no limit", name)
	case seconds == 0:
		return -1, nil
	}
	return time.Duration(seconds) * time.Second, nil
}
