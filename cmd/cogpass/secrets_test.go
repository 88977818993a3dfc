package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cogpass/jobs"
)

// secrets finds passwords in texts, in each of their forms, by how these begin.
type secrets map[[4]byte][]string

func newSecrets(passwords []string) secrets {
	s := secrets{}
	for _, password := range passwords {
		for _, form := range jobs.NewSecret(password).Forms() {
			if head := [4]byte([]byte(form + "\x00\x00\x00")); len(form) >= len(head) {
				s[head] = append(s[head], form)
			}
		}
	}
	return s
}

// in returns the first form that a text holds, or "".
func (s secrets) in(text []byte) string {
	var begins [1 << 16]bool // a look into the map for each byte would take long
	for head := range s {
		begins[int(head[0])<<8|int(head[1])] = true
	}
	for i := range len(text) - 3 {
		if !begins[int(text[i])<<8|int(text[i+1])] {
			continue
		}
		for _, form := range s[[4]byte(text[i:])] {
			if strings.HasPrefix(string(text[i:min(i+len(form), len(text))]), form) {
				return form
			}
		}
	}
	return ""
}

// inFiles looks into all files below a folder but those of some names. Files may
// come and go meanwhile.
func (s secrets) inFiles(root string, but ...string) (path, form string, err error) {
	err = filepath.WalkDir(root, func(at string, entry os.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !entry.Type().IsRegular() || slices.Contains(but, entry.Name()) {
			return err
		}
		text, err := os.ReadFile(at)
		if found := s.in(text); found != "" {
			path, form = at, found
			return fs.SkipAll
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	return path, form, err
}

func TestSecretsAreFound(t *testing.T) {
	s := newSecrets([]string{"Secret-0001-Pw", "Grüße & 1A"})
	for text, want := range map[string]bool{
		"Secret-0002-Pw":                      false,
		"Secret-0001-P":                       false,
		"x Secret-0001-Pw":                    true,
		"5365637265742d303030312d5077":        true, // hex
		"eyJwIjoiU2VjcmV0LTAwMDEtUHcifQ==":    true, // base64 of {"p":"Secret-0001-Pw"}
		"Gr%C3%BC%C3%9Fe+%26+1A":              true,
		`"Gr\u00fc\u00dfe & 1A"`:              true,
		`"Grüße \u0026 1A"`:                   true,
		"S\x00e\x00c\x00r\x00e\x00t\x00-\x00": false,
		"":                                    false,
	} {
		if got := s.in([]byte(text)); (got != "") != want {
			t.Errorf("%q: got %q, want one found: %t", text, got, want)
		}
	}
}
