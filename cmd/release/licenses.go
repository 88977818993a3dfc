package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// compatible are the licenses under which code may be linked into a program
// under Apache-2.0, by SPDX identifier, and words that only their texts have.
// MPL-2.0 holds for its own files alone, whose source the module proxy has.
var compatible = []struct{ id, words string }{
	{"Apache-2.0", "apache license version 2.0"},
	{"MIT", "permission is hereby granted, free of charge, to any person obtaining a copy"},
	{"ISC", "permission to use, copy, modify, and/or distribute this software for any purpose"},
	{"ISC", "permission to use, copy, modify, and distribute this software for any purpose"},
	{"MPL-2.0", "mozilla public license version 2.0"},
	{"Unlicense", "this is free and unencumbered software released into the public domain"},
	{"blessing", "sqlite is public domain"},
}

const bsd = "redistribution and use in source and binary forms, with or without modification, are permitted"

// refused are words of licenses that do not go with Apache-2.0, or may not be
// linked statically.
var refused = []string{"gnu general public license", "gnu lesser general public license", "gnu affero general public license", "server side public license", "business source license", "commons clause"}

// licensesIn returns the SPDX identifiers of the licenses that a text has. One
// that names none that is known, or one that is refused, is an error.
func licensesIn(body string) (ids []string, err error) {
	body = strings.Join(strings.Fields(strings.ToLower(body)), " ")
	body = strings.ReplaceAll(body, "version 2.0, january 2004", "version 2.0")
	body = strings.ReplaceAll(body, "license, version 2.0", "license version 2.0")
	for _, words := range refused {
		// The MPL names those that it goes with.
		if strings.Contains(body, words) && !strings.Contains(body, "mozilla public license version 2.0") {
			return nil, fmt.Errorf("it has words of a license that does not go with Apache-2.0: %s", words)
		}
	}
	for _, c := range compatible {
		if strings.Contains(body, c.words) && !slices.Contains(ids, c.id) {
			ids = append(ids, c.id)
		}
	}
	if strings.Contains(body, bsd) {
		id := "BSD-2-Clause"
		if strings.Contains(body, "neither the name") || strings.Contains(body, "names of its contributors") {
			id = "BSD-3-Clause"
		}
		ids = append(ids, id)
	}
	if ids == nil {
		return nil, errors.New("a license that is not known here; look at it, and add it to compatible or refused")
	}
	return ids, nil
}

// collect writes the texts of all that is linked on any platform into a folder:
// MODULES, a list, and a folder a module.
func collect(dir string) error {
	all := map[string]module{}
	for _, platform := range platforms {
		modules, err := linked(platform)
		if err != nil {
			return fmt.Errorf("%s: %w", platform, err)
		}
		for _, m := range modules {
			known := all[m.Path]
			m.Texts = append(known.Texts, m.Texts...)
			m.Licenses = append(known.Licenses, m.Licenses...)
			all[m.Path] = m
		}
	}
	var paths []string
	for path := range all {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	var list strings.Builder
	list.WriteString("What is linked into cogpass, with the licenses that hold; each one's texts are in a folder beside this file.\n\n")
	for _, path := range paths {
		m := all[path]
		slices.Sort(m.Licenses)
		fmt.Fprintf(&list, "%s %s: %s\n", m.Path, m.Version, strings.Join(slices.Compact(m.Licenses), " and "))
		for _, t := range m.Texts {
			body, err := os.ReadFile(t.Path)
			if err != nil {
				return err
			}
			to := filepath.Join(dir, filepath.FromSlash(m.Path), filepath.FromSlash(t.Name))
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				return err
			}
			if err := os.WriteFile(to, body, 0o644); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(filepath.Join(dir, "MODULES"), []byte(list.String()), 0o644)
}
