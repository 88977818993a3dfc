package jobs_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// archiveFile is a file of a txtar archive: a line "-- NAME --" and the text
// up to the next.
type archiveFile struct{ name, text string }

func readArchive(t testing.TB, path string) (files []archiveFile) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		name, begins := strings.CutPrefix(line, "-- ")
		name, ends := strings.CutSuffix(name, " --\n")
		switch {
		case begins && ends:
			files = append(files, archiveFile{name: name})
		case len(files) > 0:
			files[len(files)-1].text += line
		}
	}
	return files
}

func formatArchive(files []archiveFile) string {
	var b bytes.Buffer
	for _, f := range files {
		b.WriteString("-- " + f.name + " --\n" + f.text)
	}
	return b.String()
}
