package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// SPDX 2.3, as far as it is needed here: https://spdx.github.io/spdx-spec/v2.3/.
type (
	spdxDocument struct {
		Version       string             `json:"spdxVersion"`
		DataLicense   string             `json:"dataLicense"`
		ID            string             `json:"SPDXID"`
		Name          string             `json:"name"`
		Namespace     string             `json:"documentNamespace"`
		CreationInfo  spdxCreation       `json:"creationInfo"`
		Packages      []spdxPackage      `json:"packages"`
		Relationships []spdxRelationship `json:"relationships"`
	}
	spdxCreation struct {
		Created  string   `json:"created"`
		Creators []string `json:"creators"`
	}
	spdxPackage struct {
		ID               string         `json:"SPDXID"`
		Name             string         `json:"name"`
		Version          string         `json:"versionInfo"`
		Purpose          string         `json:"primaryPackagePurpose"`
		DownloadLocation string         `json:"downloadLocation"`
		FilesAnalyzed    bool           `json:"filesAnalyzed"`
		LicenseConcluded string         `json:"licenseConcluded"`
		LicenseDeclared  string         `json:"licenseDeclared"`
		Copyright        string         `json:"copyrightText"`
		Checksums        []spdxChecksum `json:"checksums,omitempty"`
		ExternalRefs     []spdxRef      `json:"externalRefs,omitempty"`
	}
	spdxChecksum struct {
		Algorithm string `json:"algorithm"`
		Value     string `json:"checksumValue"`
	}
	spdxRef struct {
		Category string `json:"referenceCategory"`
		Type     string `json:"referenceType"`
		Locator  string `json:"referenceLocator"`
	}
	spdxRelationship struct {
		Element string `json:"spdxElementId"`
		Type    string `json:"relationshipType"`
		Related string `json:"relatedSpdxElement"`
	}
)

const unsaid = "NOASSERTION"

// A program is what the bill is of.
type program struct {
	Version, Platform string
	Time              string // of the commit, RFC 3339
	SHA256            string
	Go                string
	Modules           map[string]string // path to version
}

// readProgram reads from a program what the Go command has recorded in it.
func readProgram(path string) (program, error) {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return program{}, err
	}
	body, err := os.ReadFile(path)
	if err != nil {
		return program{}, err
	}
	sum := sha256.Sum256(body)
	p := program{SHA256: hex.EncodeToString(sum[:]), Go: info.GoVersion, Modules: map[string]string{}}
	set := map[string]string{}
	for _, s := range info.Settings {
		set[s.Key] = s.Value
	}
	p.Platform = set["GOOS"] + "/" + set["GOARCH"]
	for _, m := range info.Deps {
		p.Modules[m.Path] = m.Version
	}
	return p, nil
}

// writeSBOM writes the bill of materials of a program. Version and time are
// those of the environment, RELEASE_VERSION and RELEASE_TIME: a program does not
// record them where another could read them.
func writeSBOM(path, to string) error {
	p, err := readProgram(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	p.Version, p.Time = os.Getenv("RELEASE_VERSION"), os.Getenv("RELEASE_TIME")
	if _, err := time.Parse(time.RFC3339, p.Time); err != nil || p.Version == "" {
		return fmt.Errorf("RELEASE_VERSION or RELEASE_TIME (RFC 3339) is not set")
	}
	modules, err := linked(p.Platform)
	if err != nil {
		return err
	}
	if err := same(p, modules); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	out, err := json.MarshalIndent(billOf(p, modules), "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, append(out, '\n'), 0o644)
}

// same holds the modules that a program records against those that are listed:
// else the licenses would be of other code.
func same(p program, modules []module) error {
	listed := map[string]string{}
	for _, m := range modules[1:] { // the first is the standard library
		listed[m.Path] = m.Version
		if p.Modules[m.Path] != m.Version {
			return fmt.Errorf("it has %s %q, and go list %q", m.Path, p.Modules[m.Path], m.Version)
		}
	}
	for path, version := range p.Modules {
		if listed[path] == "" {
			return fmt.Errorf("it has %s %q, and go list does not", path, version)
		}
	}
	return nil
}

// billOf returns the bill of materials.
func billOf(p program, modules []module) spdxDocument {
	name := "cogpass-" + p.Version + "-" + strings.ReplaceAll(p.Platform, "/", "-")
	const root = "SPDXRef-cogpass"
	d := spdxDocument{
		Version: "SPDX-2.3", DataLicense: "CC0-1.0", ID: "SPDXRef-DOCUMENT", Name: name,
		Namespace:    "https://spdx.org/spdxdocs/" + name + "-" + p.SHA256,
		CreationInfo: spdxCreation{p.Time, []string{"Tool: cogpass-release-" + p.Version}},
		Packages: []spdxPackage{{
			ID: root, Name: "cogpass", Version: p.Version, Purpose: "APPLICATION", DownloadLocation: unsaid,
			LicenseConcluded: "Apache-2.0", LicenseDeclared: "Apache-2.0", Copyright: unsaid,
			Checksums: []spdxChecksum{{"SHA256", p.SHA256}},
		}},
		Relationships: []spdxRelationship{{"SPDXRef-DOCUMENT", "DESCRIBES", root}},
	}
	for i, m := range modules {
		id := fmt.Sprintf("SPDXRef-module-%d", i)
		purl := "pkg:golang/" + m.Path + "@" + m.Version
		if m.Path == "std" {
			m.Version = strings.TrimPrefix(p.Go, "go")
			purl = "pkg:golang/stdlib@" + m.Version
		}
		licenses := strings.Join(m.Licenses, " AND ")
		d.Packages = append(d.Packages, spdxPackage{
			ID: id, Name: m.Path, Version: m.Version, Purpose: "LIBRARY", DownloadLocation: unsaid,
			LicenseConcluded: licenses, LicenseDeclared: licenses, Copyright: unsaid,
			ExternalRefs: []spdxRef{{"PACKAGE-MANAGER", "purl", purl}},
		})
		d.Relationships = append(d.Relationships, spdxRelationship{root, "STATIC_LINK", id})
	}
	return d
}
