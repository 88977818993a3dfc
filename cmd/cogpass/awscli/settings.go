package awscli

import (
	"cmp"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"
)

// checkEnvironment refuses the settings that the AWS CLI refuses and the SDK
// would pass over: what is set to nothing, and half a pair of keys.
func checkEnvironment(g global) error {
	attempts, set := os.LookupEnv("AWS_MAX_ATTEMPTS")
	if n, err := strconv.Atoi(strings.TrimSpace(attempts)); set && (err != nil || n < 1) {
		return generalf("AWS_MAX_ATTEMPTS is %q: it has to be a whole number from 1", attempts)
	}
	if mode, set := os.LookupEnv("AWS_RETRY_MODE"); set && mode == "" {
		return generalf("AWS_RETRY_MODE is set to nothing")
	}
	if profile, set := os.LookupEnv("AWS_PROFILE"); set && profile == "" && g.profile == "" {
		return generalf("the profile () that AWS_PROFILE names could not be found: it is set to nothing")
	}
	if g.profile == "" && !g.noSign && os.Getenv("AWS_ACCESS_KEY_ID") != "" && os.Getenv("AWS_SECRET_ACCESS_KEY") == "" {
		return generalf("partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY")
	}
	return nil
}

// checkConfigFiles refuses a shared config file that the AWS CLI refuses. The
// SDK would read of it what it can, which may be another account's keys.
func checkConfigFiles() error {
	for _, path := range []string{cmp.Or(os.Getenv("AWS_CONFIG_FILE"), "~/.aws/config"), cmp.Or(os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), "~/.aws/credentials")} {
		path = expandHome(path)
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return generalf("reading the config file: %v", err)
		}
		if line, fault := configFault(string(data)); fault != "" {
			return generalf("unable to parse config file: %s:%d: %s", path, line, fault)
		}
	}
	return nil
}

// configFault finds the first line that has no place in a config file.
func configFault(text string) (line int, fault string) {
	if !utf8.ValidString(text) {
		return 1, "it is not UTF-8"
	}
	seen := map[string]bool{}
	section, goesOn := "", false // goesOn: there is a setting that an indented line continues
	for text := range strings.Lines(text) {
		line++
		trimmed := strings.TrimSpace(text)
		end := strings.LastIndexByte(trimmed, ']')
		sign := strings.IndexAny(trimmed, "=:")
		key := ""
		switch {
		case trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';', goesOn && strings.ContainsAny(text[:1], " \t"):
			continue
		case trimmed[0] == '[' && end > 1:
			section, goesOn = trimmed[1:end], false
		case section == "":
			return line, "no section before it"
		case sign < 1:
			return line, "neither a section nor a setting"
		default:
			key, goesOn = strings.ToLower(strings.TrimSpace(trimmed[:sign])), true
		}
		if key == "region" && len(strings.Fields(trimmed[sign+1:])) > 1 {
			return line, "a Region with a space in it"
		} else if seen[section+"\n"+key] {
			return line, "a section or setting is there twice"
		}
		seen[section+"\n"+key] = true
	}
	return 0, ""
}
