package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"cogpass/jobs/yamldoc"
)

func TestLicensesIn(t *testing.T) {
	const mit = "Permission is hereby granted, free of charge, to any person obtaining a copy\nof this software"
	const redistribution = "Redistribution and use in source and binary forms, with or without\nmodification, are permitted provided"
	for _, c := range []struct{ name, body, want string }{
		{"MIT", mit, "MIT"},
		{"in lines of other lengths", strings.ReplaceAll(mit, " ", "\n  "), "MIT"},
		{"two clauses", redistribution, "BSD-2-Clause"},
		{"three clauses", redistribution + "\n * Neither the name of X", "BSD-3-Clause"},
		{"three clauses, numbered", redistribution + "\n the names of its contributors may", "BSD-3-Clause"},
		{"Apache", "Apache License\n   Version 2.0, January 2004", "Apache-2.0"},
		{"Apache, in short", "Licensed under the Apache License, Version 2.0 (the", "Apache-2.0"},
		{"both", mit + "\nApache License, Version 2.0", "Apache-2.0 MIT"},
		{"ISC", "Permission to use, copy, modify, and/or distribute this software for any purpose", "ISC"},
		{"MPL, which names the GPL", "Mozilla Public License Version 2.0 ... GNU General Public License, Version 2.0", "MPL-2.0"},
		{"Unlicense", "This is free and unencumbered software released into the public domain.", "Unlicense"},
		{"GPL", "GNU GENERAL PUBLIC LICENSE Version 3", ""},
		{"LGPL beside MIT", mit + " GNU Lesser General Public License", ""},
		{"none", "All rights reserved.", ""},
		{"empty", "", ""},
	} {
		got, err := licensesIn(c.body)
		if strings.Join(got, " ") != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%s: got %q, %v, want %q", c.name, got, err, c.want)
		}
	}
}

// Everything that is linked, on every platform, is under a license that goes
// with ours, and its texts are there.
func TestCollect(t *testing.T) {
	dir := t.TempDir()
	if err := collect(dir); err != nil {
		t.Fatal(err)
	}
	list, err := os.ReadFile(filepath.Join(dir, "MODULES"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\nstd go1.", "\ngithub.com/spf13/cobra v", "\nmodernc.org/sqlite v", "\ngithub.com/inconshreveable/mousetrap v"} { // the last on Windows alone
		if !strings.Contains(string(list), want) {
			t.Errorf("MODULES does not have %q:\n%s", want, list)
		}
	}
	for _, name := range []string{"std/LICENSE", "github.com/aws/smithy-go/NOTICE", "github.com/aws/aws-sdk-go-v2/internal/sync/singleflight/LICENSE", "modernc.org/sqlite/LICENSE-SQLITE"} {
		if body, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name))); err != nil || len(body) == 0 {
			t.Errorf("%s: %d bytes, %v", name, len(body), err)
		}
	}
}

func TestSBOM(t *testing.T) {
	dir := t.TempDir()
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", dir+string(filepath.Separator), "cogpass/cmd/cogpass")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	name := "cogpass"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	to := filepath.Join(dir, "sboms", "one.spdx.json")
	if err := writeSBOM(filepath.Join(dir, name), to); err == nil {
		t.Error("a bill without version and time is no error")
	}
	t.Setenv("RELEASE_VERSION", "1.2.3")
	t.Setenv("RELEASE_TIME", "2026-01-14T09:03:12Z")
	if err := writeSBOM(filepath.Join(dir, name), to); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	var doc spdxDocument
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Version != "SPDX-2.3" || doc.CreationInfo.Created != "2026-01-14T09:03:12Z" || !strings.HasPrefix(doc.Name, "cogpass-1.2.3-") || !strings.HasSuffix(doc.Namespace, doc.Packages[0].Checksums[0].Value) {
		t.Errorf("got %+v", doc)
	}
	id := regexp.MustCompile(`^SPDXRef-[a-zA-Z0-9.-]+$`)
	known := map[string]bool{doc.ID: true}
	for _, p := range doc.Packages {
		if !id.MatchString(p.ID) || known[p.ID] || p.Version == "" || p.LicenseConcluded == "" {
			t.Errorf("got package %+v", p)
		}
		known[p.ID] = true
	}
	for _, r := range doc.Relationships {
		if !known[r.Element] || !known[r.Related] {
			t.Errorf("got relationship %+v of what is not there", r)
		}
	}
	if !strings.Contains(string(text), `"pkg:golang/modernc.org/sqlite@v`) || len(doc.Relationships) != len(doc.Packages) {
		t.Errorf("got %d packages and %d relationships", len(doc.Packages), len(doc.Relationships))
	}
}

