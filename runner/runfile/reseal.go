package runfile

import "fmt"

// Reseal replaces sealed passwords by other encryptions of the same, all of
// these or none, and takes down who may read them now. It is durable when it
// returns nil.
func (f *File) Reseal(readers []string, passwords []Candidate) error {
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
		for _, c := range passwords {
			var check int64
			check, encoded = sumCandidate(encoded, c.Seq, c.Version, nanos(c.MadeAt), c.Sealed)
			changed, err := s.conn.ExecContext(background, "UPDATE candidate SET sealed = ?, sum = ? + state WHERE seq = ? AND version = ?",
				c.Sealed, check, c.Seq, packUUID(c.Version))
			if err != nil {
				return err
			}
			if n, err := changed.RowsAffected(); err != nil || n != 1 {
				return fmt.Errorf("the password of task %d is no longer there", c.Seq)
			}
		}
		return nil
	})
}
