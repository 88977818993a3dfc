package runfile

import (
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"slices"

	"golang.org/x/sync/errgroup"

	"cogpass/runner"
)

// Seal encrypts the generated passwords of attempts to those who may read them. It is
// called from several goroutines.
type Seal func(attempts []runner.Intent) ([]byte, error)

// SealWith has the file keep the generated passwords of attempts, sealed. Call it
// before the first Begin; without it, the file keeps their versions alone.
func (f *File) SealWith(seal Seal) { f.seal = seal }

// sealTogether is how many passwords are sealed as one. Nearly all of the work is for
// the sealing, and what is damaged is lost together.
const sealTogether = 32

// seals are the sealed passwords of attempts.
type seals struct {
	sealed [][]byte
	of     []int // by the attempt's place: 1 and where in sealed its password is, or 0
}

// sealAll seals the passwords of attempts that have one.
func (f *File) sealAll(ctx context.Context, attempts []runner.Intent) (s seals, err error) {
	if f.seal == nil {
		return seals{}, nil
	}
	s.of = make([]int, len(attempts))
	var carrying []runner.Intent
	for n := range attempts {
		if i := &attempts[n]; i.Version != "" && !i.Password.IsZero() {
			s.of[n] = 1 + len(carrying)/sealTogether
			carrying = append(carrying, *i)
		}
	}
	s.sealed = make([][]byte, (len(carrying)+sealTogether-1)/sealTogether)
	one := func(n int) (err error) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		s.sealed[n], err = f.seal(carrying[n*sealTogether : min((n+1)*sealTogether, len(carrying))])
		return err
	}
	var workers errgroup.Group
	for n := range len(s.sealed) - 1 {
		workers.Go(func() error { return one(n) })
	}
	if last := len(s.sealed) - 1; last >= 0 { // nearly always the only one
		err = one(last)
	}
	return s, errors.Join(workers.Wait(), err)
}

// writeSeals takes down the sealed passwords that a row refers to.
func (s *statements) writeSeals(sealed seals, used []bool) error {
	for n, blob := range sealed.sealed {
		if !used[n] {
			continue
		}
		id := s.candidates.seals + int64(n) + 1
		var check int64
		check, s.encoded = sumSeal(s.encoded, id, blob)
		if _, err := s.candidates.seal.ExecContext(background, id, blob, check); err != nil {
			return err
		}
	}
	s.candidates.seals += int64(len(sealed.sealed))
	return nil
}

// sumSeal covers a row of seal.
func sumSeal(b []byte, id int64, sealed []byte) (int64, []byte) {
	b = append(binary.AppendVarint(b[:0], id), sealed...)
	return sum(b), b
}

// Sealed are passwords that were sealed together.
type Sealed struct {
	ID    int64 // above 0
	Bytes []byte
}

const selectSeal = "SELECT id, sealed, sum FROM seal WHERE id >= ? ORDER BY id LIMIT 1"

// sealFrom reads the first sealing whose ID is id or above; the ID is 0 where there is
// none. What is damaged has no bytes.
func (r *reader) sealFrom(id int64) (s Sealed, err error) {
	err = each(r.seals, func(f fields) error {
		blob, _ := f[1].([]byte)
		var check int64
		s.ID = f.int(0)
		if check, r.encoded = sumSeal(r.encoded, s.ID, blob); check == f.int(2) {
			s.Bytes = slices.Clone(blob)
		}
		return nil
	}, id)
	return s, err
}

// Seals returns all sealed passwords, also those that are nobody's any more. Damage
// is told as Results tells it.
func (f *File) Seals() iter.Seq2[Sealed, error] {
	return func(yield func(Sealed, error) bool) {
		r, err := f.reader()
		if err != nil {
			yield(Sealed{}, f.wrapRead(err))
			return
		}
		defer r.close()
		for next := int64(1); ; next++ {
			s, err := r.sealFrom(next)
			switch {
			case err == nil && s.ID == 0:
				return
			case err == nil && s.Bytes == nil:
				err = damaged("the passwords %d that were sealed together do not match their sum", s.ID)
			}
			if !yield(s, f.wrapRead(err)) || s.ID == 0 {
				return
			}
			next = s.ID
		}
	}
}

// Reseal replaces sealed passwords by other encryptions of the same, all of
// these or none, and takes down who may read them now. It is durable when it
// returns nil.
func (f *File) Reseal(readers []string, sealed []Sealed) error {
	info, err := f.Info()
	if err != nil {
		return err
	}
	info.Readers = readers
	text, err := marshalHead(info.Plan)
	if err != nil {
		return err
	}
	return f.update(func(s *session) error {
		if err := s.exec("UPDATE head SET json = ?, sum = ?", text, sum([]byte(text))); err != nil {
			return err
		}
		var encoded []byte
		for _, one := range sealed {
			var check int64
			check, encoded = sumSeal(encoded, one.ID, one.Bytes)
			if err := s.exec("UPDATE seal SET sealed = ?, sum = ? WHERE id = ?", one.Bytes, check, one.ID); err != nil {
				return err
			}
		}
		return nil
	})
}
