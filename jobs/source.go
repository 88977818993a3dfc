package jobs

// The kinds of a Source.
const (
	JobSource   = "job"
	CSVSource   = "csv"
	JSONLSource = "jsonl"
)

// Source is a file that a job was read from. It holds all that is needed to
// read a password from it again, and may be stored.
type Source struct {
	Kind           string // JobSource, CSVSource or JSONLSource
	Path           string // as written; of the job file, its last element; "-" is standard input
	Exclude        bool   // it names users that are not to be touched
	Digest         []byte // SHA-256 of its bytes
	Size           int64
	PasswordColumn int   // of a CSV, from 0; -1 where there is none
	Passwords      int64 // how many tasks take their password from it
}
