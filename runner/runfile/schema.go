package runfile

// The marks of a run file, in SQLite's header. A program reads the versions
// that it knows and refuses others.
const (
	applicationID = 0x63677072 // "cgpr"
	formatVersion = 1
)

// blockSize is how many tasks have one sum and one row in block.
const blockSize = 1000

// schema is described to its readers in docs/run-file.md.
const schema = `
CREATE TABLE plan (
	one           INTEGER PRIMARY KEY CHECK (one = 1),
	name          TEXT NOT NULL,
	user_pool_id  TEXT NOT NULL,
	region        TEXT NOT NULL,
	job_path      TEXT NOT NULL,
	job_dir       TEXT NOT NULL,
	job_digest    TEXT NOT NULL,
	tool_version  TEXT NOT NULL,
	created_at    INTEGER NOT NULL,
	asked_rate    REAL NOT NULL,
	concurrency   INTEGER NOT NULL,
	attempts      INTEGER NOT NULL,
	max_delay_ms  INTEGER NOT NULL,
	timeout_ms    INTEGER NOT NULL,
	reports       TEXT NOT NULL,
	salt          BLOB NOT NULL,
	tasks         INTEGER NOT NULL,
	excluded      INTEGER NOT NULL,
	counts        TEXT NOT NULL,
	sources       TEXT NOT NULL,
	digest        TEXT NOT NULL,
	sum           INTEGER NOT NULL
) STRICT;

CREATE TABLE task (
	seq      INTEGER PRIMARY KEY,
	username TEXT NOT NULL,
	action   INTEGER NOT NULL,
	password INTEGER REFERENCES password,
	metadata INTEGER REFERENCES metadata,
	excluded INTEGER NOT NULL,
	source   INTEGER NOT NULL,
	mark     INTEGER NOT NULL, -- of a password in its row; 0 for any other
	file     INTEGER REFERENCES text,
	line     INTEGER NOT NULL,
	col      INTEGER NOT NULL
) STRICT;

CREATE TABLE password (
	id   INTEGER PRIMARY KEY,
	kind INTEGER NOT NULL,
	name TEXT NOT NULL,
	line INTEGER NOT NULL,
	col  INTEGER NOT NULL,
	mark INTEGER NOT NULL
) STRICT;

CREATE TABLE metadata (id INTEGER PRIMARY KEY, json TEXT NOT NULL) STRICT;
CREATE TABLE text (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;

CREATE TABLE block (
	id      INTEGER PRIMARY KEY,
	tasks   INTEGER NOT NULL,
	sum     INTEGER NOT NULL,
	ended   INTEGER NOT NULL DEFAULT 0,
	failed  INTEGER NOT NULL DEFAULT 0,
	unknown INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE attempt (
	seq        INTEGER PRIMARY KEY REFERENCES task,
	attempts   INTEGER NOT NULL,
	throttled  INTEGER NOT NULL,
	started_at INTEGER NOT NULL,
	began_at   INTEGER NOT NULL,
	slack      INTEGER NOT NULL,
	answered   INTEGER NOT NULL,
	sum        INTEGER NOT NULL
) STRICT;

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

CREATE TABLE tally (
	action    INTEGER NOT NULL,
	outcome   INTEGER NOT NULL,
	tasks     INTEGER NOT NULL DEFAULT 0,
	requests  INTEGER NOT NULL DEFAULT 0,
	throttled INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (action, outcome)
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
	one         INTEGER PRIMARY KEY CHECK (one = 1),
	state       INTEGER NOT NULL DEFAULT 0,
	reason      TEXT NOT NULL DEFAULT '',
	started_at  INTEGER,
	finished_at INTEGER,
	pool_name   TEXT NOT NULL DEFAULT '',
	account     TEXT NOT NULL DEFAULT '',
	actor       TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE control (
	one        INTEGER PRIMARY KEY CHECK (one = 1),
	rate       REAL NOT NULL DEFAULT 0,
	paused     INTEGER NOT NULL DEFAULT 0,
	changed_at INTEGER
) STRICT;

INSERT INTO run (one) VALUES (1);
INSERT INTO control (one) VALUES (1);
` + views

// views show the run in the words of the reports.
const views = `
CREATE VIEW result AS
SELECT
	t.seq,
	t.username,
	CASE typeof(o.sub) WHEN 'blob' THEN
		lower(substr(hex(o.sub), 1, 8) || '-' || substr(hex(o.sub), 9, 4) || '-' || substr(hex(o.sub), 13, 4)
			|| '-' || substr(hex(o.sub), 17, 4) || '-' || substr(hex(o.sub), 21))
		ELSE o.sub END AS sub,
	CASE t.action WHEN 1 THEN 'set-temporary' WHEN 2 THEN 'set-permanent' WHEN 3 THEN 'reset' END AS action,
	CASE coalesce(o.outcome, 0) WHEN 0 THEN 'pending' WHEN 1 THEN 'ok' WHEN 2 THEN 'failed'
		WHEN 3 THEN 'skipped' WHEN 4 THEN 'unknown' END AS outcome,
	coalesce(o.attempts, a.attempts, 0) AS attempts,
	coalesce(o.throttled, a.throttled, 0) AS throttled,
	code.text AS code,
	reason.text AS reason,
	CASE typeof(o.request_id) WHEN 'blob' THEN
		lower(substr(hex(o.request_id), 1, 8) || '-' || substr(hex(o.request_id), 9, 4) || '-' || substr(hex(o.request_id), 13, 4)
			|| '-' || substr(hex(o.request_id), 17, 4) || '-' || substr(hex(o.request_id), 21))
		ELSE o.request_id END AS request_id,
	strftime('%Y-%m-%dT%H:%M:%fZ',
		CASE WHEN o.seq IS NULL THEN a.started_at / 1e9 ELSE (o.finished_at - o.duration_ms) / 1e3 END,
		'unixepoch') AS started_at,
	strftime('%Y-%m-%dT%H:%M:%fZ', o.finished_at / 1e3, 'unixepoch') AS finished_at,
	o.duration_ms,
	status.text AS status_before,
	CASE WHEN t.line > 0 THEN file.text || ':' || t.line ELSE file.text END AS source,
	a.seq IS NOT NULL AND NOT a.answered AS in_doubt
FROM task t
LEFT JOIN outcome o ON o.seq = t.seq
LEFT JOIN attempt a ON a.seq = t.seq
LEFT JOIN text code ON code.id = o.code
LEFT JOIN text reason ON reason.id = o.reason
LEFT JOIN text status ON status.id = o.status_before
LEFT JOIN text file ON file.id = t.file;
`
