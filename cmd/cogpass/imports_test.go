package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "cogpass"

// layers are the folders that may hold code, from the bottom up. A package
// imports none of a layer above its own, the first here that it is below.
var layers = []string{"jobs", "runner", "report", "cmd/bulk", "cmd", "examples"}

// programs may do what only a command line does.
var programs = []string{"cmd/cogpass", "cmd/bench", "cmd/release"}

// owned are the imports that belong to few packages, by prefix, and the
// packages that they belong to, by prefix.
var owned = map[string][]string{
	"github.com/aws/":            {"runner/cognito"},
	"database/sql":               {"runner/runfile"},
	"modernc.org/sqlite":         {"runner/runfile"},
	"gopkg.in/yaml":              {"jobs/yamldoc"},
	"filippo.io/age":             {"runner/sealed"},
	"flag":                       programs,
	"github.com/spf13/":          programs,
	"golang.org/x/term":          programs,
	"github.com/mattn/go-isatty": programs,
	"os/signal":                  programs,
	"github.com/prometheus/":     {"cmd/cogpass/metrics"},
}

// commandOnly are the functions of os that read what only a command has, or end it.
var commandOnly = []string{"Exit", "Getenv", "LookupEnv", "Environ", "ExpandEnv", "Setenv", "Unsetenv", "Args", "Stdin", "Stdout", "Stderr"}

type goPackage struct {
	ImportPath, Dir  string
	GoFiles, Imports []string
}

func (p goPackage) path() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	list := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,GoFiles,Imports", "./...")
	list.Dir = filepath.Join("..", "..")
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []goPackage
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

func layerOf(path string) int {
	return slices.IndexFunc(layers, func(layer string) bool { return below(path, layer) })
}

// below reports whether path is the prefix or in a folder under it.
func below(path, prefix string) bool { return path == prefix || strings.HasPrefix(path, prefix+"/") }

func TestImports(t *testing.T) {
	for _, p := range listPackages(t) {
		layer := layerOf(p.path())
		if layer < 0 {
			t.Errorf("%s: code stands in %s only", p.ImportPath, strings.Join(layers, ", "))
		}
		for _, imported := range p.Imports {
			if rest, ours := strings.CutPrefix(imported, module+"/"); ours {
				if layerOf(rest) > layer {
					t.Errorf("%s imports %s, which is above it", p.path(), rest)
				}
				if p.path() == "runner" && below(rest, "runner") {
					t.Errorf("runner imports %s, but is to know none of its adapters", rest)
				}
				continue
			}
			for prefix, owners := range owned {
				if strings.HasPrefix(imported, prefix) && !slices.ContainsFunc(owners, func(o string) bool { return below(p.path(), o) }) {
					t.Errorf("%s imports %s, which belongs to %s", p.path(), imported, strings.Join(owners, " and "))
				}
			}
		}
		if !slices.ContainsFunc(programs, func(program string) bool { return below(p.path(), program) }) {
			checkCommandOnly(t, p)
		}
	}
}

// checkCommandOnly finds uses of os that belong to the command line.
func checkCommandOnly(t *testing.T, p goPackage) {
	t.Helper()
	for _, name := range p.GoFiles {
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			selector, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if from, ok := selector.X.(*ast.Ident); ok && from.Name == "os" && slices.Contains(commandOnly, selector.Sel.Name) {
				t.Errorf("%s/%s:%d: os.%s belongs to cmd", p.path(), name, files.Position(n.Pos()).Line, selector.Sel.Name)
			}
			return true
		})
	}
}