func TestSame(t *testing.T) {
	modules := []module{{Path: "std"}, {Path: "a", Version: "v1"}}
	for name, c := range map[string]struct {
		has  map[string]string
		want bool
	}{
		"the same":        {map[string]string{"a": "v1"}, true},
		"another version": {map[string]string{"a": "v2"}, false},
		"one more":        {map[string]string{"a": "v1", "b": "v1"}, false},
		"one less":        {map[string]string{}, false},
	} {
		if err := same(program{Modules: c.has}, modules); (err == nil) != c.want {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The platforms stand in two places.
func TestPlatforms(t *testing.T) {
	var oses, arches []string
	for _, p := range platforms {
		os, arch, _ := strings.Cut(p, "/")
		oses, arches = append(oses, os), append(arches, arch)
	}
	slices.Sort(arches)
	for _, want := range []string{"goos: [" + strings.Join(slices.Compact(oses), ", ") + "]", "goarch: [" + strings.Join(slices.Compact(arches), ", ") + "]"} {
		if !strings.Contains(read(t, ".goreleaser.yaml"), want) {
			t.Errorf(".goreleaser.yaml does not have %q", want)
		}
	}
}

// The workflow may do only what it says, and uses no action that could change.
func TestWorkflow(t *testing.T) {
	text := read(t, ".github/workflows/release.yaml")
	if _, err := yamldoc.Parse([]byte(text)); err != nil {
		t.Fatal(err)
	}
	pinned := regexp.MustCompile(`^actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	for line := range strings.Lines(text) {
		if _, action, is := strings.Cut(strings.TrimSpace(line), "uses: "); is && !pinned.MatchString(action) {
			t.Errorf("not pinned to a commit: %s", action)
		}
		if strings.Contains(line, "run:") && strings.Contains(line, "${{") {
			t.Errorf("a shell would read what somebody else has written: %s", line)
		}
	}
	build, publish, _ := strings.Cut(text, "  publish:")
	if !strings.Contains(build, "\npermissions: {}") || strings.Contains(build, ": write") || strings.Contains(publish, "checkout") {
		t.Error("only the job that runs no code of the repository may write")
	}
}

// The image fits what the examples of schedulers say of it.
func TestImage(t *testing.T) {
	dockerfile, cronJob, task := read(t, "Dockerfile"), read(t, "examples/cron/cronjob.yaml"), read(t, "examples/cron/ecs-task.json")
	for _, want := range []string{
		"\nFROM scratch\n", "\nUSER 65532:65532\n", "\nVOLUME /var/lib/cogpass\n", "-m 0700 -o 65532 -g 65532 /image/var/lib/cogpass",
		"XDG_STATE_HOME=/var/lib SQLITE_TMPDIR=/var/lib/cogpass", "/etc/ssl/certs/ca-certificates.crt", "\nENTRYPOINT [\"/usr/bin/cogpass\"]\n",
	} {
		if !strings.Contains(dockerfile, want) {
			t.Errorf("the Dockerfile does not have %q", want)
		}
	}
	for _, want := range []string{"runAsUser: 65532", "fsGroup: 65532", "mountPath: /var/lib/cogpass", "{name: XDG_STATE_HOME, value: /var/lib}", "{name: SQLITE_TMPDIR, value: /var/lib/cogpass}"} {
		if !strings.Contains(cronJob, want) {
			t.Errorf("cronjob.yaml does not have %q", want)
		}
	}
	for _, want := range []string{`"user": "65532:65532"`, `"containerPath": "/var/lib/cogpass"`, `"XDG_STATE_HOME", "value": "/var/lib"`, `"SQLITE_TMPDIR", "value": "/var/lib/cogpass"`} {
		if !strings.Contains(task, want) {
			t.Errorf("ecs-task.json does not have %q", want)
		}
	}
	if version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "go.mod")); !strings.Contains(dockerfile, "golang:"+version[1]+" ") {
		t.Errorf("the Dockerfile builds with another Go than %s", version[1])
	}
}
