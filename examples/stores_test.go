package examples

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The test binary stands in for the command lines of secret stores, where it is
// started by their names. STORE is a folder in which it keeps what it was given.
func TestMain(m *testing.M) {
	var run func(*fakeStore, []string) error
	switch filepath.Base(os.Args[0]) {
	case "vault":
		run = (*fakeStore).vault
	case "aws":
		run = (*fakeStore).aws
	default:
		os.Exit(m.Run())
	}
	if err := useStore(os.Getenv("STORE"), os.Args[1:], run); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	os.Exit(0)
}

// fakeStore is what a store holds, and with which arguments it was called.
type fakeStore struct {
	Values map[string]map[string]any
	Calls  [][]string
}

func readStore(folder string) (*fakeStore, error) {
	s := &fakeStore{Values: map[string]map[string]any{}}
	text, err := os.ReadFile(filepath.Join(folder, "store.json"))
	if os.IsNotExist(err) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	return s, json.Unmarshal(text, s)
}

func useStore(folder string, args []string, run func(*fakeStore, []string) error) error {
	s, err := readStore(folder)
	if err != nil {
		return err
	}
	s.Calls = append(s.Calls, args)
	failed := run(s, args)
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "store.json"), text, 0o600); err != nil {
		return err
	}
	return failed
}

// vault is kv put, kv get and kv metadata delete of Vault's KV version 2.
func (s *fakeStore) vault(args []string) error {
	var words []string
	flags := map[string]string{}
	for _, arg := range args {
		if name, value, ok := strings.Cut(arg, "="); ok && strings.HasPrefix(arg, "-") {
			flags[name] = value
		} else {
			words = append(words, arg)
		}
	}
	command, path := strings.Join(words[:2], " "), words[2]
	if command == "kv metadata" {
		command, path = strings.Join(words[:3], " "), words[3]
	}
	path = flags["-mount"] + ":" + path
	switch command {
	case "kv put":
		var value map[string]any
		if err := json.NewDecoder(os.Stdin).Decode(&value); err != nil || !slices.Equal(words[3:], []string{"-"}) {
			return fmt.Errorf("failed to parse K=V data: %w", err)
		}
		s.Values[path] = value
		return nil
	case "kv get":
		if s.Values[path] == nil || flags["-format"] != "json" {
			return fmt.Errorf("No value found at %s", path)
		}
		return json.NewEncoder(os.Stdout).Encode(map[string]any{"data": map[string]any{"data": s.Values[path], "metadata": map[string]any{"version": 1}}})
	case "kv metadata delete":
		delete(s.Values, path)
		return nil
	}
	return fmt.Errorf("unknown command %q", args)
}

// aws is put-parameter, get-parameters and delete-parameters of AWS Systems
// Manager.
func (s *fakeStore) aws(args []string) error {
	var names []string
	if at := slices.Index(args, "--names"); at >= 0 {
		names = args[at+1:]
	}
	switch strings.Join(args[:2], " ") {
	case "ssm put-parameter":
		rest, ok := strings.CutPrefix(strings.Join(args[2:], " "), "--name ")
		name, options, _ := strings.Cut(rest, " ")
		if !ok || options != "--type SecureString --overwrite --value file:///dev/stdin" {
			return fmt.Errorf("unknown options %q", args[2:])
		}
		var value map[string]any
		text, _ := io.ReadAll(os.Stdin)
		err := json.Unmarshal(text, &value)
		s.Values[name] = value
		return err
	case "ssm get-parameters":
		found := struct {
			Parameters        []map[string]any
			InvalidParameters []string
		}{Parameters: []map[string]any{}, InvalidParameters: []string{}}
		for _, name := range names {
			if value := s.Values[name]; value != nil {
				text, _ := json.Marshal(value)
				found.Parameters = append(found.Parameters, map[string]any{"Name": name, "Type": "SecureString", "Value": string(text)})
			} else {
				found.InvalidParameters = append(found.InvalidParameters, name)
			}
		}
		return json.NewEncoder(os.Stdout).Encode(found)
	case "ssm delete-parameters":
		for _, name := range names {
			delete(s.Values, name)
		}
		return nil
	}
	return fmt.Errorf("unknown command %q", args)
}
