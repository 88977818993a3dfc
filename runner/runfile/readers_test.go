package runfile

import (
	"context"
	"errors"
	"testing"

	"cogpass/runner"
)

// TestReadersDoNotDisturbARun reads a file over and over, and changes what is
// asked of the run, while it is carried out.
func TestReadersDoNotDisturbARun(t *testing.T) {
	t.Parallel()
	n := int64(400)
	if long() {
		n = 1200
	}
	path := makeFile(t, n)
	f := openFile(t, path)
	stop, read := make(chan struct{}), make(chan error, 2)
	go func() {
		read <- func() error {
			for {
				select {
				case <-stop:
					return nil
				default:
				}
				if err := lookOnce(path); err != nil {
					return err
				}
			}
		}()
	}()
	go func() {
		read <- func() error {
			for {
				select {
				case <-stop:
					return nil
				default:
				}
				if err := ChangeControl(path, func(c *Control) { c.Rate++ }); err != nil {
					return err
				}
			}
		}()
	}()
	err := recordAll(f, func(int64) error {
		_, err := f.Control()
		return err
	})
	close(stop)
	if err := errors.Join(err, <-read, <-read); err != nil {
		t.Fatal(err)
	}
	c, err := f.Count()
	if err != nil || c.ByOutcome[runner.OK] != n {
		t.Errorf("got %+v, %v", c, err)
	}
}

// lookOnce freezes a moment and checks that it agrees with itself.
func lookOnce(path string) error {
	f, err := OpenReadOnly(path, options)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Count(); err != nil {
		return err
	}
	if err := f.Freeze(); err != nil {
		return err
	}
	counts, err := f.Count()
	if err != nil {
		return err
	}
	for range 2 {
		n := map[runner.Outcome]int64{}
		for r, err := range f.Results() {
			if err != nil {
				return err
			}
			n[r.Outcome]++
		}
		for outcome, want := range counts.ByOutcome {
			if n[outcome] != want {
				return errors.New("two readings of a frozen file differ")
			}
		}
	}
	if f.Begin(context.Background(), nil) == nil {
		return errors.New("a file that was opened to be read can be written")
	}
	return nil
}
