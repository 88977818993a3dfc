package awscli

import (
	"maps"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// settings is what the environment and the shared config files say.
type settings struct {
	profile  map[string]string // the profile in use
	given    bool              // whether a profile was asked for
	name     string            // that profile's name
	profiles map[string]map[string]string
	stored   map[string]map[string]string // the sections of the credentials file
}

// loadSettings reads the shared config files.
func loadSettings() (*settings, error) {
	s := &settings{profiles: map[string]map[string]string{}}
	config, err := readINI(environment("AWS_CONFIG_FILE", "~/.aws/config"))
	if err != nil {
		return nil, err
	}
	for name, section := range config {
		if profile, ok := profileOf(name); ok {
			s.profiles[profile] = section
		}
	}
	s.stored, err = readINI(environment("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"))
	if err != nil {
		return nil, err
	}
	for name, section := range s.stored {
		merged := map[string]string{}
		maps.Copy(merged, s.profiles[name])
		maps.Copy(merged, section)
		s.profiles[name] = merged
	}
	return s, nil
}

var profileSection = regexp.MustCompile(`^profile\s+(?:"([^"]*)"|'([^']*)'|([^\s"']+))\s*$`)

func profileOf(section string) (string, bool) {
	if section == "default" {
		return section, true
	}
	if m := profileSection.FindStringSubmatch(section); m != nil {
		return m[1] + m[2] + m[3], true
	}
	return "", false
}

// use chooses the profile: the one of --profile, or else of the environment.
func (s *settings) use(option string) error {
	s.name, s.given = option, option != ""
	for _, v := range []string{"AWS_PROFILE", "AWS_DEFAULT_PROFILE"} {
		if value, ok := os.LookupEnv(v); ok && !s.given {
			s.name, s.given = value, true
		}
	}
	name := "default"
	if s.given {
		name = s.name
	}
	var known bool
	if s.profile, known = s.profiles[name]; s.given && !known {
		return &exitError{exitGeneral, "the config profile (" + name + ") could not be found", "`aws configure list-profiles` lists the profiles there are"}
	}
	return nil
}

// region returns the Region of the environment or the profile, or "".
func (s *settings) region() string {
	for _, v := range []string{"AWS_REGION", "AWS_DEFAULT_REGION"} {
		if value, ok := os.LookupEnv(v); ok {
			return value
		}
	}
	return s.profile["region"]
}

// output returns the output format of the environment or the profile.
func (s *settings) output() string {
	if value, ok := os.LookupEnv("AWS_DEFAULT_OUTPUT"); ok {
		return value
	}
	if value, ok := s.profile["output"]; ok {
		return value
	}
	return "json"
}

// attempts returns how many requests to send at most.
func (s *settings) attempts() (int, error) {
	value, ok := os.LookupEnv("AWS_MAX_ATTEMPTS")
	if !ok {
		value, ok = s.profile["max_attempts"]
	}
	if !ok {
		return 3, nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(value))
	if err != nil || n < 1 {
		return 0, generalf("max_attempts (AWS_MAX_ATTEMPTS) is %q: it has to be a whole number from 1", value)
	}
	return n, nil
}

// checkRetryMode accepts what the AWS CLI has; what differs between them does
// not show in one call.
func (s *settings) checkRetryMode() error {
	mode, ok := os.LookupEnv("AWS_RETRY_MODE")
	if !ok {
		if mode, ok = s.profile["retry_mode"]; !ok {
			return nil
		}
	}
	if mode != "standard" && mode != "adaptive" {
		return generalf(`invalid retry "mode" (AWS_RETRY_MODE) %q: it has to be "standard" or "adaptive"`, mode)
	}
	return nil
}

// checkCredentials refuses half a pair of keys, which the SDK would pass over.
func (s *settings) checkCredentials(profileOption bool) error {
	id, secret := os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY")
	switch {
	case profileOption:
	case id != "" && secret == "":
		return generalf("partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY")
	case id != "":
		return nil
	}
	name := s.name
	if !s.given {
		name = "default"
	}
	stored := s.stored[name]
	if stored["aws_access_key_id"] != "" && stored["aws_secret_access_key"] == "" {
		return generalf("partial credentials found in the shared credentials file, profile %s, missing: aws_secret_access_key", name)
	}
	return nil
}

func environment(name, otherwise string) string {
	if value, ok := os.LookupEnv(name); ok {
		return value
	}
	return otherwise
}
