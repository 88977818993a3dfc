package runfile

import (
	"fmt"
	"strings"

	"cogpass/jobs"
	"cogpass/runner"
)

// The marks of a run file, in SQLite's header. A program reads the version
// that it knows and refuses others.
const (
	applicationID = 0x63677072 // "cgpr"
	formatVersion = 4
)

// blockSize is how many tasks have one sum and one row in block.
const blockSize = 1000

// tables are described to their readers in docs/run-file.md.
const tables = `
CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), json TEXT NOT NULL, sum INTEGER NOT NULL) STRICT;

CREATE TABLE task (
	seq      INTEGER PRIMARY KEY,
	username TEXT NOT NULL,
	action   INTEGER NOT NULL,
	skip     INTEGER REFERENCES text,
	metadata INTEGER REFERENCES text,
	password INTEGER NOT NULL,
	ref      INTEGER REFERENCES text,
	mark     INTEGER NOT NULL,
	source   INTEGER NOT NULL,
	file     INTEGER REFERENCES text,
	line     INTEGER NOT NULL,
	col      INTEGER NOT NULL,
	fail     INTEGER REFERENCES text,
	steps    INTEGER NOT NULL DEFAULT 0,
	creation INTEGER REFERENCES text
) STRICT;

CREATE TABLE sight (
	seq         INTEGER PRIMARY KEY REFERENCES task,
	username    TEXT,
	sub         ANY,
	status      INTEGER REFERENCES text,
	enabled     INTEGER NOT NULL,
	verified    INTEGER NOT NULL,
	created_at  INTEGER,
	modified_at INTEGER
) STRICT;

CREATE TABLE text (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;

CREATE TABLE block (
	id      INTEGER PRIMARY KEY,
	tasks   INTEGER NOT NULL,
	sum     INTEGER NOT NULL,
	ended   INTEGER NOT NULL DEFAULT 0,
	failed  INTEGER NOT NULL DEFAULT 0,
	unknown INTEGER NOT NULL DEFAULT 0,
	beside  INTEGER NOT NULL DEFAULT 0,
	steps   INTEGER NOT NULL DEFAULT 0,
	made    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE attempt (
	seq        INTEGER NOT NULL REFERENCES task,
	step       INTEGER NOT NULL,
	attempts   INTEGER NOT NULL,
	throttled  INTEGER NOT NULL,
	started_at INTEGER NOT NULL,
	began_at   INTEGER NOT NULL,
	slack      INTEGER NOT NULL,
	answered   INTEGER NOT NULL,
	sum        INTEGER NOT NULL,
	PRIMARY KEY (seq, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE step (
	seq         INTEGER NOT NULL REFERENCES task,
	step        INTEGER NOT NULL,
	outcome     INTEGER NOT NULL,
	attempts    INTEGER NOT NULL,
	throttled   INTEGER NOT NULL,
	code        INTEGER REFERENCES text,
	reason      INTEGER REFERENCES text,
	request_id  ANY,
	started_at  INTEGER,
	finished_at INTEGER,
	latency_us  INTEGER NOT NULL,
	sum         INTEGER NOT NULL,
	PRIMARY KEY (seq, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE outcome (
	seq           INTEGER PRIMARY KEY REFERENCES task,
	outcome       INTEGER NOT NULL,
	attempts      INTEGER NOT NULL,
	throttled     INTEGER NOT NULL,
	code          INTEGER REFERENCES text,
	reason        INTEGER REFERENCES text,
	request_id    ANY,
	finished_at   INTEGER,
	duration_ms   INTEGER,
	latency_us    INTEGER NOT NULL,
	status_before INTEGER REFERENCES text,
	sub           ANY,
	sum           INTEGER NOT NULL
) STRICT;

CREATE TABLE run (
	one         INTEGER PRIMARY KEY CHECK (one = 1),
	state       INTEGER NOT NULL DEFAULT 0,
	reason      TEXT NOT NULL DEFAULT '',
	started_at  INTEGER,
	finished_at INTEGER,
	pool_name   TEXT NOT NULL DEFAULT '',
	account     TEXT NOT NULL DEFAULT '',
	actor       TEXT NOT NULL DEFAULT '',
	temporary_days INTEGER NOT NULL DEFAULT 0,
	port        TEXT NOT NULL DEFAULT '',
	commits     INTEGER NOT NULL,
	look_first  INTEGER NOT NULL,
	counts      TEXT NOT NULL,
	steps       TEXT NOT NULL,
	beside      INTEGER NOT NULL,
	sum         INTEGER NOT NULL
) STRICT;

CREATE TABLE control (
	one        INTEGER PRIMARY KEY CHECK (one = 1),
	rate       REAL NOT NULL DEFAULT 0,
	paused     INTEGER NOT NULL DEFAULT 0,
	changed_at INTEGER
) STRICT;
INSERT INTO control (one) VALUES (1);

CREATE TABLE sample (
	at        INTEGER PRIMARY KEY,
	width     INTEGER NOT NULL,
	span      INTEGER NOT NULL,
	asked     REAL NOT NULL,
	rate      REAL NOT NULL,
	requests  INTEGER NOT NULL,
	throttled INTEGER NOT NULL,
	ok        INTEGER NOT NULL,
	failed    INTEGER NOT NULL,
	skipped   INTEGER NOT NULL,
	unknown   INTEGER NOT NULL,
	p50       INTEGER NOT NULL,
	p95       INTEGER NOT NULL,
	slowest   INTEGER NOT NULL
) STRICT;

CREATE TABLE approval (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, digest TEXT NOT NULL, sum INTEGER NOT NULL) STRICT;

CREATE TABLE candidate (
	seq     INTEGER NOT NULL REFERENCES task,
	version ANY NOT NULL,
	made_at INTEGER NOT NULL,
	state   INTEGER NOT NULL,
	seal    INTEGER REFERENCES seal,
	sum     INTEGER NOT NULL,
	PRIMARY KEY (seq, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE seal (id INTEGER PRIMARY KEY, sealed BLOB NOT NULL, sum INTEGER NOT NULL) STRICT;
`

