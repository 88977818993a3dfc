package awscli

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"cogpass/jobs"
)

// invocation is one of the two commands as it was called.
type invocation struct {
	op      operation
	globals global
	streams Streams
	line    []string // all arguments, for messages to say where
}

// The options of both commands that are not part of the request, and the
// option of the password.
const (
	inputJSON     = "--cli-input-json"
	inputYAML     = "--cli-input-yaml"
	skeletonName  = "--generate-cli-skeleton"
	passwordName  = "--password"
	passwordStdin = "--password-stdin"
)

func (c *invocation) run(ctx context.Context, args []string) error {
	if len(args) == 1 && slices.Contains([]string{"help", "--help", "-h"}, args[0]) {
		return c.help()
	}
	p, err := c.parser(args).parse(args)
	if err != nil {
		return err
	}
	switch word := p.values.text("help"); word {
	case "help":
		return c.help()
	case "": // the AWS CLI takes an empty word for none
	default:
		p.rest = append(p.rest, word)
	}
	if len(p.rest) > 0 {
		return c.unknownOptions(p.rest)
	}
	r, err := c.request(ctx, p.values)
	if err != nil {
		return err
	}
	c.warnOfClearPassword(p.values, r)
	switch p.values.text(skeletonName) {
	case "input":
		_, err := io.WriteString(c.streams.Out, c.op.jsonSkeleton())
		return err
	case "yaml-input":
		_, err := io.WriteString(c.streams.Out, c.op.yamlSkeleton())
		return err
	case "output":
		return c.send(ctx, r, true)
	}
	return c.send(ctx, r, false)
}

// parser knows the command's options. Those of the request are required,
// unless the arguments name a document or a skeleton that stands in for them.
func (c *invocation) parser(args []string) *parser {
	required := !slices.Contains(args, inputJSON) && !slices.Contains(args, inputYAML)
	if i := slices.Index(args, skeletonName); i >= 0 && (i+1 == len(args) || args[i+1] != "output") {
		required = false
	}
	p := &parser{positional: "help", optional: true}
	for _, m := range c.op.members {
		name := "--" + m.option
		if m.kind == boolean {
			p.options = append(p.options, option{name: name, key: name, value: "true"}, option{name: "--no-" + m.option, key: name, value: "false"})
			continue
		}
		need := m.required && required
		if name == passwordName {
			p.options = append(p.options, option{name: passwordStdin, key: passwordStdin, value: "true", whole: true})
			need = need && !slices.Contains(args, passwordStdin)
		}
		p.options = append(p.options, option{name: name, key: name, takes: oneValue, required: need})
	}
	p.options = append(p.options,
		option{name: inputJSON, key: inputJSON, takes: oneValue},
		option{name: inputYAML, key: inputYAML, takes: oneValue},
		option{name: skeletonName, key: skeletonName, takes: optionalValue, missing: "input", choices: []string{"input", "output", "yaml-input"}},
	)
	return p
}

// unknownOptions is the error of arguments that nothing knows. Any of them may
// be a password, or a part of one: only what looks like an option is shown.
func (c *invocation) unknownOptions(unknown []string) error {
	var shown []string
	hint := ""
	for i, arg := range c.line {
		if !slices.Contains(unknown, arg) {
			continue
		}
		if name, _, _ := strings.Cut(strings.ReplaceAll(arg, " ", "="), "="); plainOption.MatchString(name) {
			shown = append(shown, name)
		} else {
			shown = append(shown, fmt.Sprintf("argument %d", i+1))
			hint = "a value with spaces in it has to be quoted"
		}
	}
	return &exitError{exitUsage, "unknown options: " + strings.Join(shown, ", "), hint}
}

// request is what an operation is given, by the API's names. A value is a
// string, a bool, a map[string]any or whatever else a document has in its
// place; the password, where it is text, is a jobs.Secret.
type request map[string]any

// request makes the request that the options, and an input document for what
// they do not say, stand for.
func (c *invocation) request(ctx context.Context, v values) (request, error) {
	r := request{}
	for _, m := range c.op.members {
		name := "--" + m.option
		var value any
		var err error
		switch {
		case name == passwordName && v.has(passwordStdin), name == passwordName && strings.HasPrefix(v.text(name), environmentPassword):
			value, err = c.password(ctx, v)
		case !v.has(name):
			continue
		case m.kind == boolean:
			value = v.text(name) == "true"
		default:
			if value, err = resolveFile(ctx, name, v[name]); err == nil && m.kind == textMap {
				value, err = m.parseMap(value)
			}
		}
		if err != nil {
			return nil, err
		}
		r[m.name] = value
	}
	// The AWS CLI reads a document's file here for the first time: what can
	// be read only once is empty when its turn comes.
	for _, name := range []string{inputJSON, inputYAML} {
		if _, err := resolveFile(ctx, name, v[name]); err != nil {
			return nil, err
		}
	}
	document, err := readInput(ctx, v)
	for name, value := range document {
		if _, given := r[name]; !given {
			r[name] = value
		}
	}
	if password, isText := r["Password"].(string); isText {
		r["Password"] = jobs.NewSecret(password)
	}
	return r, err
}

// environmentPassword is the prefix of a --password that names an environment
// variable. It is cogpass's own.
const environmentPassword = "env:"

// password reads a password that cogpass's own two ways give. No message names
// the variable: a password may itself begin with "env:".
func (c *invocation) password(ctx context.Context, v values) (any, error) {
	name, _ := strings.CutPrefix(v.text(passwordName), environmentPassword)
	text, set := os.LookupEnv(name)
	switch {
	case v.has(passwordStdin) && v.has(passwordName):
		return nil, usagef("--password and --password-stdin cannot be given together")
	case v.has(passwordStdin):
		data, err := readAll(ctx, func() (io.ReadCloser, error) { return io.NopCloser(c.streams.In), nil })
		if err != nil {
			return nil, usagef("--password-stdin: reading standard input: %v", err)
		}
		text = strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	case !set:
		return nil, &exitError{exitUsage, `--password: no environment variable has the name that follows "env:"`,
			`a password that itself begins with "env:" is given with --password-stdin`}
	}
	if text == "" {
		return nil, usagef("--password: standard input, or the environment variable, holds no password")
	} else if !utf8.ValidString(text) {
		return nil, usagef("--password: the password is not UTF-8 text")
	}
	return jobs.NewSecret(text), nil
}

// warnOfClearPassword warns, on a terminal, of a password that every process
// on the machine can read, because it is on the command line.
func (c *invocation) warnOfClearPassword(v values, r request) {
	clear := func(option string) bool {
		text := v.text(option)
		return text != "" && !strings.HasPrefix(text, "file://") && !strings.HasPrefix(text, "fileb://")
	}
	_, has := r["Password"]
	inDocument := has && !v.has(passwordName) && !v.has(passwordStdin) && (clear(inputJSON) || clear(inputYAML))
	onLine := clear(passwordName) && !strings.HasPrefix(v.text(passwordName), environmentPassword)
	if c.streams.Terminal && (onLine || inDocument) {
		fmt.Fprintln(c.streams.Err, "warning: every process on this machine can read a password on a command line; use --password-stdin or --password env:NAME")
	}
}
