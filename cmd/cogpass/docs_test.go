package main

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// repository is where the pages of the documentation are.
const repository = "../.."

// A page is a file of Markdown.
type page struct {
	path    string // from the repository, with slashes
	lines   []pageLine
	blocks  []block
	anchors []string
}

// A pageLine is a line that stands in no block.
type pageLine struct {
	n    int // from 1
	text string
}

// A block stands between fences. Those of the language console are run, and
// one that names a file after its language is that file for them.
type block struct {
	line int // of its fence
	lang string
	file string
	text []string
}

// readPages returns all pages of the documentation.
func readPages(t *testing.T) []*page {
	t.Helper()
	paths := []string{"README.md", "CHANGELOG.md"}
	more, err := filepath.Glob(filepath.Join(repository, "docs", "*.md"))
	if err != nil || len(more) == 0 {
		t.Fatalf("got pages %v, %v", more, err)
	}
	for _, path := range more {
		paths = append(paths, "docs/"+filepath.Base(path))
	}
	pages := make([]*page, 0, len(paths))
	for _, path := range paths {
		pages = append(pages, readPage(t, path))
	}
	return pages
}

func readPage(t *testing.T, path string) *page {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	p := &page{path: path}
	var in *block
	for i, line := range strings.Split(string(text), "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case in != nil && trimmed == "```":
			p.blocks = append(p.blocks, *in)
			in = nil
		case in != nil:
			in.text = append(in.text, line)
		case strings.HasPrefix(trimmed, "```"):
			lang, file, _ := strings.Cut(strings.TrimPrefix(trimmed, "```"), " ")
			in = &block{line: i + 1, lang: lang, file: file}
		default:
			p.lines = append(p.lines, pageLine{i + 1, line})
			if heading := strings.TrimLeft(line, "#"); heading != line && strings.HasPrefix(heading, " ") {
				p.anchors = append(p.anchors, anchorOf(heading, p.anchors))
			}
		}
	}
	if in != nil {
		t.Fatalf("%s:%d: a block without an end", path, in.line)
	}
	return p
}

// anchorOf returns what GitHub calls a heading in a link.
func anchorOf(heading string, before []string) string {
	slug := strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, strings.TrimSpace(heading))
	for again, base := '1', slug; slices.Contains(before, slug); again++ {
		slug = base + "-" + string(again)
	}
	return slug
}

var (
	codeSpan = regexp.MustCompile("`[^`]+`")
	link     = regexp.MustCompile(`\]\(([^)\s]*)\)|^\[[^\]]+\]: (\S+)`)
	filePath = regexp.MustCompile(`^(?:docs|examples|cmd|jobs|runner|report)/[\w./-]+\.\w+$`)
)

// TestDocsLinks follows each link to its file and heading, and looks for each
// file of the repository that a page names. Of links to other places it holds
// the form alone.
func TestDocsLinks(t *testing.T) {
	pages := readPages(t)
	byPath := map[string]*page{}
	for _, p := range pages {
		byPath[p.path] = p
	}
	links := 0
	for _, p := range pages {
		for _, line := range p.lines {
			for _, found := range link.FindAllStringSubmatch(codeSpan.ReplaceAllString(line.text, "code"), -1) {
				links++
				to := found[1] + found[2]
				if fault := followLink(p, to, byPath); fault != "" {
					t.Errorf("%s:%d: %s: %s", p.path, line.n, to, fault)
				}
			}
			for _, span := range codeSpan.FindAllString(line.text, -1) {
				name := strings.Trim(span, "`")
				if !filePath.MatchString(name) {
					continue
				}
				if _, err := os.Stat(filepath.Join(repository, name)); err != nil {
					t.Errorf("%s:%d: there is no file %s", p.path, line.n, name)
				}
			}
		}
	}
	if links < 50 {
		t.Errorf("got %d links, want 50 at least", links)
	}
	t.Run("all are linked", func(t *testing.T) { everyPageIsLinked(t, byPath) })
}

// followLink returns what is wrong with a link, or nothing.
func followLink(from *page, to string, pages map[string]*page) string {
	if strings.Contains(to, ":") {
		u, err := url.Parse(to)
		if err != nil || u.Scheme != "https" || u.Host == "" {
			return "want an address that begins with https://"
		}
		return ""
	}
	path, anchor, _ := strings.Cut(to, "#")
	target := from
	if path != "" {
		full := filepath.ToSlash(filepath.Join(filepath.Dir(from.path), path))
		if _, err := os.Stat(filepath.Join(repository, full)); err != nil {
			return "there is no such file"
		}
		target = pages[full]
	}
	if anchor != "" && (target == nil || !slices.Contains(target.anchors, anchor)) {
		return "there is no such heading"
	}
	return ""
}

// everyPageIsLinked holds that a reader of the README comes to each page.
func everyPageIsLinked(t *testing.T, pages map[string]*page) {
	var linked []string
	for _, line := range pages["README.md"].lines {
		for _, found := range link.FindAllStringSubmatch(line.text, -1) {
			path, _, _ := strings.Cut(found[1], "#")
			linked = append(linked, path)
		}
	}
	for path := range pages {
		if strings.HasPrefix(path, "docs/") && !slices.Contains(linked, path) {
			t.Errorf("README.md does not link %s", path)
		}
	}
}

// TestDocsSize holds the README to what is read at one sitting.
func TestDocsSize(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(repository, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\n"); n >= 150 {
		t.Errorf("README.md has %d lines, want fewer than 150", n)
	}
}

// TestDocsNameTests holds that the tests are there which a page names.
func TestDocsNameTests(t *testing.T) {
	have := map[string]bool{}
	for _, path := range goTests(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`).FindAllSubmatch(text, -1) {
			have[string(found[1])] = true
		}
	}
	text, err := os.ReadFile(filepath.Join(repository, "docs", "reliability.md"))
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`(Test|Fuzz)[A-Z]\w+`).FindAllString(string(text), -1)
	for _, name := range named {
		if !have[name] && name != "TestFlipped" { // which is the beginning of several
			t.Errorf("docs/reliability.md: there is no %s", name)
		}
	}
	if len(named) < 40 {
		t.Errorf("got %d names", len(named))
	}
}

func goTests(t *testing.T) (paths []string) {
	err := filepath.WalkDir(repository, func(path string, entry os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}
