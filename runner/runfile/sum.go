package runfile

import (
	"encoding/binary"
	"hash/crc32"

	"cogpass/jobs"
	"cogpass/runner"
)

// Sums are CRC-32C over a plain encoding: numbers as varints, strings with
// their length before them. They find damage, not forgery.

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func sum(b []byte) int64 { return int64(crc32.Checksum(b, castagnoli)) }

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// appendDeed encodes what a task does, of which the plan's digest is made: not
// where the job says it, nor what only this plan's salt can tell, nor when its
// user was looked up. How a password is generated is what it does.
func appendDeed(b []byte, t *jobs.Task, metadata string, x *extras) []byte {
	b = binary.AppendVarint(b, t.Seq)
	b = appendText(b, t.Username)
	b = append(b, byte(t.Action))
	b = binary.AppendVarint(b, x.steps)
	for _, s := range [...]string{metadata, x.skip, x.fail, x.creation} {
		b = appendText(b, s)
	}
	if t.Password.Kind == jobs.GeneratedPassword {
		b = appendText(b, t.Password.Name)
	}
	return b
}

// appendRest encodes what else a block's sum covers.
func appendRest(b []byte, t *jobs.Task, ref string) []byte {
	b = append(b, byte(t.Password.Kind))
	b = appendText(b, ref)
	b = appendText(b, t.Place.File)
	for _, n := range [...]int64{int64(t.Password.Mark), int64(t.Place.Line), int64(t.Place.Column), int64(t.Source)} {
		b = binary.AppendVarint(b, n)
	}
	return appendSight(b, t.Before)
}

// sumIntent covers a row of attempt.
func sumIntent(b []byte, i *runner.Intent, answered bool) (int64, []byte) {
	b = append(b[:0], byte(i.Step))
	for _, n := range []int64{i.Seq, int64(i.Attempts), int64(i.Throttled), nanos(i.StartedAt), nanos(i.Began), int64(i.Slack)} {
		b = binary.AppendVarint(b, n)
	}
	if answered {
		b = append(b, 1)
	}
	return sum(b), b
}

// sumStep covers a row of step, with the texts that it refers to.
func sumStep(b []byte, seq int64, r *runner.StepResult) (int64, []byte) {
	b = append(b[:0], byte(r.Step), byte(r.Outcome))
	for _, n := range [...]int64{seq, int64(r.Attempts), int64(r.Throttled), millis(r.StartedAt), millis(r.FinishedAt), r.Latency.Microseconds()} {
		b = binary.AppendVarint(b, n)
	}
	for _, s := range [...]string{r.Code, r.Reason, r.RequestID} {
		b = appendText(b, s)
	}
	return sum(b), b
}

// sumApproval covers a row of approval.
func sumApproval(a *Approval) int64 {
	return sum(appendText(appendText(binary.AppendVarint(nil, millis(a.At)), a.Who), a.Digest))
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
