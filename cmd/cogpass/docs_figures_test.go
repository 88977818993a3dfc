package main

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"cogpass/jobs"
)

// TestDocsFigures holds figures in pages to what the program has.
func TestDocsFigures(t *testing.T) {
	pace := readAll(t, "docs/pace.md")
	for _, category := range []jobs.Category{
		jobs.UserAccountRecovery, jobs.UserUpdate, jobs.UserList, jobs.UserCreation, jobs.UserAuthentication, jobs.UserRead, jobs.UserPoolRead, jobs.SecretsManager,
	} {
		rate := category.Quota() / 2
		switch category {
		case jobs.UserAccountRecovery:
			rate = 10
		case jobs.SecretsManager:
			rate = 40
		}
		row := fmt.Sprintf("| %g | %g |", category.Quota(), rate)
		if !lineHas(pace, "| `"+string(category)+"` |", row) {
			t.Errorf("docs/pace.md: want a row of %s with %s", category, row)
		}
	}
	passwords := readAll(t, "docs/passwords.md")
	for text, r := range map[string]jobs.Recipe{"{}": {}, "{length: 12}": {Length: 12}, "{length: 32}": {Length: 32}, "{words: 6}": {Words: 6}} {
		g, err := r.Generator(jobs.DefaultPolicy)
		if err != nil {
			t.Fatal(err)
		}
		bits := fmt.Sprintf("%.0f bits", math.Floor(g.Entropy()))
		if !lineHas(passwords, "| `"+text+"` |", bits) {
			t.Errorf("docs/passwords.md: want a row of %s with %s", text, bits)
		}
	}
}

// lineHas reports whether a line of the text begins so and has the words.
func lineHas(text, beginning, words string) bool {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, beginning) && strings.Contains(line, words) {
			return true
		}
	}
	return false
}
