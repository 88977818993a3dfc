package awscli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"cogpass/cmd/cogpass/awscli/pyval"
)

// invocation is one of the two commands as it was called.
type invocation struct {
	op       operation
	globals  global
	settings *settings
	streams  Streams
}

// The options of both commands that are not part of the request.
const (
	inputJSON     = "--cli-input-json"
	inputYAML     = "--cli-input-yaml"
	skeletonName  = "--generate-cli-skeleton"
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
	switch word := p.values["help"]; word {
	case "help":
		return c.help()
	case nil, "": // the AWS CLI takes an empty word for none
	default:
		p.rest = append(p.rest, word.(string))
	}
	if len(p.rest) > 0 {
		return unknownOptions(args, p.rest)
	}
	if err := c.password(p.values); err != nil {
		return err
	}
	params, err := c.parameters(p.values)
	if err != nil {
		return err
	}
	if err := addInput(params, p.values); err != nil {
		return err
	}
	c.warnOfClearPassword(p.values, params)
	switch p.values[skeletonName] {
	case "input":
		_, err := io.WriteString(c.streams.Out, c.op.jsonSkeleton())
		return err
	case "yaml-input":
		_, err := io.WriteString(c.streams.Out, c.op.yamlSkeleton())
		return err
	case "output":
		return c.send(ctx, params, true)
	}
	return c.send(ctx, params, false)
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
			p.options = append(p.options, option{name: name, key: name, value: true}, option{name: "--no-" + m.option, key: name, value: false})
			continue
		}
		need := m.required && required
		if m.name == "Password" {
			p.options = append(p.options, option{name: passwordStdin, key: passwordStdin, value: true, whole: true})
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

// unknownOptions is the error of arguments that nothing knows. What may be a
// password, because it follows an option that looks like the password's, is
// not named.
func unknownOptions(args, unknown []string) error {
	var shown []string
	var hint string
	secret := false
	for _, arg := range args {
		if strings.HasPrefix(arg, "--") {
			secret = strings.HasPrefix(arg, "--p") && strings.Contains(arg, "pa")
			arg, _, _ = strings.Cut(arg, "=")
		} else if secret && slices.Contains(unknown, arg) {
			hint = "a password with spaces in it has to be quoted"
			continue
		}
		if slices.ContainsFunc(unknown, func(u string) bool { return u == arg || strings.HasPrefix(u, arg+"=") }) {
			shown = append(shown, arg)
		}
	}
	if hint != "" {
		shown = append(shown, "what follows the value of --password")
	}
	return &exitError{exitUsage, "unknown options: " + strings.Join(shown, ", "), hint}
}

// parameters makes the request that the options stand for.
func (c *invocation) parameters(values map[string]any) (*pyval.Map, error) {
	params := &pyval.Map{}
	for _, m := range c.op.members {
		name := "--" + m.option
		var value any
		var err error
		switch given := values[name].(type) {
		case nil:
			continue
		case bool, []any:
			value = given
		case literal:
			value = pyval.FromArgument(string(given))
		case string:
			if value, err = resolveFile(name, given); err == nil && m.kind == textMap {
				value, err = parseMap(name, value)
			}
		}
		if err != nil {
			return nil, err
		}
		params.Set(m.name, value)
	}
	// The AWS CLI reads a document's file here for the first time: what can
	// be read only once is empty when its turn comes.
	for _, name := range []string{inputJSON, inputYAML} {
		if given, ok := values[name].(string); ok {
			if _, err := resolveFile(name, given); err != nil {
				return nil, err
			}
		}
	}
	return params, nil
}

// parseMap reads the value of an option that takes a mapping: JSON where it
// begins like JSON, else shorthand.
func parseMap(name string, value any) (any, error) {
	s, ok := value.(string)
	if !ok {
		if len(value.(pyval.Bytes)) == 0 {
			return nil, usagef("parameter %s is empty", name)
		}
		return nil, generalf("parameter %s has to be text, not bytes", name)
	}
	switch trimmed := strings.TrimLeftFunc(s, isSpace); {
	case strings.HasPrefix(trimmed, "{"):
		v, err := pyval.ParseJSON(s)
		if err != nil {
			return nil, usagef("parameter %s: %v", name, err)
		}
		return v, nil
	case strings.HasPrefix(trimmed, "["):
		return nil, usagef("parameter %s: invalid JSON: it has to be an object", name)
	}
	v, err := parseShorthand(s)
	if err != nil {
		return nil, usagef("parameter %s: %v", name, err)
	}
	return v, nil
}

// addInput adds to a request what an input document has and the options do
// not say.
func addInput(params *pyval.Map, values map[string]any) error {
	fromJSON, isJSON := values[inputJSON].(string)
	fromYAML, isYAML := values[inputYAML].(string)
	var document any
	var err error
	name := inputJSON
	switch {
	case isJSON && isYAML:
		return usagef("only one of %s and %s may be given", inputJSON, inputYAML)
	case isJSON:
		document, err = readInput(inputJSON, fromJSON, pyval.ParseJSON, pyval.ParseJSONBytes)
	case isYAML:
		name = inputYAML
		document, err = readInput(inputYAML, fromYAML, parseYAML, func(b []byte) (any, error) { return parseYAML(string(b)) })
	default:
		return nil
	}
	if err != nil {
		return err
	}
	m, ok := document.(*pyval.Map)
	if !ok {
		return usagef("parameter %s: invalid type: it has to be a mapping, not of type %s", name, pyval.TypeName(document))
	}
	for _, k := range m.Keys() {
		if _, given := params.Get(k); !given {
			v, _ := m.Get(k)
			params.Set(k, v)
		}
	}
	return nil
}

func readInput(name, value string, ofText func(string) (any, error), ofBytes func([]byte) (any, error)) (any, error) {
	content, err := resolveFile(name, value)
	if err != nil {
		return nil, err
	}
	var document any
	switch content := content.(type) {
	case string:
		document, err = ofText(content)
	case pyval.Bytes:
		document, err = ofBytes(content)
	}
	if err == nil {
		return document, nil
	}
	code := exitUsage
	if err == errNumber {
		code = exitGeneral
	}
	return nil, &exitError{code: code, msg: fmt.Sprintf("parameter %s: invalid %s: %v", name, strings.ToUpper(strings.TrimPrefix(name, "--cli-input-")), err)}
}
