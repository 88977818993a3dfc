package runfile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"cogpass/runner"
)

const docFile = "../../docs/run-file.md"

// TestQueriesOfTheDocument runs each query that docs/run-file.md shows.
func TestQueriesOfTheDocument(t *testing.T) {
	doc, err := os.ReadFile(docFile)
	if err != nil {
		t.Fatal(err)
	}
	path := makeFile(t, 6)
	f := openFile(t, path)
	later := resultOf(4, runner.OK)
	later.FinishedAt = later.FinishedAt.Add(90_000_000_000)
	err = errors.Join(
		f.Begin(context.Background(), []runner.Intent{intentOf(1), intentOf(2), intentOf(3), intentOf(4), intentOf(5)}),
		f.Record(resultOf(1, runner.OK)), f.Record(resultOf(2, runner.Failed)), f.Record(resultOf(3, runner.Unknown)), f.Record(later),
		f.Record(runner.Result{Seq: 6, Action: exampleTask(6).Action, Outcome: runner.Skipped, Reason: "excluded", FinishedAt: start}),
		f.Close())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`2|user-000002@example.com|reset|failed|UserNotFoundException|User does not exist.|not-a-uuid
3|user-000003@example.com|set-temporary|unknown|<nil>|<nil>|6b8d5b9e-7c2f-4a55-9d5e-000000000003
5|user-000005@example.com|reset|pending|<nil>|<nil>|<nil>
`,
		`2026-03-01T09:30Z|3|6|3
2026-03-01T09:31Z|1|2|1
`,
		`3|user-000003@example.com|set-temporary|unknown|0|<nil>|new-hires.csv:4
5|user-000005@example.com|reset|pending|1|<nil>|new-hires.csv:6
`,
	}
	queries := regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(string(doc), -1)
	if len(queries) != len(want) {
		t.Fatalf("got %d queries in the document, want %d", len(queries), len(want))
	}
	for i, block := range queries {
		if got := query(t, path, block[1]); got != want[i] {
			t.Errorf("%sgot:\n%swant:\n%s", block[1], got, want[i])
		}
	}
	got := query(t, path, "SELECT * FROM result WHERE seq = 2")
	wantRow := "2|user-000002@example.com|0f8fad5b-d9cb-469f-a165-70867728950e|reset|failed|2|1|UserNotFoundException|" +
		"User does not exist.|not-a-uuid|2026-03-01T09:30:00.123Z|2026-03-01T09:30:00.273Z|150|CONFIRMED|<nil>|<nil>|<nil>|<nil>|new-hires.csv:3|0\n"
	if got != wantRow {
		t.Errorf("got  %swant %s", got, wantRow)
	}
}

// query runs SQL as any reader of SQLite would.
func query(t testing.TB, path, text string) string {
	t.Helper()
	db, err := open(path, "mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s, err := newSession(db)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	stmt := s.stmt(text)
	if s.err != nil {
		t.Fatal(s.err)
	}
	var out strings.Builder
	err = each(stmt, func(f fields) error {
		for i, v := range f {
			if i > 0 {
				out.WriteByte('|')
			}
			fmt.Fprint(&out, v)
		}
		out.WriteByte('\n')
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestDocumentNamesEveryColumn compares docs/run-file.md with the schemas.
func TestDocumentNamesEveryColumn(t *testing.T) {
	doc, err := os.ReadFile(docFile)
	if err != nil {
		t.Fatal(err)
	}
	const columnsOf = `SELECT m.name, p.name FROM sqlite_schema m, pragma_table_info(m.name) p
		WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite_%'`
	columns := query(t, makeFile(t, 0), columnsOf) + query(t, newLedger(t), columnsOf)
	for line := range strings.Lines(columns) {
		table, column, _ := strings.Cut(strings.TrimSpace(line), "|")
		for _, name := range []string{table, column} {
			if !strings.Contains(string(doc), "`"+name+"`") {
				t.Errorf("%s.%s: the document does not name `%s`", table, column, name)
			}
		}
	}
}