// schema is the tables, and a view that shows the run in the words of the
// reports.
func schema() string {
	var actions, outcomes strings.Builder
	for _, a := range jobs.Actions() {
		fmt.Fprintf(&actions, " WHEN %d THEN '%s'", a, a)
	}
	for o := runner.Pending; o <= runner.Unknown; o++ {
		fmt.Fprintf(&outcomes, " WHEN %d THEN '%s'", o, o)
	}
	return tables + fmt.Sprintf(view, uuidText("coalesce(o.sub, seen.sub)"), actions.String(), outcomes.String(), uuidText("o.request_id"))
}

// uuidText is the SQL of a text that may be kept as a UUID's bytes.
func uuidText(column string) string {
	var parts []string
	for _, from := range []string{"1, 8", "9, 4", "13, 4", "17, 4", "21"} {
		parts = append(parts, fmt.Sprintf("substr(hex(%s), %s)", column, from))
	}
	return fmt.Sprintf("CASE typeof(%[1]s) WHEN 'blob' THEN lower(%[2]s) ELSE %[1]s END", column, strings.Join(parts, " || '-' || "))
}

const view = `
CREATE VIEW result AS
SELECT
	t.seq,
	t.username,
	%[1]s AS sub,
	CASE t.action%[2]s END AS action,
	CASE coalesce(o.outcome, 0)%[3]s END AS outcome,
	coalesce(o.attempts, acted.attempts, a.attempts, 0) AS attempts,
	coalesce(o.throttled, acted.throttled, a.throttled, 0) AS throttled,
	code.text AS code,
	reason.text AS reason,
	%[4]s AS request_id,
	strftime('%%Y-%%m-%%dT%%H:%%M:%%fZ',
		CASE WHEN o.seq IS NULL THEN coalesce(acted.started_at / 1e3, a.started_at / 1e9) ELSE (o.finished_at - o.duration_ms) / 1e3 END,
		'unixepoch') AS started_at,
	strftime('%%Y-%%m-%%dT%%H:%%M:%%fZ', o.finished_at / 1e3, 'unixepoch') AS finished_at,
	o.duration_ms,
	status.text AS status_before,
	CASE created.outcome%[3]s END AS created,
	CASE signed.outcome%[3]s END AS sign_out,
	CASE checked.outcome%[3]s END AS "check",
	CASE coalesce(nullif(prepared.outcome, 1), concluded.outcome)%[3]s END AS handoff,
	CASE WHEN t.line > 0 THEN file.text || ':' || t.line ELSE file.text END AS source,
	EXISTS (SELECT 1 FROM attempt WHERE attempt.seq = t.seq AND NOT answered) AS in_doubt
FROM task t
LEFT JOIN outcome o ON o.seq = t.seq
LEFT JOIN attempt a ON a.seq = t.seq AND a.step = 0
LEFT JOIN step acted ON acted.seq = t.seq AND acted.step = 0
LEFT JOIN step created ON created.seq = t.seq AND created.step = 2
LEFT JOIN step signed ON signed.seq = t.seq AND signed.step = 4
LEFT JOIN step prepared ON prepared.seq = t.seq AND prepared.step = 6
LEFT JOIN step concluded ON concluded.seq = t.seq AND concluded.step = 7
LEFT JOIN step checked ON checked.seq = t.seq AND checked.step = 8
LEFT JOIN sight seen ON seen.seq = t.seq
LEFT JOIN text code ON code.id = o.code
LEFT JOIN text reason ON reason.id = o.reason
LEFT JOIN text status ON status.id = coalesce(o.status_before, seen.status)
LEFT JOIN text file ON file.id = t.file;
`
