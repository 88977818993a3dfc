package runfile

import (
	"encoding/binary"
	"hash/crc32"
	"time"

	"cogpass/jobs"
	"cogpass/runner"
)

// Sums are CRC-32C over a plain encoding: numbers as varints, strings with
// their length before them. They find damage, not forgery; the plan's digest,
// a SHA-256 over the same encoding, is for comparing plans.

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func sum(b []byte) int64 { return int64(crc32.Checksum(b, castagnoli)) }

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendTask(b []byte, t *jobs.Task, metadata string) []byte {
	excluded := int64(0)
	if t.Excluded {
		excluded = 1
	}
	b = binary.AppendVarint(b, t.Seq)
	b = appendText(b, t.Username)
	b = append(b, byte(t.Action), byte(t.Password.Kind), byte(excluded))
	b = appendText(b, t.Password.Name)
	b = appendText(b, metadata)
	b = appendText(b, t.Place.File)
	for _, n := range []int{t.Password.Line, t.Password.Column, t.Place.Line, t.Place.Column, t.Source} {
		b = binary.AppendVarint(b, int64(n))
	}
	return b
}

func appendSource(b []byte, s jobs.Source) []byte {
	return appendText(appendText(b, s.Kind), s.Path)
}

// sumIntent covers a row of attempt.
func sumIntent(b []byte, i runner.Intent, answered bool) (int64, []byte) {
	b = b[:0]
	for _, n := range []int64{i.Seq, int64(i.Attempts), int64(i.Throttled), nanos(i.StartedAt), nanos(i.Began), int64(i.Slack)} {
		b = binary.AppendVarint(b, n)
	}
	if answered {
		b = append(b, 1)
	}
	return sum(b), b
}

// sumResult covers a row of outcome, with the texts that it refers to.
func sumResult(b []byte, r *runner.Result) (int64, []byte) {
	b = append(b[:0], byte(r.Outcome))
	for _, n := range []int64{r.Seq, int64(r.Attempts), int64(r.Throttled), millis(r.StartedAt), millis(r.FinishedAt), r.Latency.Microseconds()} {
		b = binary.AppendVarint(b, n)
	}
	for _, s := range []string{r.Code, r.Reason, r.RequestID, string(r.StatusBefore), r.Sub} {
		b = appendText(b, s)
	}
	return sum(b), b
}

// nanos and millis are 0 for the zero time, as are their inverses.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromNanos(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

func fromMillis(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}
