package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// platforms are those of a release.
var platforms = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"}

// A module is one of which some package is linked.
type module struct {
	Path, Version string
	Licenses      []string // SPDX identifiers, sorted; all of them hold
	Texts         []text
}

// A text is a file of a module that goes with what is made of it.
type text struct {
	Name string // its path in the module
	Path string
}

// legal is the files that are passed on; licenseFile those of them that say
// under which license. Those of third parties repeat texts of modules that are
// here by themselves, and of some that are only in the module's tests.
var (
	legal       = regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense|notice|patents|copyright|authors)`)
	licenseFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense)`)
	notCode     = regexp.MustCompile(`(?i)(logo|3rd-party)`)
)

// linked returns the modules that are linked into cogpass on a platform, the
// standard library first and then by path, with their licenses.
func linked(platform string) ([]module, error) {
	goos, goarch, _ := strings.Cut(platform, "/")
	list := exec.Command("go", "list", "-deps", "-json=Dir,Standard,Module", "cogpass/cmd/cogpass")
	list.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch)
	var errs bytes.Buffer
	list.Stderr = &errs
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, &errs)
	}
	texts := map[string]map[text]bool{}
	found := map[string]*module{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Dir      string
			Standard bool
			Module   *struct {
				Path, Version, Dir string
				Main               bool
			}
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		if p.Standard || p.Module == nil || p.Module.Main {
			continue
		}
		if found[p.Module.Path] == nil {
			found[p.Module.Path] = &module{Path: p.Module.Path, Version: p.Module.Version}
			texts[p.Module.Path] = map[text]bool{}
		}
		if err := textsAbove(p.Dir, p.Module.Dir, texts[p.Module.Path]); err != nil {
			return nil, err
		}
	}
	library, err := standardLibrary()
	if err != nil {
		return nil, err
	}
	all := []module{library}
	for _, path := range slices.Sorted(maps.Keys(found)) {
		m := found[path]
		m.Texts = slices.SortedFunc(maps.Keys(texts[path]), func(a, b text) int { return cmp.Compare(a.Name, b.Name) })
		all = append(all, *m)
	}
	return all, errors.Join(eachLicensed(all)...)
}

// textsAbove adds the legal texts of a package's folder and those above it, up
// to the module's.
func textsAbove(dir, top string, found map[text]bool) error {
	for {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.IsDir() || !legal.MatchString(e.Name()) {
				continue
			}
			path := filepath.Join(dir, e.Name())
			name, err := filepath.Rel(top, path)
			if err != nil {
				return err
			}
			found[text{filepath.ToSlash(name), path}] = true
		}
		if dir == top || len(dir) < len(top) {
			return nil
		}
		dir = filepath.Dir(dir)
	}
}

// standardLibrary is what Go itself has in every program.
func standardLibrary() (module, error) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return module{}, fmt.Errorf("go env: %w", err)
	}
	m := module{Path: "std", Version: runtime.Version()}
	for _, name := range []string{"LICENSE", "PATENTS"} {
		m.Texts = append(m.Texts, text{name, filepath.Join(strings.TrimSpace(string(out)), name)})
	}
	return m, nil
}

// eachLicensed sets the modules' licenses, and returns an error for each that has
// none that we know.
func eachLicensed(all []module) (errs []error) {
	for i := range all {
		m := &all[i]
		for _, t := range m.Texts {
			base := filepath.Base(t.Path)
			if !licenseFile.MatchString(base) || notCode.MatchString(base) {
				continue
			}
			body, err := os.ReadFile(t.Path)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			names, err := licensesIn(string(body))
			if err != nil {
				errs = append(errs, fmt.Errorf("%s %s: %s: %w", m.Path, m.Version, t.Name, err))
			}
			m.Licenses = append(m.Licenses, names...)
		}
		slices.Sort(m.Licenses)
		m.Licenses = slices.Compact(m.Licenses)
		if len(m.Licenses) == 0 {
			errs = append(errs, fmt.Errorf("%s %s: no license that is known to go with Apache-2.0", m.Path, m.Version))
		}
	}
	return errs
}
