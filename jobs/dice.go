package jobs

import (
	"crypto/rand"
	"sync"
)

// dice is crypto/rand with a buffer, for one goroutine at a time.
type dice struct {
	buf  [512]byte
	left []byte // of buf
}

var allDice = sync.Pool{New: func() any { return new(dice) }}

func newDice() *dice     { return allDice.Get().(*dice) }
func (d *dice) putBack() { allDice.Put(d) }

func (d *dice) next() byte {
	if len(d.left) == 0 {
		rand.Read(d.buf[:]) // never fails
		d.left = d.buf[:]
	}
	b := d.left[0]
	d.left[0] = 0 // so that memory does not keep what passwords were made of
	d.left = d.left[1:]
	return b
}

// roll returns a number from 0 to n-1, each as likely as any other: what lies
// beyond the last whole multiple of n is drawn again. n is 65,536 at most.
func (d *dice) roll(n int) int {
	for {
		faces, drawn := 1<<8, int(d.next())
		if n > faces {
			faces, drawn = 1<<16, drawn<<8|int(d.next())
		}
		if drawn < faces-faces%n {
			return drawn % n
		}
	}
}
